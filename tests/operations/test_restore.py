"""What was backed up comes back elsewhere, on either database, to the last row; wholly or not at all."""

import re
import shutil
from pathlib import Path

import psycopg
import pytest

from commerce.errors import Permanent, Refused
from meschain.audit.rules import Tag
from meschain.audit.verification import verify_log
from meschain.catalog.decisions import approve_run, roll_back
from meschain.catalog.runs import list_runs
from meschain.catalog.tables import Run
from meschain.operations.backup import back_up
from meschain.operations.examination import examine
from meschain.operations.manifest import Manifest
from meschain.operations.restore import restore
from meschain.settings import Settings, private_dir
from meschain.store.loading import RESTORING, is_blank
from meschain.wiring import House
from tests.catalog.shop import Shop, goods
from tests.operations import children
from tests.operations.estates import (
    SECRET,
    TENANTS,
    Rows,
    change_manifest,
    held_runs,
    lake_rows,
    opened,
    operations_of,
    settings_of,
    shop_of,
    store_rows,
    tree,
)
from tests.processes import FORKS
from warehouse.copying import count

pytestmark = pytest.mark.acceptance

LOG = {"audit_entries", "audit_head"}
"""Tables to which the backup and the restore add an entry each."""


def _bring_back(settings: Settings, backup: Path) -> Manifest:
    house = House(settings)
    try:
        return restore(operations_of(house), backup)
    finally:
        house.close()


def _check_equal(origin: House, copy: House) -> None:
    """Store and lakes are the same, but for the log's last entries; the log proves what it proved."""
    before, after = store_rows(origin), store_rows(copy)
    assert all(session.pop("revoked_at") for session in after["access_sessions"])
    for session in before["access_sessions"]:
        session.pop("revoked_at")
    for held in before["access_credentials"]:
        held["session_version"] += 1
    assert {name for name in before if before[name] != after[name]} <= LOG
    common = min(len(before["audit_entries"]), len(after["audit_entries"])) - 1
    assert before["audit_entries"][:common] == after["audit_entries"][:common]
    assert after["audit_entries"][-1]["tag"] == Tag.BACKUP_RESTORED
    _check_log(copy)
    for tenant in TENANTS:
        assert lake_rows(origin, tenant) == lake_rows(copy, tenant)


def _check_log(house: House) -> None:
    """Every entry, the tree, the head and the signed checkpoint prove each other."""
    verdict = verify_log(house.audit)
    assert verdict.ok, verdict.findings
    assert verdict.confirmed > 0


def test_what_was_backed_up_comes_back_on_either_database(house: House, elsewhere: Settings, tmp_path: Path) -> None:
    made = back_up(operations_of(house), tmp_path / "backup", with_raw=True)
    assert _bring_back(elsewhere, tmp_path / "backup") == made
    with opened(elsewhere) as copy:
        _check_equal(house, copy)
        for kind in ("delta", "raw", "reports"):
            assert tree(copy.settings.home / kind) == tree(house.settings.home / kind)
    assert not (elsewhere.home / RESTORING).exists()
    assert [each for each in examine(elsewhere) if each.state == "broken"] == []


def test_work_goes_on_with_what_came_back(estate_backup: Path, elsewhere: Settings, tmp_path: Path) -> None:
    _bring_back(elsewhere, estate_backup)
    with opened(elsewhere) as copy:
        _check_use(copy, tmp_path)


def _check_use(house: House, folder: Path) -> None:
    """Work goes on: a held run is approved, a run is rolled back, the next feed comes in, secrets open."""
    [held] = held_runs(house, "acme")
    with shop_of(house, "acme", folder) as shop:
        before = shop.offers(slug="toys")
        assert approve_run(shop.catalog, held).status == "applied"
        assert shop.offers("status", slug="toys") != {}
        roll_back(shop.catalog, held)
        assert shop.offers(slug="toys") == before
        assert shop.sync(goods(31, stock=9), "toys").status == "applied"
        assert shop.ask("SELECT DISTINCT stock FROM core.offers WHERE supplier = 'toys'") == [(9,)]
        [run, *_] = list_runs(shop.catalog)
        assert (run[0].snapshot_before, run[0].status) == (run[0].snapshot_after - 1, "applied")
    sealed = [row["source_secret"] for row in store_rows(house)["catalog_suppliers"]]
    assert {SECRET in house.vault.open(secret) for secret in sealed if secret} == {True}


