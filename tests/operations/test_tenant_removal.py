"""A tenant that is removed is gone to the last row and file; whatever is another's is as it was, byte for byte."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, inspect, select

from commerce.errors import Permanent, Refused
from meschain.access.tables import Link, Membership
from meschain.access.tenants import list_tenants
from meschain.audit.rules import Tag
from meschain.catalog.context import supplier_lock
from meschain.operations import tenant_removal
from meschain.operations.examination import examine
from meschain.operations.tenant_removal import KEPT, Removal, remove_tenant
from meschain.runs.tables import Runner, Trigger
from meschain.settings import Settings
from meschain.store.base import Base, utc_now
from meschain.store.dump import list_shapes
from meschain.store.exclusion import Busy
from meschain.store.ids import new_id
from meschain.store.session import transaction
from meschain.store.tenancy import of_every_tenant, of_tenant
from meschain.wiring import House
from tests.catalog.shop import goods
from tests.operations import children
from tests.operations.estates import Rows, lake_rows, opened, operations_of, shop_of, store_rows, tree
from warehouse.lake import files_lock, lake_lock

pytestmark = pytest.mark.acceptance

GROWS = {"audit_entries", "audit_head", "audit_nodes", "audit_payloads"}
"""The log goes on."""


class Neighbour:
    """What the other tenant has: rows and files."""

    def __init__(self, house: House, gone: str) -> None:
        self.rows = {
            name: list(_of_others(rows, gone)) for name, rows in store_rows(house).items() if name not in GROWS
        }
        self.files = {path: digest for path, digest in tree(house.settings.home).items() if "other" in path.split("/")}
        self.lake = lake_rows(house, "other")

    def check(self, house: House, gone: str) -> None:
        """That it is all as it was, and that the other one has nothing."""
        after = Neighbour(house, gone)
        assert after.rows == self.rows
        assert after.files == self.files
        assert after.lake == self.lake
        rows = {name: found for name, found in store_rows(house).items() if name not in KEPT}
        assert not [name for name, found in rows.items() for row in found if gone in map(str, row.values())]


def _of_others(rows: list[dict[str, Any]], gone: str) -> Iterator[dict[str, Any]]:
    for row in rows:
        if gone not in {row.get("tenant_id"), row.get("id")} and "refresh of acme" not in map(str, row.values()):
            yield row


def _check_gone(settings: Settings) -> None:
    """No file has the tenant's name, and no lake of it is left in the catalogs' database."""
    left = [path for path in settings.home.rglob("*") if "acme" in path.relative_to(settings.home).parts]
    assert left == []
    assert not list((settings.home / "removing").iterdir())
    if settings.lake.catalog_url:
        with opened(settings) as house:
            assert "lake_acme" not in inspect(house.engine).get_schema_names()


def test_all_of_the_tenant_goes_and_nothing_of_the_other(house: House) -> None:
    tenant = house.tenant("acme")
    before, rows = Neighbour(house, tenant.id), store_rows(house)
    removal = remove_tenant(operations_of(house), "acme")
    before.check(house, tenant.id)
    _check_gone(house.settings)
    assert removal.rows["access_tenants"] == removal.rows["access_refresh_tokens"] == 1
    assert removal.rows["channels_channels"] == 1
    assert removal.rows["catalog_runs"] == sum(row["tenant_id"] == tenant.id for row in rows["catalog_runs"])
    [member] = [row["user_id"] for row in rows["access_memberships"] if row["tenant_id"] == tenant.id]
    assert removal.homeless == [member]
    with pytest.raises(Refused, match="there is no tenant 'acme'; there are: other"):
        remove_tenant(operations_of(house), "acme")


def test_the_log_keeps_its_entries_and_says_who_removed_it(house: House) -> None:
    tenant = house.tenant("acme")
    before = store_rows(house)["audit_entries"]
    remove_tenant(operations_of(house), "acme")
    after = store_rows(house)["audit_entries"]
    assert after[: len(before)] == before
    assert [(entry["tag"], entry["tenant_id"]) for entry in after[len(before) :]] == [(Tag.TENANT_REMOVED, tenant.id)]
    assert [each for each in examine(house.settings) if each.state == "broken"] == []


def test_a_tenant_of_the_same_name_begins_anew(local_house: House, tmp_path: Path) -> None:
    remove_tenant(operations_of(local_house), "acme")
    with opened(local_house.settings) as house, shop_of(house, "acme", tmp_path) as shop:
        assert shop.ask("SELECT count(*) FROM core.offers") == [(0,)]
        assert shop.sync(goods(2)).status == "applied"
        known_before = local_house.catalog(local_house.tenant("acme"))
        with known_before.lake.read() as reader:
            assert reader.execute("SELECT count(*) FROM core.offers").fetchall() == [(2,)]


def test_a_table_of_a_later_program_keeps_everything_in_its_place(local_house: House) -> None:
    with local_house.engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE later_room (tenant_id TEXT)")
    before = tree(local_house.settings.home)
    with pytest.raises(Permanent, match="later_room; nothing was changed"):
        remove_tenant(operations_of(local_house), "acme")
    after = tree(local_house.settings.home)
    assert {path: after.get(path) for path in before if path.startswith("lake/")} == {
        path: digest for path, digest in before.items() if path.startswith("lake/")
    }


def test_the_locks_of_two_tenants_are_never_the_same() -> None:
    assert supplier_lock("a", "b-c") != supplier_lock("a-b", "c")
    names = ["x", "files-x", "lake-x", "files-of-lake-x"]
    assert len({lock(name) for lock in (lake_lock, files_lock) for name in names}) == 2 * len(names)


def test_a_member_of_both_stays_one(local_house: House) -> None:
    rows = store_rows(local_house)
    [shared] = [
        row["user_id"] for row in rows["access_memberships"] if row["tenant_id"] == local_house.tenant("acme").id
    ]
    with transaction(of_tenant(local_house.engine, local_house.tenant("other").id)) as session:
        session.add(Membership(user_id=shared))
    with transaction(of_tenant(local_house.engine, local_house.tenant("acme").id)) as session:
        for link in session.scalars(select(Link)):  # as one by which a new user has come
            link.user_id, link.email_token = shared, "token"
    removal = remove_tenant(operations_of(local_house), "acme")
    assert removal.homeless == []
    assert shared in {row["user_id"] for row in store_rows(local_house)["access_memberships"]}


def test_it_is_refused_while_somebody_works_for_the_tenant(house: House) -> None:
    operations = operations_of(house)
    rows = store_rows(house)
    for name in (supplier_lock("acme", "toys"), files_lock("acme")):
        with operations.exclusive(name, "a run"), pytest.raises(Busy, match="a run"):
            remove_tenant(operations, "acme")
    tenant = house.tenant("acme")
    with transaction(of_every_tenant(house.engine)) as session:
        session.add(Runner(name="alive", started_at=utc_now(), seen_at=utc_now()))
        session.flush()
        session.add(
            Trigger(
                id=new_id(), flow="sync-catalog", requested_by="x", state="started", runner="alive", tenant_id=tenant.id
            )
        )
    with pytest.raises(Refused, match="sync-catalog is running for acme"):
        remove_tenant(operations, "acme")
    assert lake_rows(house, "acme")["core.offers"]
    changed = {"runs_runners", "runs_triggers"}
    assert {name: found for name, found in store_rows(house).items() if name not in changed} == {
        name: found for name, found in rows.items() if name not in changed
    }


def test_files_of_lakes_in_a_folder_of_their_own_go_too(tmp_path: Path) -> None:
    settings = Settings.model_validate(
        {"home": tmp_path / "home", "lake": {"threads": 1, "data_path": str(tmp_path / "lakes")}}
    )
    with opened(settings) as house:
        for tenant in ("acme", "other"):
            with shop_of(house, tenant, tmp_path) as shop:
                shop.sync(goods(20))
        before = tree(tmp_path / "lakes" / "other")
        assert before
        remove_tenant(operations_of(house), "acme")
        assert [path.name for path in (tmp_path / "lakes").iterdir()] == ["other"]
        assert tree(tmp_path / "lakes" / "other") == before


def test_a_table_nobody_knows_stops_it(local_house: House) -> None:
    with local_house.engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE other_room (tenant_id TEXT)")
    with pytest.raises(Permanent, match="tables this program does not know: other_room"):
        remove_tenant(operations_of(local_house), "acme")


def test_every_table_of_a_tenant_is_found() -> None:
    """A table that refers to a tenant's rows without naming the tenant is found by what it refers to."""
    owned = {table.name for table in tenant_removal._owned("x", ())}
    named = {table.name for table in Base.metadata.sorted_tables if "tenant_id" in table.c}
    assert owned == named | {"access_tenants", "access_refresh_tokens"}
    assert named >= KEPT


