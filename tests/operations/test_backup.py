"""A backup is one moment of store, lakes and keys, whole or not there; it says so when it is no longer what it was."""

import errno
import os
import shutil
import stat
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from sqlalchemy import select

from commerce.errors import Permanent, Refused
from meschain.access.tenants import create_tenant
from meschain.audit.rules import Tag
from meschain.audit.tables import Entry
from meschain.catalog.decisions import reject_run
from meschain.operations import backup, folder, moment
from meschain.operations.backup import back_up, verify
from meschain.operations.context import KEYS, Operations
from meschain.operations.folder import Draft
from meschain.settings import Settings
from meschain.store.exclusion import Busy
from meschain.store.session import reading
from meschain.store.tenancy import of_every_tenant
from meschain.wiring import House
from tests.operations import children
from tests.operations.estates import (
    TENANTS,
    change_manifest,
    held_runs,
    opened,
    operations_of,
    settings_of,
    store_rows,
    tree,
)
from warehouse.copying import copy_catalog
from warehouse.lake import LakeSettings, files_lock, lake_lock

pytestmark = pytest.mark.acceptance


def test_a_backup_holds_everything_says_so_and_changes_nothing(house: House, tmp_path: Path) -> None:
    before, rows = tree(house.settings.home / "lake"), store_rows(house)
    made = back_up(operations_of(house), tmp_path / "backup")
    assert verify(tmp_path / "backup") == made
    assert tree(house.settings.home / "lake") == before
    assert {table.name: table.rows for table in made.tables} == {name: len(found) for name, found in rows.items()}
    assert [(tenant.slug, tenant.lake is not None) for tenant in made.tenants] == [(slug, True) for slug in TENANTS]
    assert [tenant.lake.rows["core.offers"] for tenant in made.tenants if tenant.lake] == [30, 30]
    assert {file.path.partition("/")[0] for file in made.files} == {"delta", "keys", "lake", "reports", "store"}
    held = [run for slug in TENANTS for run in held_runs(house, slug)]
    assert all(any(run in file.path for file in made.below("delta")) for run in held)
    with reading(of_every_tenant(house.engine)) as session:
        [entry] = session.scalars(select(Entry).where(Entry.tag == Tag.BACKUP_MADE))
    assert entry.target == f"backup {made.id}"


def test_nobody_else_may_read_it_and_nothing_lies_beside_it(local_house: House, tmp_path: Path) -> None:
    target = tmp_path / "backups" / "today"
    back_up(operations_of(local_house), target)
    modes = {path.is_dir(): set[int]() for path in target.rglob("*")}
    for path in (target, *target.rglob("*")):
        modes[path.is_dir()].add(stat.S_IMODE(path.stat().st_mode) & 0o077)
    assert modes[True] == {0}
    assert {stat.S_IMODE(path.stat().st_mode) & 0o077 for path in target.rglob("keys/*")} == {0}
    assert list(target.parent.iterdir()) == [target]
    assert not list((local_house.settings.home / "tmp").iterdir())


