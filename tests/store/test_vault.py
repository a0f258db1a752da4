"""Secrets come back only with a key that fits; keys change without loss; racing processes end with one key file."""

import stat
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st

from commerce.errors import Permanent
from meschain.settings import Settings
from meschain.store.vault import Vault, ensure_key_file, vault_of
from tests.processes import FORKS, race
from tests.store.children import seal

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


@given(secret=st.text())
def test_a_secret_comes_back_and_is_not_in_its_ciphertext(secret: str) -> None:
    vault = Vault(OLD)
    sealed = vault.seal(secret)
    assert vault.open(sealed) == secret
    assert sealed != vault.seal(secret)
    if len(secret.encode()) > 4:
        assert secret.encode() not in sealed


def test_the_key_file_is_made_at_the_first_seal_for_its_owner_only(settings: Settings) -> None:
    vault = vault_of(settings)
    assert not settings.vault_key_file.exists()
    sealed = vault.seal("pw")
    assert stat.S_IMODE(settings.vault_key_file.stat().st_mode) == 0o600
    assert [path.name for path in settings.home.iterdir()] == ["vault.key"]
    assert vault_of(settings).open(sealed) == "pw"


def test_racing_processes_end_with_one_key(home: Path) -> None:
    file = home / "vault.key"
    sealed = FORKS.SimpleQueue()
    secrets = {f"secret of {number}" for number in range(4)}
    race(seal, [(file, secret, sealed) for secret in secrets])
    vault = Vault(key_file=file)
    assert {vault.open(sealed.get()) for _ in secrets} == secrets
    assert list(home.iterdir()) == [file]


def test_a_key_that_is_there_is_kept(home: Path) -> None:
    ensure_key_file(home / "vault.key")
    first = (home / "vault.key").read_bytes()
    ensure_key_file(home / "vault.key")
    assert (home / "vault.key").read_bytes() == first


@pytest.mark.parametrize("place", ["setting", "file"])
def test_keys_change_without_loss(place: str, home: Path) -> None:
    def vault(*keys: str) -> Vault:
        if place == "setting":
            return Vault(",".join(keys))
        (home / "vault.key").write_text("\n".join(keys) + "\n")
        (home / "vault.key").chmod(0o600)
        return Vault(key_file=home / "vault.key")

    sealed = vault(OLD).seal("pw")
    both = vault(NEW, OLD)
    assert both.open(sealed) == "pw"
    moved = both.reseal(sealed)
    assert vault(NEW).open(moved) == "pw"
    with pytest.raises(Permanent, match="sealed under another key"):
        vault(NEW).open(sealed)
    with pytest.raises(Permanent, match="sealed under another key"):
        vault(NEW).reseal(sealed)


def test_the_setting_comes_before_the_file(settings: Settings) -> None:
    sealed = vault_of(
        settings.model_copy(update={"vault": settings.vault.model_copy(update={"key": _secret(OLD)})})
    ).seal("pw")
    assert Vault(OLD).open(sealed) == "pw"
    assert not settings.vault_key_file.exists()


def _secret(text: str) -> object:
    return Settings.model_validate({"vault": {"key": text}}).vault.key


def test_a_missing_key_file_is_not_replaced_when_secrets_are_to_be_opened(home: Path) -> None:
    with pytest.raises(Permanent, match=r"vault.key back, or set MESCHAIN_VAULT__KEY"):
        Vault(key_file=home / "vault.key").open(Vault(OLD).seal("pw"))
    assert not (home / "vault.key").exists()
    with pytest.raises(Permanent, match="MESCHAIN_VAULT__KEY"):
        Vault().open(b"")


def test_a_key_others_may_read_is_refused(home: Path) -> None:
    file = home / "vault.key"
    ensure_key_file(file)
    file.chmod(0o644)
    with pytest.raises(Permanent, match=r"mode 0644\); run chmod 600"):
        Vault(key_file=file).seal("pw")


@given(place=st.integers(0, 99), length=st.integers(0, 100))
def test_what_was_altered_does_not_open(place: int, length: int) -> None:
    sealed = bytearray(Vault(OLD).seal("pw"))[:length]
    if len(sealed) > place:
        sealed[place] ^= 0x15
    with pytest.raises(Permanent, match="altered"):
        Vault(OLD).open(bytes(sealed))


def test_a_wrong_key_is_named_by_its_place_and_never_shown(home: Path) -> None:
    with pytest.raises(Permanent, match="key 2 in MESCHAIN_VAULT__KEY is no Fernet key") as refusal:
        Vault(f"{OLD},hunter2-not-a-key").seal("pw")
    assert "hunter2" not in str(refusal.value)
    assert refusal.value.__cause__ is None
    file = home / "vault.key"
    file.write_text("\n\n")
    file.chmod(0o600)
    with pytest.raises(Permanent, match=r"vault.key holds no key"):
        Vault(key_file=file).seal("pw")


def test_neither_key_nor_secret_is_in_the_text_of_a_vault() -> None:
    vault = Vault(OLD)
    vault.seal("pw")
    assert OLD not in repr(vault) + str(vault)


def test_a_key_file_that_cannot_be_made_or_read_says_so(home: Path) -> None:
    (home / "file").write_text("")
    with pytest.raises(Permanent, match="set MESCHAIN_HOME"):
        Vault(key_file=home / "file" / "vault.key").seal("pw")
    (home / "vault.key").mkdir(mode=0o700)
    with pytest.raises(Permanent, match="cannot be read"):
        Vault(key_file=home / "vault.key").open(b"")
