"""Cargo tariffs over the API: added whole or not at all, shown with every row, for one channel or for all."""

from typing import Any

import pytest

from meschain.pricing.tariffs import list_tariffs
from tests.pricing.trade import Trade
from tests.web.stage import check_problem

ROWS = [
    {"carrier": "PTT", "desi": 1, "amount": "77.54"},
    {"carrier": "Aras", "desi": 2, "price_from": "300", "amount": "83.93"},
    {"carrier": "Aras", "desi": 2, "price_from": "0", "price_below": "300.00", "amount": 42.91},
    {"carrier": "Aras", "desi": 30, "amount": "400"},
]
NEW: dict[str, Any] = {"since": "2026-01-01", "source": "price list of 2026", "rows": ROWS}


def add(trade: Trade, caller: str = "owner", **more: Any) -> Any:
    answered = trade.ask("POST", "/tariffs", caller, json=NEW | more)
    assert answered.status_code == 201, answered.text
    assert answered.headers["location"] == f"/v1/tariffs/{answered.json()['id']}"
    return answered.json()


def test_a_tariff_is_added_shown_whole_listed_in_short_and_removed(trade: Trade) -> None:
    made = add(trade, until="2027-01-01")
    assert trade.get(f"/tariffs/{made['id']}") == made
    assert {name: made[name] for name in ("channel", "currency", "until", "heaviest", "row_count", "carriers")} == {
        "channel": None, "currency": "TRY", "until": "2027-01-01", "heaviest": 30, "row_count": 4,
        "carriers": ["Aras", "PTT"],
    }  # fmt: skip
    assert made["rows"][2] == {
        "carrier": "Aras", "desi": 2, "price_from": "0", "price_below": "300.00", "amount": "42.91",
    }  # fmt: skip
    rows = made.pop("rows")
    assert rows[0]["price_below"] is None
    assert [each for each in trade.pages("/tariffs", limit=1) if each["id"] == made["id"]] == [made]
    again = trade.ask("POST", "/tariffs", json=NEW)
    assert "a tariff in TRY begins on 2026-01-01 already" in check_problem(again, 409, "refused")["detail"]
    assert trade.ask("DELETE", f"/tariffs/{made['id']}").status_code == 204
    for method in ("GET", "DELETE"):
        check_problem(trade.ask(method, f"/tariffs/{made['id']}"), 404)
    assert {each["tag"] for each in trade.logged("pricing:tariff")} >= {
        "pricing:tariff:added", "pricing:tariff:removed",
    }  # fmt: skip


def test_a_tariff_is_in_the_currency_of_its_channel(trade: Trade) -> None:
    assert add(trade, channel="abroad")["currency"] == "EUR"
    assert add(trade, currency="$", since="2020-01-01")["currency"] == "USD"
    wrong = trade.faults("POST", "/tariffs", json=NEW | {"channel": "abroad", "currency": "TRY", "since": "2021-01-01"})
    assert wrong == {"/body/currency": "abroad sells in EUR"}


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([], {"/body/rows": "at least 1"}),
        ([{"carrier": "Aras", "desi": 0, "amount": "0"}], {"/body/rows/0/desi": "than or equal to 1",
                                                            "/body/rows/0/amount": "greater than 0"}),
        ([{"carrier": "", "desi": 1001, "amount": "x"}], {"/body/rows/0/carrier": "at least 1",
                                                          "/body/rows/0/desi": "less than or equal to 1000",
                                                          "/body/rows/0/amount": "valid decimal"}),
        ([ROWS[1]], {"/body/rows/0/price_from": "expected 0: nothing is said of Aras, 2 desi, below it"}),
        ([ROWS[2]], {"/body/rows/0/price_below": "expected null: nothing is said of Aras, 2 desi, above it"}),
        ([ROWS[0], ROWS[0]], {"/body/rows/0/price_below": "expected a price above 0"}),
        ([ROWS[1], ROWS[2] | {"price_below": "299"}], {"/body/rows/0/price_from": "expected 299, where the band"}),
        ([ROWS[1], ROWS[2] | {"price_below": "301"}], {"/body/rows/0/price_from": "expected 301, where the band"}),
        ([{"carrier": f"C{number}", "desi": 1000, "amount": "1"} for number in range(101)],
         {"/body/rows": "they say 101000 amounts"}),
    ],
)  # fmt: skip
def test_rows_that_make_no_tariff_are_told_each(trade: Trade, rows: list[Any], told: dict[str, str]) -> None:
    kept = len(list_tariffs(trade.stall.pricing))
    faults = trade.faults("POST", "/tariffs", json=NEW | {"rows": rows, "since": "2019-01-01"})
    assert faults.keys() == told.keys()
    for pointer, text in told.items():
        assert text in faults[pointer]
    assert len(list_tariffs(trade.stall.pricing)) == kept


def test_what_is_wrong_beside_the_rows_is_told_by_its_part(trade: Trade) -> None:
    wrong = {"source": "", "until": "2025-01-01", "currency": "XYZ", "channel": "x" * 64}
    assert trade.faults("POST", "/tariffs", json=NEW | wrong).keys() == {
        "/body/source", "/body/until", "/body/currency", "/body/channel",
    }  # fmt: skip
    assert trade.faults("POST", "/tariffs", json=NEW | {"channel": "nowhere"}).keys() == {"/body/channel"}


def test_who_may_write_for_one_channel_writes_for_that_one_alone(trade: Trade) -> None:
    general, elsewhere = add(trade, since="2022-01-01"), add(trade, since="2022-01-01", channel="shop")
    mine = add(trade, "trendyol", since="2022-01-01", channel="trendyol")
    for channel in (None, "shop"):
        check_problem(trade.ask("POST", "/tariffs", "trendyol", json=NEW | {"channel": channel}), 403, "forbidden")
    seen = {each["id"]: each["channel"] for each in trade.pages("/tariffs", "looker", limit=1)}
    assert {general["id"], mine["id"]} <= seen.keys()
    assert set(seen.values()) == {None, "trendyol"}
    for caller, tariff, shown, removed in (
        ("trendyol", general, 200, 403), ("trendyol", elsewhere, 404, 404), ("looker", mine, 200, 403),
        ("outsider", mine, 404, 404), ("viewer", mine, 403, 403), ("rival", mine, 404, 404),
        ("trendyol", mine, 200, 204),
    ):  # fmt: skip
        place = f"/tariffs/{tariff['id']}"
        assert trade.ask("GET", place, caller).status_code == shown, caller
        assert trade.ask("DELETE", place, caller).status_code == removed, caller
    assert trade.pages("/tariffs", "rival") == []
    check_problem(trade.ask("GET", "/tariffs", "viewer"), 403)
