"""The hourly flow on a sound lake, and on one that is not."""

import json

PRICES = [f"{n},50" for n in range(10, 60)]


def test_what_is_broken_is_named(shop, run, artifacts):
    from flows.check_invariants import check_invariants  # noqa: PLC0415  after Prefect's settings

    shop.write("toys", PRICES)
    shop.sync("toys")
    sound = run(check_invariants)
    assert sound.is_completed()
    assert {row["holds"] for row in json.loads(artifacts("check-invariants"))} == {"yes"}

    with shop.catalog.lake.connect() as connection:
        connection.execute("INSERT INTO core.offers FROM core.offers WHERE supplier_sku = 'toys-3'")
        connection.execute("UPDATE core.offers SET cost = 0, list_price = 0 WHERE supplier_sku = 'toys-7'")
    broken = run(check_invariants)
    assert broken.is_failed()
    assert broken.message.startswith("2 of ")
    assert "offers_are_unique" in broken.message
    assert "supplier_sku toys-7" in broken.message
    rows = json.loads(artifacts("check-invariants"))
    assert [row["holds"] for row in rows[:3]] == ["NO", "NO", "yes"]
    assert "supplier_sku toys-3" in rows[0]["offenders"]
