"""The vault's key changes without a secret being lost, whenever it is broken off; the former key goes in the end."""

import shutil
import time
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import update

from commerce.errors import Permanent, Refused
from meschain.audit.rules import Tag
from meschain.catalog.tables import Supplier
from meschain.operations import key_rotation
from meschain.operations.context import KEYS
from meschain.operations.key_rotation import rotate
from meschain.operations.vault_keys import fingerprint, read_keys
from meschain.settings import Settings
from meschain.store.base import Base, Sealed
from meschain.store.exclusion import Busy
from meschain.store.session import transaction
from meschain.store.tenancy import of_every_tenant
from meschain.store.vault import Vault, vault_of
from meschain.wiring import House
from tests.operations import children
from tests.operations.estates import opened, operations_of, settings_of, store_rows

pytestmark = pytest.mark.acceptance

COLUMNS = [
    (table.name, column.name)
    for table in Base.metadata.sorted_tables
    for column in table.columns
    if isinstance(column.type, Sealed)
]


def _sealed(house: House) -> list[bytes]:
    rows = store_rows(house)
    return [row[column] for table, column in COLUMNS for row in rows[table] if row[column] is not None]


def _secrets(house: House, vault: Vault) -> list[str]:
    return sorted(vault.open(sealed) for sealed in _sealed(house))


def test_everything_is_under_the_new_key_and_the_former_one_is_gone(house: House) -> None:
    file = house.settings.vault_key_file
    [former] = read_keys(file)
    before, sealed = _secrets(house, Vault(former)), _sealed(house)
    assert len(sealed) >= 7
    told: list[str] = []
    done = rotate(operations_of(house), settle=0, tell=told.append)
    [present] = read_keys(file)
    assert (done.key, done.dropped) == (fingerprint(present), [fingerprint(former)])
    assert (done.resealed, done.unreadable) == (len(sealed), [])
    assert _secrets(house, Vault(present)) == before
    assert _secrets(house, vault_of(house.settings)) == before
    assert not set(sealed) & set(_sealed(house))
    assert told[0].startswith(f"{len(sealed)} secrets are sealed under the new key")
    assert store_rows(house)["audit_entries"][-1]["tag"] == Tag.VAULT_KEY_ROTATED
    assert present not in str(store_rows(house))


def test_many_secrets_are_sealed_anew_in_batches(local_house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_rotation, "_BATCH", 2)
    count = len(_sealed(local_house))
    assert rotate(operations_of(local_house), settle=0).resealed == count


def test_what_a_running_process_seals_meanwhile_is_not_lost(
    local_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    [former] = read_keys(local_house.settings.vault_key_file)

    def seal_late(_seconds: float) -> None:
        with transaction(of_every_tenant(local_house.engine)) as session:
            session.execute(update(Supplier).values(source_secret=Vault(former).seal("late")))

    monkeypatch.setattr(time, "sleep", seal_late)
    rotate(operations_of(local_house))
    assert "late" in _secrets(local_house, vault_of(local_house.settings))


def test_a_running_process_opens_and_seals_with_the_new_key(local_house: House) -> None:
    running = House(local_house.settings).vault
    before = _secrets(local_house, running)
    rotate(operations_of(local_house), settle=0)
    assert _secrets(local_house, running) == before
    assert vault_of(local_house.settings).open(running.seal("after")) == "after"


def test_a_secret_that_no_key_opens_keeps_the_former_keys(local_house: House) -> None:
    file = local_house.settings.vault_key_file
    [former] = read_keys(file)
    lost = Vault(Fernet.generate_key().decode()).seal("lost")
    with transaction(of_every_tenant(local_house.engine)) as session:
        session.execute(update(Supplier).values(source_secret=lost))
    done = rotate(operations_of(local_house), settle=0)
    assert done.dropped == []
    assert len(done.unreadable) == 2
    assert done.unreadable[0].startswith("catalog_suppliers.source_secret ")
    assert "no former key was dropped" in done.hint
    assert read_keys(file)[1:] == [former]
    assert fingerprint(read_keys(file)[0]) == done.key


def test_keys_of_the_environment_are_only_sealed_under(local_estate: Settings) -> None:
    [former] = read_keys(local_estate.vault_key_file)
    local_estate.vault_key_file.unlink()
    new = Fernet.generate_key().decode()

    def settings(*keys: str) -> Settings:
        return Settings.model_validate({"home": local_estate.home, "vault": {"key": ",".join(keys)}})

    with opened(settings(former)) as house:
        before = _secrets(house, house.vault)
        with pytest.raises(Refused, match="put a new one and a comma before it") as refusal:
            rotate(operations_of(house))
        Fernet(str(refusal.value).rpartition(" ")[2])
    with opened(settings(new, former)) as house:
        done = rotate(operations_of(house))
        assert (done.key, done.resealed) == (fingerprint(new), len(before))
        assert "leave only the first key" in done.hint
        assert rotate(operations_of(house)).resealed == 0
        assert _secrets(house, Vault(new)) == before
    assert not local_estate.vault_key_file.exists()


def test_what_cannot_be_is_refused(local_house: House, tmp_path: Path) -> None:
    with opened(settings_of(tmp_path / "new")) as new, pytest.raises(Refused, match="there is no key yet"):
        rotate(operations_of(new))
    operations = operations_of(local_house)
    with operations.exclusive(KEYS, "backup"), pytest.raises(Busy, match="backup"):
        rotate(operations)
    keys = read_keys(local_house.settings.vault_key_file)
    with local_house.engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE other_room (secret BLOB)")
    with pytest.raises(Permanent, match="tables this program does not know: other_room"):
        rotate(operations, settle=0)
    assert read_keys(local_house.settings.vault_key_file)[-1:] == keys


def test_killed_at_any_moment_no_secret_is_lost_and_the_next_one_ends_it(
    estate: Settings, tmp_path: Path, full_size: bool
) -> None:
    with opened(estate) as house:
        before = _secrets(house, house.vault)
    for _ in children.kills(tmp_path, children.rotating, estate, count=25 if full_size else 3):
        with opened(estate) as house:
            assert _secrets(house, house.vault) == before
    with opened(estate) as house:
        assert _secrets(house, house.vault) == before
        rotate(operations_of(house), settle=0)
    with opened(estate) as house:
        assert _secrets(house, house.vault) == before
    assert len(read_keys(estate.vault_key_file)) == 1
    assert not [path for path in estate.home.iterdir() if path.name.endswith(".part")]
    shutil.rmtree(estate.home)