def test_files_are_copies_and_know_nothing_of_the_place_they_come_from(estate_backup: Path, tmp_path: Path) -> None:
    before = tree(estate_backup)
    settings = settings_of(tmp_path / "elsewhere")
    _bring_back(settings, estate_backup)
    assert {path.stat().st_nlink for path in settings.home.glob("lake/*/data/**/*.parquet")} == {1}
    assert tree(estate_backup) == before
    [*catalogs] = settings.home.glob("lake/*/catalog.sqlite")
    assert [str(settings.home).encode() in path.read_bytes() for path in catalogs] == [True] * len(TENANTS)
    assert [b"estate-backup" in path.read_bytes() for path in catalogs] == [False] * len(TENANTS)


def test_an_installation_that_holds_something_stays_as_it_is(local_house: House, estate_backup: Path) -> None:
    rows = store_rows(local_house)
    with pytest.raises(Refused, match=r"there is something here already: .*store\.sqlite.*vault\.key"):
        restore(operations_of(local_house), estate_backup)
    assert store_rows(local_house) == rows


@pytest.mark.parametrize("kept", ["lake/acme/data/a.parquet", "raw/acme/a", "vault.key"])
def test_a_place_where_a_file_is_stays_as_it_is(estate_backup: Path, tmp_path: Path, kept: str) -> None:
    settings = settings_of(tmp_path / "elsewhere")
    place = settings.home / kept
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text("mine")
    with pytest.raises(Refused, match="there is something here already"):
        _bring_back(settings, estate_backup)
    assert place.read_text() == "mine"


def test_a_lake_that_is_in_the_catalog_database_already_stays_as_it_is(
    estate_backup: Path, tmp_path: Path, postgres_database: str
) -> None:
    settings = Settings.model_validate({"home": tmp_path / "there", "lake": {"catalog_url": postgres_database}})
    with opened(settings) as house, house.lake("acme").connect():
        pass
    (settings.home / "store.sqlite").unlink()
    with pytest.raises(Refused, match="the catalog of the lake of acme"):
        _bring_back(settings, estate_backup)


def test_a_damaged_backup_changes_nothing(estate_backup: Path, tmp_path: Path) -> None:
    with (estate_backup / "store" / "catalog_runs.ndjson.gz").open("ab") as file:
        file.write(b"x")
    settings = settings_of(tmp_path / "elsewhere")
    with pytest.raises(Permanent, match=r"damaged: store/catalog_runs\.ndjson\.gz"):
        _bring_back(settings, estate_backup)
    assert not [path for path in settings.home.rglob("*") if path.is_file()]


def test_a_backup_of_a_newer_program_is_refused(estate_backup: Path, tmp_path: Path) -> None:
    change_manifest(estate_backup, lambda text: re.sub(rb'"revision": "\d+"', b'"revision": "9999"', text))
    with pytest.raises(Permanent, match="revision 9999, which this MesChain does not know"):
        _bring_back(settings_of(tmp_path / "elsewhere"), estate_backup)


def test_keys_have_to_fit(estate_backup: Path, tmp_path: Path) -> None:
    key = (estate_backup / "keys" / "vault.key").read_text().strip()

    def with_key(given: str) -> Settings:
        return Settings.model_validate({"home": tmp_path / f"keys-{len(given)}", "vault": {"key": given}})

    with pytest.raises(Refused, match=r"does not hold the keys of the backup.*or unset it"):
        _bring_back(with_key("A" * 43 + "="), estate_backup)
    _bring_back(with_key(f"{'A' * 43}=,{key}"), estate_backup)
    assert not (tmp_path / "keys-89" / "vault.key").exists()


def test_a_backup_without_keys_needs_them_from_the_environment(local_estate: Settings, tmp_path: Path) -> None:
    key = local_estate.vault_key_file.read_text().strip()
    local_estate.vault_key_file.unlink()
    given = {"lake": {"threads": 1}, "vault": {"key": key}}
    with opened(Settings.model_validate({"home": local_estate.home, **given})) as house:
        back_up(operations_of(house), tmp_path / "backup")
    with pytest.raises(Refused, match="set the same here"):
        _bring_back(settings_of(tmp_path / "without"), tmp_path / "backup")
    _bring_back(Settings.model_validate({"home": tmp_path / "with", **given}), tmp_path / "backup")


