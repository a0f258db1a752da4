"""Tenants share an installation and nothing else; a supplier's secrets are in the store only as ciphertext."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from commerce.errors import Permanent, Refused
from meschain.catalog import decisions
from meschain.catalog.history import offer_history
from meschain.catalog.quarantine import list_quarantine
from meschain.catalog.runs import get_run, list_runs
from meschain.catalog.sources import split_options
from meschain.catalog.suppliers import add_supplier, get_supplier, list_suppliers, set_source
from tests.catalog.shop import Shop, goods, open_shop
from tests.homes import TENANT
from warehouse.query import ask

_SECRETS = ("p4ss-w0rd-of-acme", "h3ader-k3y-of-acme", "qu3ry-k3y-of-acme")
_SOURCE = {
    "kind": "http",
    "urls": ["https://feeds.example/a.csv"],
    "username": "ayse",
    "password": _SECRETS[0],
    "headers": {"X-Key": _SECRETS[1]},
    "query": {"token": _SECRETS[2]},
}


@pytest.fixture
def other(shop_home: Path, shop: Shop, tmp_path: Path) -> Iterator[Shop]:
    """A second tenant of the same installation."""
    folder = tmp_path / "other"
    folder.mkdir()
    with open_shop(shop_home, "other", folder) as opened:
        yield opened


def test_neither_sees_what_the_other_has(shop: Shop, other: Shop) -> None:
    ours = shop.sync(goods(3))
    theirs = other.sync([{**goods(1)[0], "title": "Theirs"}, {"sku": "B", "title": "", "price": "x"}])
    assert set(shop.offers("tenant").values()) == {TENANT}
    assert other.offers("title, tenant") == {"A001": ("Theirs", "other")}
    assert [run.id for run, _ in list_runs(shop.catalog)] == [ours.id]
    assert [run.id for run, _ in list_runs(other.catalog)] == [theirs.id]
    assert list_quarantine(shop.catalog) == ([], [])
    assert [row["run_id"] for row in offer_history(other.catalog, "A001")] == [theirs.id] * 6
    with pytest.raises(Refused, match="no run ends with"):
        get_run(shop.catalog, theirs.id)
    for act in (decisions.approve_run, decisions.reject_run, decisions.roll_back):
        with pytest.raises(Refused, match="no run ends with"):
            act(shop.catalog, theirs.id)


def test_suppliers_of_one_name_are_two_suppliers(shop: Shop, other: Shop) -> None:
    add_supplier(shop.catalog, "acme", name="Ours")
    add_supplier(other.catalog, "acme", name="Theirs")
    assert [each.name for each in list_suppliers(shop.catalog)] == ["Ours"]
    assert get_supplier(other.catalog, "acme").name == "Theirs"
    with pytest.raises(Refused, match="there is a supplier 'acme' already"):
        add_supplier(shop.catalog, "acme")
    with pytest.raises(Refused, match="no supplier 'bravo'; there are: acme"):
        get_supplier(other.catalog, "bravo")


def test_a_query_reaches_no_other_lake_and_no_file(shop: Shop, other: Shop) -> None:
    other.sync(goods(40))
    theirs = other.catalog.lake.settings
    files = [path for path in Path(theirs.data_path).rglob("*.parquet") if "offers" in path.parts]
    assert files
    for source in (f"read_parquet('{files[0]}')", f"'{files[0]}'", f"read_text('{theirs.catalog_file}')"):
        with pytest.raises(Permanent, match="cannot be answered"):
            ask(shop.catalog.lake, f"FROM {source}")
    for statement in (
        f"ATTACH 'ducklake:sqlite:{theirs.catalog_file}' AS theirs",
        "DELETE FROM core.offers",
        "SET enable_external_access = true",
        "COPY core.offers TO 'out.csv'",
        "SELECT 1; SELECT 2",
    ):
        with pytest.raises(Permanent):
            ask(shop.catalog.lake, statement)


def test_secrets_are_sealed_and_open_only_with_the_key(shop: Shop, shop_home: Path) -> None:
    made = add_supplier(shop.catalog, "acme", source=_SOURCE)
    assert made.source == {"kind": "http", "urls": ["https://feeds.example/a.csv"], "username": "ayse"}
    opened = shop.catalog.vault.open(made.source_secret)
    assert all(secret in opened for secret in _SECRETS)
    shop.catalog.engine.dispose()
    stored = b"".join(path.read_bytes() for path in shop_home.rglob("*") if path.is_file())
    assert not any(secret.encode() in stored for secret in _SECRETS)


def test_secrets_in_an_address_are_taken_out_of_it(shop: Shop) -> None:
    address = f"https://ayse:{_SECRETS[0]}@feeds.example/a.csv?token={_SECRETS[2]}&page=1"
    made = add_supplier(shop.catalog, "acme", source={"kind": "http", "urls": [address]})
    assert not any(secret in str(made.source) for secret in _SECRETS)
    assert all(secret in shop.catalog.vault.open(made.source_secret) for secret in (_SECRETS[0], _SECRETS[2]))


def test_another_source_forgets_the_old_ones_secrets_and_answers(shop: Shop) -> None:
    add_supplier(shop.catalog, "acme", source=_SOURCE)
    set_source(shop.catalog, "acme", {"kind": "http", "urls": ["https://feeds.example/b.csv"]})
    changed = get_supplier(shop.catalog, "acme")
    assert changed.source["urls"] == ["https://feeds.example/b.csv"]
    assert (changed.source_secret, changed.validators) == (None, {})


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ({"kind": "ftp", "urls": []}, "no source of kind 'ftp'; the kinds are file, http"),
        ({"kind": "http"}, "urls"),
        ({"kind": "http", "urls": ["https://feeds.example/a"], "pasword": _SECRETS[0]}, "pasword"),
    ],
)
def test_a_source_that_cannot_be_is_refused_without_repeating_a_secret(source: dict[str, object], told: str) -> None:
    with pytest.raises(Permanent, match=told) as refused:
        split_options(source)
    assert _SECRETS[0] not in str(refused.value)


@pytest.mark.parametrize("slug", ["", "Acme", "a b", "../a", "a/b", "ş", "-a", "a" * 64])
def test_a_supplier_that_cannot_name_a_folder_is_refused(shop: Shop, slug: str) -> None:
    with pytest.raises(Refused, match="cannot name a supplier; expected small letters, digits and dashes"):
        add_supplier(shop.catalog, slug)