def test_data_files_are_the_same_ones_where_that_can_be_and_copies_elsewhere(
    local_house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    back_up(operations_of(local_house), tmp_path / "linked")
    monkeypatch.setattr(folder.os, "link", _of_another_disk)
    back_up(operations_of(local_house), tmp_path / "copied")
    links = {
        name: {path.stat().st_nlink for path in (tmp_path / name).glob("lake/*/data/**/*.parquet")}
        for name in ("linked", "copied")
    }
    assert links["copied"] == {1}
    assert links["linked"] == {2}
    first, second = (tree(tmp_path / name / "lake" / "acme" / "data") for name in ("linked", "copied"))
    assert first == second


def _of_another_disk(_source: object, _target: object) -> None:
    raise OSError(errno.EXDEV, "Invalid cross-device link")


def test_feed_files_are_part_of_it_if_they_are_wanted(local_house: House, tmp_path: Path) -> None:
    made = back_up(operations_of(local_house), tmp_path / "backup", with_raw=True)
    kept = {f"raw/{path}" for path in tree(local_house.settings.home / "raw")}
    assert kept
    assert {file.path for file in made.below("raw")} == kept


@pytest.mark.parametrize("what", ["store/catalog_runs", "lake/acme/catalog", "lake/acme/data", "delta", "keys"])
def test_a_file_that_is_not_as_it_was_is_named(estate_backup: Path, what: str) -> None:
    damaged = next(path for path in tree(estate_backup) if path.startswith(what))
    data = bytearray((estate_backup / damaged).read_bytes())
    data[len(data) // 2] ^= 1
    (estate_backup / damaged).write_bytes(data)
    with pytest.raises(Permanent, match=rf"is damaged: {damaged} is not as it was written"):
        verify(estate_backup)
    (estate_backup / damaged).unlink()
    with pytest.raises(Permanent, match=rf"{damaged} cannot be read"):
        verify(estate_backup)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (b'"with_raw": true', b'"with_raw": false', "is not as it was written: its checksum"),
        (b'"format": 1', b'"format": 2', "a backup of another form"),
        (b'"path": "keys/vault.key"', b'"path": "../../vault.key"', "no place in a backup"),
        (b'"slug": "acme"', b'"slug": "../../acme"', "cannot be called"),
        (b'"tenants"', b'"tenant"', "cannot be understood"),
    ],
)
def test_a_manifest_that_is_none_is_refused(estate_backup: Path, old: bytes, new: bytes, said: str) -> None:
    change_manifest(estate_backup, lambda text: text.replace(old, new), sealed="checksum" not in said)
    with pytest.raises((Permanent, Refused), match=said):
        verify(estate_backup)


def test_a_folder_that_is_no_backup_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Permanent, match=r"is no backup: manifest\.json cannot be read"):
        verify(tmp_path)


def test_a_lake_that_holds_less_than_it_did_is_noticed(estate_backup: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backup, "check_files", lambda *_: None)
    change_manifest(estate_backup, lambda text: text.replace(b'"core.offers": 30', b'"core.offers": 31'))
    with pytest.raises(Permanent, match=r"the lake of acme holds .*'core\.offers': 30.* and not .*'core\.offers': 31"):
        verify(estate_backup)


def test_a_lake_that_has_lost_a_file_is_not_backed_up(local_house: House, tmp_path: Path) -> None:
    lost = max((local_house.settings.home / "lake" / "acme" / "data").rglob("*.parquet"))
    lost.unlink()
    with pytest.raises(Permanent, match=f"{lost.name} is gone, which the lake of acme needs"):
        back_up(operations_of(local_house), tmp_path / "backup")
    assert not (tmp_path / "backup").exists()


def test_keys_of_the_environment_stay_there(local_estate: Settings, tmp_path: Path) -> None:
    key = local_estate.vault_key_file.read_text().strip()
    local_estate.vault_key_file.unlink()
    given = Settings.model_validate({"home": local_estate.home, "lake": {"threads": 1}, "vault": {"key": key}})
    with opened(given) as house:
        made = back_up(operations_of(house), tmp_path / "backup")
    assert (made.keys.origin, len(made.keys.fingerprints)) == ("environment", 1)
    assert not (tmp_path / "backup" / "keys").exists()
    assert not any(key.encode() in path.read_bytes() for path in (tmp_path / "backup").rglob("*") if path.is_file())


def test_a_place_that_is_taken_and_a_second_backup_at_once_are_refused(local_house: House, tmp_path: Path) -> None:
    operations = operations_of(local_house)
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "letter").write_text("mine")
    with pytest.raises(Refused, match="taken is there already"):
        back_up(operations, tmp_path / "taken")
    with operations.exclusive("backup", "a test"), pytest.raises(Busy):
        back_up(operations, tmp_path / "second")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "taken"]


def test_an_installation_without_anything_can_be_backed_up(tmp_path: Path) -> None:
    with opened(settings_of(tmp_path / "home")) as house:
        made = back_up(operations_of(house), tmp_path / "backup")
    assert (made.tenants, made.keys.origin) == ([], "none")
    assert verify(tmp_path / "backup") == made