def test_a_backup_made_while_feeds_come_in_is_one_moment(estate: Settings, tmp_path: Path, full_size: bool) -> None:
    folder = private_dir(tmp_path / "feeds")
    started, stop = FORKS.Event(), FORKS.Event()
    child = FORKS.Process(target=children.syncing, args=(estate, folder, started, stop))
    child.start()
    assert started.wait(60)
    backups = [tmp_path / f"backup-{number}" for number in range(10 if full_size else 1)]
    with opened(estate) as house:
        for backup in backups:
            back_up(operations_of(house), backup)
    stop.set()
    child.join(60)
    assert child.exitcode == 0
    for backup in backups:
        settings = settings_of(tmp_path / f"from-{backup.name}")
        _bring_back(settings, backup)
        with opened(settings) as copy, shop_of(copy, "acme", folder) as shop:
            applied_before = shop.ask("SELECT count(*) FROM core.feed_runs WHERE supplier = 'busy'")
            told = {run.id: run for run, slug in list_runs(shop.catalog, limit=10_000) if slug == "busy"}
            _check_runs(shop, told)
            assert applied_before > [(0,)]
            assert shop.sync(goods(30, stock=7), "busy").status == "applied"  # which settles what was under way
            told = {run.id: run for run, slug in list_runs(shop.catalog, limit=10_000) if slug == "busy"}
            _check_runs(shop, told)
            assert {run.status for run in told.values()} <= {"applied", "failed"}


def _check_runs(shop: Shop, told: dict[str, Run]) -> None:
    """Every run that the store takes for applied is in the lake, which knows none but those and a running one."""
    known = dict(shop.ask("SELECT run_id, snapshot_id FROM core.feed_runs WHERE supplier = 'busy'"))
    applied = {run.id: run.snapshot_after for run in told.values() if run.status == "applied"}
    running = {run.id for run in told.values() if run.status == "running"}
    assert applied.items() <= known.items()
    assert known.keys() - applied.keys() <= running


def test_killed_at_any_moment_the_same_command_brings_it_to_its_end(
    estate_backup: Path, elsewhere: Settings, tmp_path: Path, full_size: bool
) -> None:
    undisturbed: list[Rows] = []
    count = 25 if full_size else 2
    for _ in children.kills(elsewhere.home, children.restoring, elsewhere, estate_backup, count=count):
        undisturbed.append(_brought_to_its_end(elsewhere, estate_backup))
        _empty(elsewhere)
    undisturbed.append(_brought_to_its_end(elsewhere, estate_backup))
    assert len(undisturbed) == count + 1
    assert [rows == undisturbed[0] for rows in undisturbed] == [True] * len(undisturbed)
    assert [each for each in examine(elsewhere) if each.state == "broken"] == []


def _brought_to_its_end(settings: Settings, backup: Path) -> Rows:
    """Do it once more, unless the kill came after the last step; gives what the store and the lakes hold then."""
    house = House(settings)
    try:
        if (settings.home / RESTORING).exists() or is_blank(house.engine):
            restore(operations_of(house), backup)
        assert not (settings.home / RESTORING).exists()
        _check_log(house)
        rows = {name: found for name, found in store_rows(house).items() if name not in LOG}
        return {**rows, **{tenant: [count(house.lake(tenant).settings).rows] for tenant in TENANTS}}
    finally:
        house.close()


def _empty(settings: Settings) -> None:
    """Let the installation hold nothing again."""
    shutil.rmtree(settings.home)
    if settings.store.url.startswith("postgresql"):
        with psycopg.connect(settings.store.url, autocommit=True) as connection:
            found = connection.execute("SELECT nspname FROM pg_namespace WHERE nspname ~ '^(lake_|public)'").fetchall()
            for (schema,) in found:
                connection.execute(f'DROP SCHEMA "{schema}" CASCADE')
            connection.execute("CREATE SCHEMA public")