def test_killed_at_any_moment_the_same_command_brings_it_to_its_end(
    house: House, tmp_path: Path, full_size: bool
) -> None:
    settings, tenant = house.settings, house.tenant("acme")
    before = Neighbour(house, tenant.id)
    own = _rows_of(house, tenant.id)
    count = 12 if full_size else 2
    for number, _ in enumerate(children.kills(tmp_path, children.removing, settings, "acme", count=count)):
        if number:
            _removed(house)
        _check_gone(settings)
        before.check(house, tenant.id)
        _come_again(house, tmp_path, own)
    assert isinstance(_removed(house), Removal)
    _check_gone(settings)
    before.check(house, tenant.id)


def _removed(house: House) -> Removal:
    """Once more; when the kill came after the last step, there is no such tenant any more."""
    there = "acme" in {tenant.slug for tenant in list_tenants(house.engine)}
    begun = list(house.settings.home.glob("removing/*/tenant.json"))
    return remove_tenant(operations_of(house), "acme") if there or begun else Removal({}, [])


def _rows_of(house: House, tenant_id: str) -> Rows:
    """Everything that a removal takes away, to be put back."""
    rows = store_rows(house)
    found = {name: [row for row in rows[name] if tenant_id in {row.get("tenant_id"), row.get("id")}] for name in rows}
    found["access_refresh_tokens"] = [row for row in rows["access_refresh_tokens"] if row["hash"] == "refresh of acme"]
    return found


def _come_again(house: House, folder: Path, rows: Rows) -> None:
    """Let the tenant be there again, with rows in every table and files in every place."""
    with house.engine.begin() as connection:
        for shape in sorted(list_shapes(connection), key=lambda shape: _ORDER.index(shape.name)):
            if rows[shape.name] and shape.name not in GROWS:
                connection.execute(insert(shape.table()), sorted(rows[shape.name], key=lambda row: str(row.get("id"))))
    with opened(house.settings) as again, shop_of(again, "acme", folder) as shop:
        shop.sync(goods(12), "anew")
    for kind in ("delta", "reports"):
        place = house.settings.home / kind / "acme"
        place.mkdir(parents=True, exist_ok=True)
        (place / "left").write_text("left")


_ORDER = [table.name for table in Base.metadata.sorted_tables]
