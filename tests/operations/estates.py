"""Whole installations with something in them, to be backed up, brought back, exported, removed and compared."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from meschain.access.tables import ApiKey, Grant, Link, Membership, RefreshToken, SigningKey, Tenant, User, UserSession
from meschain.audit.checkpoints import checkpoint
from meschain.audit.rules import OPERATOR, Tag
from meschain.catalog.decisions import roll_back
from meschain.catalog.runs import list_runs
from meschain.catalog.suppliers import add_supplier
from meschain.channels.service import add_channel
from meschain.operations.context import Operations
from meschain.settings import Settings, private_dir
from meschain.store.base import utc_now
from meschain.store.dump import list_shapes, read_rows
from meschain.store.ids import new_id
from meschain.store.session import reading, transaction
from meschain.store.tenancy import of_every_tenant, of_tenant
from meschain.wiring import House
from tests.catalog.shop import Shop, goods
from warehouse.copying import list_relations

SECRET = "p4ss-of-the-feed"
TENANTS = ("acme", "other")
Rows = dict[str, list[dict[str, Any]]]


def settings_of(home: Path, database: str = "") -> Settings:
    """An installation in a folder; its store and its lakes' catalogs in SQLite, or all in one PostgreSQL database."""
    groups = {"store": {"url": database}, "lake": {"threads": 1, "catalog_url": database}}
    return Settings.model_validate({"home": private_dir(home), **groups})


def operations_of(house: House) -> Operations:
    """The installation as a whole."""
    return Operations(house.settings, house.engine, house.log, lambda slug: house.lake(slug).settings)


@contextmanager
def opened(settings: Settings) -> Iterator[House]:
    """The house, its tables made."""
    house = House(settings)
    try:
        house.set_up()
        yield house
    finally:
        house.close()


@contextmanager
def shop_of(house: House, tenant: str, folder: Path) -> Iterator[Shop]:
    """The tenant's shop."""
    catalog = house.catalog(house.tenant(tenant, create=True))
    with catalog.lake.connect(read_only=True) as reader:
        yield Shop(catalog, reader, folder)


def fill(house: House, folder: Path) -> None:
    """Two tenants, each with a held run, refused rows, a secret and a channel, one with more history; people, keys."""
    house.installation  # noqa: B018  made when first asked for
    for tenant in TENANTS:
        with shop_of(house, tenant, folder) as shop:
            source = {"kind": "http", "urls": ["https://feeds.example/a.csv"], "password": SECRET}
            add_supplier(shop.catalog, "toys", source=source)
            shop.sync([*goods(30), {"sku": "BAD", "title": "Bad", "price": "x"}], "toys")
            if tenant == TENANTS[0]:
                shop.sync(goods(30, stock=5), "toys")
                roll_back(shop.catalog, shop.sync(goods(31, stock=6), "toys").id, note="wrong feed")
            assert shop.sync(goods(3), "toys").status == "held"
            reports = private_dir(shop.catalog.reports / "a-run")
            (reports / "quality.md").write_text(f"All is well with {tenant}.")
        add_channel(house.channels(house.tenant(tenant)), "shop", name=f"Shop of {tenant}", currency="TRY")
        _add_people(house, house.tenant(tenant))
    checkpoint(house.audit)


def _add_people(house: House, tenant: Tenant) -> None:
    """A member with a session, an API key, an invitation; made without the use cases, which ask for much more."""
    user = User(id=new_id(), email_token=f"token of {tenant.slug}", profile=b"\x00\xff sealed")
    session = UserSession(user_id=user.id, kind="browser", detail=b"\xfe", expires_at=utc_now())
    key = ApiKey(id=f"key-{tenant.slug}", name="Ağ", hash="h", created_by="x", expires_at=utc_now())
    invited = Link(
        hash=f"hash of {tenant.slug}", kind="invitation", user_id=new_id(), created_by="x", expires_at=utc_now()
    )
    with transaction(of_every_tenant(house.engine)) as opened:
        opened.add(user)
        opened.add(SigningKey(kid=f"kid-{tenant.slug}", sealed=house.vault.seal("signing"), public={"z": 1, "a": 2}))
    with transaction(of_tenant(house.engine, tenant.id)) as opened:
        opened.add(Membership(user_id=user.id))
        opened.flush()
        opened.add_all([session, key, invited, Grant(user_id=user.id, role="owner")])
        personal = {user.id: {"email": f"ayse@{tenant.slug}.example"}}
        house.log.record(
            opened, Tag.USER_CREATED, OPERATOR, tenant_id=tenant.id, target=f"user {user.id}", personal=personal
        )
    with transaction(of_every_tenant(house.engine)) as opened:
        opened.add(RefreshToken(hash=f"refresh of {tenant.slug}", session_id=session.id, expires_at=utc_now()))


def store_rows(house: House) -> Rows:
    """Every row of every table."""
    with reading(of_every_tenant(house.engine)) as session:
        connection = session.connection()
        return {shape.name: list(read_rows(connection, shape)) for shape in list_shapes(connection)}


def lake_rows(house: House, tenant: str) -> dict[str, Any]:
    """Every row of every relation of a tenant's lake, and its offers at each of the last snapshots."""
    with house.lake(tenant).connect(read_only=True) as lake:
        relations = [name for name, _ in list_relations(lake)]
        now = {name: lake.execute(f"FROM {name} ORDER BY ALL").fetchall() for name in relations}
        times = lake.execute(
            "SELECT snapshot_id, snapshot_time FROM ducklake_snapshots('lake') ORDER BY ALL"
        ).fetchall()
        offers = [
            f"SELECT {number} AS version, * FROM core.offers AT (VERSION => {number})" for number, _ in times[-2:]
        ]
        past = lake.execute(
            f"SELECT version, count(*), sum(hash(o)) FROM ({' UNION ALL '.join(offers)}) AS o GROUP BY 1 ORDER BY 1"
        )
        return {**now, "times": times, "past": past.fetchall()}


def held_runs(house: House, tenant: str) -> list[str]:
    """The tenant's runs that wait for a decision."""
    return [run.id for run, _ in list_runs(house.catalog(house.tenant(tenant))) if run.status == "held"]


def tree(folder: Path) -> dict[str, str]:
    """Every file below a folder by a digest of its bytes; SQLite's own index of a log that readers share left out."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.endswith(("-shm", "-wal"))
    }


def change_manifest(backup: Path, change: Callable[[bytes], bytes], *, sealed: bool = True) -> None:
    """Forge the manifest of a backup, and (`sealed`) its checksum, too."""
    manifest = backup / "manifest.json"
    text = change(manifest.read_bytes())
    assert text != manifest.read_bytes()
    manifest.write_bytes(text)
    if sealed:
        (backup / "manifest.json.sha256").write_text(f"{hashlib.sha256(text).hexdigest()}  manifest.json\n")
