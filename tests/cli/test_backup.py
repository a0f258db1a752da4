"""Backup, restore, export, removal and a new key, as somebody at a shell sees them."""

from pathlib import Path

import pytest

from tests.cli.command import Command
from tests.homes import TENANT

FEED = "sku;title;price;currency;stock\n" + "".join(f"A{n};Thing {n};{n}.50;TRY;{n}\n" for n in range(1, 30))


@pytest.fixture
def filled(meschain: Command, tmp_path: Path) -> Command:
    """The command on a home with a feed in it."""
    feed = tmp_path / "feed.csv"
    feed.write_text(FEED)
    assert meschain("catalog", "import", feed, "--supplier", "acme").code == 0
    return meschain


def test_a_backup_is_made_verified_and_brought_back_elsewhere(
    filled: Command, fresh_meschain: Command, tmp_path: Path
) -> None:
    made = filled("backup", tmp_path / "backup")
    assert (made.code, made.err) == (0, "")
    assert "1 tenants, 1 lakes" in made.out
    assert "whoever has this folder can read every secret" in made.out
    verified = filled("backup", "--verify", tmp_path / "backup")
    assert (verified.code, "Every file is as it was written" in verified.out) == (0, True)
    restored = fresh_meschain("restore", tmp_path / "backup")
    assert restored.code == 0, restored.err
    assert "Everybody has to log in anew" in restored.out
    assert fresh_meschain("doctor", "--json").json()["healthy"]
    question = ("sql", "SELECT count(*) AS offers FROM core.offers", "--json")
    assert fresh_meschain(*question).json() == filled(*question).json() == [{"offers": 29}]


def test_what_a_backup_is_can_be_read_by_a_program(filled: Command, tmp_path: Path) -> None:
    made = filled("backup", tmp_path / "backup", "--with-raw", "--json").json()
    assert made == filled("backup", tmp_path / "backup", "--verify", "--json").json()
    [tenant] = made["tenants"]
    assert (tenant["tenant"], tenant["rows"]["core.offers"]) == (TENANT, 29)
    assert made["files"] > 10


def test_what_cannot_be_is_said_in_one_sentence(filled: Command, tmp_path: Path) -> None:
    filled("backup", tmp_path / "backup")
    for command, said in (
        (("backup", tmp_path / "backup"), "is there already; name a folder that does not exist yet"),
        (("restore", tmp_path / "backup"), "there is something here already"),
        (("restore", tmp_path), "is no backup"),
        (("tenant", "export", TENANT, "--to", tmp_path), "is there already"),
    ):
        answer = filled(*command)
        assert (answer.code, answer.err.count("\n")) == (1, 1)
        assert said in answer.err


def test_a_tenant_takes_everything_along_and_is_removed(filled: Command, tmp_path: Path) -> None:
    exported = filled("tenant", "export", TENANT, "--to", tmp_path / "export", "--json").json()
    assert exported["rows"]["core.offers"] == 29
    assert (tmp_path / "export" / "README.md").exists()
    refused = filled("tenant", "remove", TENANT)
    assert (refused.code, "say --yes" in refused.err) == (2, True)
    removed = filled("tenant", "remove", TENANT, "--yes", "--json").json()
    assert removed["rows"]["access_tenants"] == 1
    assert filled("tenant", "list", "--json").json() == []
    assert "there is no tenant" in filled("tenant", "remove", TENANT, "--yes").err


def test_the_key_of_the_vault_is_changed(filled: Command) -> None:
    added = filled("supplier", "add", "web", "--url", "https://a.example/f", "--username", "u", "--password", "pw")
    assert added.code == 0, added.err
    before = (filled.home / "vault.key").read_text()
    changed = filled("key", "rotate-vault", "--settle", "0", "--json")
    assert changed.code == 0, changed.err
    assert len(changed.json()["dropped"]) == 1
    assert before not in (filled.home / "vault.key").read_text()
    assert filled("doctor", "--json").json()["healthy"]
