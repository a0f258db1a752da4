"""All due suppliers, by their flow: several at once, one that fails stops none of the others."""

import json

PRICES = [f"{n},50" for n in range(10, 60)]


def test_one_that_fails_stops_none_of_the_others(shop, run, artifacts):
    from flows.sync_catalogs import sync_catalogs  # noqa: PLC0415  after Prefect's settings, see tests.prefect_server

    for supplier in ("books", "toys"):
        shop.write(supplier, PRICES)
    shop.write("gone", PRICES).unlink()
    state = run(sync_catalogs)
    assert state.is_failed()
    assert state.message.startswith(
        ("3 suppliers: 2 applied, 1 failed. gone: ", "3 suppliers: 1 failed, 2 applied. gone")
    )
    assert shop.ask("SELECT supplier, count(*) FROM core.offers GROUP BY ALL ORDER BY ALL") == [
        ("books", 50), ("toys", 50),
    ]  # fmt: skip
    assert shop.ask("SELECT count(*) FROM core.products") == [(100,)]
    rows = {row["supplier"]: row for row in json.loads(artifacts("sync-catalogs"))}
    assert {supplier: row["status"] for supplier, row in rows.items()} == {
        "books": "applied", "gone": "failed", "toys": "applied",
    }  # fmt: skip
    assert rows["toys"]["new"] == 50
    assert "gone.csv" in rows["gone"]["message"]

    nothing = run(sync_catalogs, "acme")  # the one that failed waits for its interval, too
    assert (nothing.is_completed(), nothing.message) == (True, "No supplier was due")