def test_neither_lakes_nor_keys_change_while_the_moment_is_taken(
    local_house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    operations = operations_of(local_house)
    copied: list[str] = []

    def copy_in_the_middle(lake: LakeSettings, blank: Path) -> bool:
        for name in (*(lake_lock(slug) for slug in TENANTS), KEYS):
            with pytest.raises(Busy), operations.exclusive(name, "a writer"):
                pass
        create_tenant(local_house.engine, f"late-{lake.tenant}")  # the view was there before
        copied.append(lake.tenant)
        return copy_catalog(lake, blank)

    monkeypatch.setattr(moment, "copy_catalog", copy_in_the_middle)
    made = back_up(operations, tmp_path / "backup")
    assert copied == list(TENANTS)
    assert [tenant.slug for tenant in made.tenants] == list(TENANTS)


def test_a_tenant_that_came_while_it_waited_is_part_of_it(
    local_house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    operations = operations_of(local_house)
    wait = type(operations).lakes_still

    def come_meanwhile(self: Operations, tenants: Sequence[str], holder: str) -> AbstractContextManager[None]:
        if "late" not in tenants:
            create_tenant(local_house.engine, "late")
        return wait(self, tenants, holder)

    monkeypatch.setattr(Operations, "lakes_still", come_meanwhile)
    made = back_up(operations, tmp_path / "backup")
    assert [(tenant.slug, tenant.lake is None) for tenant in made.tenants] == [
        ("acme", False),
        ("late", True),
        ("other", False),
    ]


def test_a_store_of_another_revision_is_left_to_the_program_that_wrote_it(local_house: House, tmp_path: Path) -> None:
    operations = operations_of(local_house)
    with local_house.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
    with pytest.raises(
        Refused, match=r"revision 0001 and this MesChain needs .*: make the backup with the MesChain that"
    ):
        back_up(operations, tmp_path / "backup")
    blank = House(settings_of(tmp_path / "blank"))
    with pytest.raises(Refused, match="there is nothing to back up"):
        back_up(operations_of(blank), tmp_path / "backup")
    blank.close()


def test_maintenance_removes_no_file_meanwhile(
    local_house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    operations = operations_of(local_house)
    busy: list[str] = []

    def copy_in_the_middle(draft: Draft, source: Path, name: str) -> None:
        for slug in TENANTS:
            with pytest.raises(Busy), operations.exclusive(files_lock(slug), "maintenance"):
                pass
        busy.append(name)
        os.link(source, draft.place(name))
        draft.adopt(name)

    monkeypatch.setattr(Draft, "link", copy_in_the_middle)
    back_up(operations, tmp_path / "backup")
    assert busy


def test_a_run_that_is_decided_while_it_is_copied_is_copied_as_decided(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [run] = held_runs(house, "acme")
    take = Draft.copy

    def decide_in_the_middle(draft: Draft, source: Path, name: str) -> None:
        if name.startswith("delta/acme") and run in held_runs(house, "acme"):
            reject_run(house.catalog(house.tenant("acme")), run)
        take(draft, source, name)

    monkeypatch.setattr(Draft, "copy", decide_in_the_middle)
    made = back_up(operations_of(house), tmp_path / "backup")
    assert not made.below("delta/acme")
    assert made.below("delta/other")


def test_killed_at_any_moment_it_leaves_no_backup_and_the_next_one_succeeds(
    local_estate: Settings, tmp_path: Path, full_size: bool
) -> None:
    target = tmp_path / "backups" / "today"
    for _ in children.kills(tmp_path, children.backing_up, local_estate, target, count=25 if full_size else 2):
        if target.exists():  # the kill came when all was done
            verify(target)
            shutil.rmtree(target)
    assert not target.exists()
    with opened(local_estate) as house:
        back_up(operations_of(house), target)
    verify(target)
    assert list(target.parent.iterdir()) == [target]
