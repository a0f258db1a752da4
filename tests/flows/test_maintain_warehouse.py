"""The nightly flow on a lake that needs it."""

import json

PRICES = [f"{n},50" for n in range(10, 60)]


def test_the_lake_is_kept_in_shape(shop, run, artifacts):
    from flows.maintain_warehouse import maintain_warehouse  # noqa: PLC0415  after Prefect's settings

    for supplier in ("books", "tools"):
        shop.write(supplier, PRICES)
        shop.sync(supplier)
    before = shop.ask("SELECT * FROM core.offers ORDER BY supplier, supplier_sku")
    state = run(maintain_warehouse)
    assert (state.is_completed(), state.message) == (True, "1 lakes were maintained")
    (row,) = json.loads(artifacts("maintain-warehouse"))
    assert row["tenant"] == "acme"
    assert row["files_merged"] >= 2
    assert shop.ask("SELECT * FROM core.offers ORDER BY supplier, supplier_sku") == before
