"""A supplier is tried: what came is told in little, nothing is kept, and nothing is changed."""

import json
import os
import time
from pathlib import Path

import pytest

from commerce.errors import Permanent, Refused
from meschain.catalog.connection import try_connection
from meschain.catalog.runs import list_runs
from meschain.catalog.suppliers import add_supplier, current_profile, get_supplier
from tests.catalog.shop import Shop, goods


def reached(shop: Shop, path: Path, slug: str = "acme"):
    return add_supplier(shop.catalog, slug, source={"kind": "file", "paths": [str(path)], "settle_seconds": 0})


def left(shop: Shop, slug: str = "acme") -> list[str]:
    return [path.name for path in (shop.catalog.raw / slug).rglob("*") if path.is_file()]


def test_what_came_is_told_with_a_proposal(shop: Shop) -> None:
    path = shop.file(goods(50, title=lambda n: f"Thing {n} " + "x" * 500))
    owner = reached(shop, path)
    told = try_connection(shop.catalog, owner)
    assert (told.bytes, told.format, told.files) == (
        path.stat().st_size, "delimited", [{"name": "feed.csv", "bytes": path.stat().st_size}],
    )  # fmt: skip
    assert (told.profile_version, told.profile["fields"]["supplier_sku"]) == (0, {"from": ["sku"]})
    assert (len(told.rows), told.rows[1]["list_price"], told.doubts) == (20, "2.5000", [])
    assert "sku" in told.columns
    assert len(json.dumps([told.rows, told.columns, told.remarks])) < 20_000
    assert (list_runs(shop.catalog), current_profile(shop.catalog, owner), left(shop)) == ([], None, [])
    assert get_supplier(shop.catalog, "acme").validators == {}


def test_the_present_profile_is_used_and_faults_are_told(shop: Shop) -> None:
    owner = reached(shop, shop.file([*goods(2), {"sku": "B", "title": "Bad", "price": "1.2.3", "currency": "TRY"}]))
    shop.profile({"fields": {"supplier_sku": {"from": ["sku"]}, "list_price": {"from": ["price"]}}, "currency": "EUR"})
    told = try_connection(shop.catalog, owner)
    assert (told.profile_version, told.rows[0]["currency"]) == (1, "EUR")
    assert any("1.2.3" in remark for remark in told.remarks)


def test_what_cannot_be_read_without_help_is_a_doubt(shop: Shop) -> None:
    told = try_connection(shop.catalog, reached(shop, shop.file("a;b\n1;2\n3;4\n")))
    assert "no column is recognisably the supplier's code" in told.doubts[0]


@pytest.mark.parametrize(("content", "kind"), [(b"", Permanent), (b"<html><body>Login</body></html>", Permanent)])
def test_a_feed_that_is_none_fails_as_a_sync_would(shop: Shop, content: bytes, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        try_connection(shop.catalog, reached(shop, shop.file(content)))
    assert left(shop) == []
    with pytest.raises(Refused, match="has no source"):
        try_connection(shop.catalog, shop.supplier("empty"))


def test_what_a_killed_trial_left_goes_with_a_later_one(shop: Shop) -> None:
    owner = reached(shop, shop.file(goods(1)))
    trials = shop.catalog.raw / "acme" / ".trials"
    for name, age in (("old", 2 * 86_400), ("young", 60)):
        (trials / name).mkdir(parents=True)
        (trials / name / "feed").touch()
        os.utime(trials / name, (time.time() - age,) * 2)
    try_connection(shop.catalog, owner)
    assert sorted(path.name for path in trials.iterdir()) == ["young"]
