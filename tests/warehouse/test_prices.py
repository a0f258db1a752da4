"""The lowest price for a profit, against a search through every price there is."""

from collections.abc import Iterator
from dataclasses import fields, replace
from decimal import Decimal

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.warehouse import in_sql
from tests.warehouse.in_sql import lowest_in_sql, margin_in_sql
from warehouse.calculator import lowest_price, margin_of
from warehouse.margins import Band, Grid, Line, Target

D = Decimal
EVERY = Grid(D("0.01"))
ONE_BAND = [Band(D(0), None, D("83.93"))]
WORKED = Line(
    minor_digits=2, sale=D(0), vat_rate=D(20), cost=D("300.00"), cost_vat_rate=D(20), commission_rate=D(15),
    commission_base="gross", commission_vat="included", service_vat_rate=D(20), service_fee=D("10.19"), cargo=D(0),
    export_fee_rate=D(0), other_costs=D(0), financing_rate=D(0), payment_days=0, withholding_rate=D(1), vat_credit=True,
    return_rate=D(0), return_cargo=D(0), commission_refunded=True, service_fee_refunded=False, resaleable=True,
)  # fmt: skip


@pytest.fixture(scope="module")
def formula() -> Iterator[duckdb.DuckDBPyConnection]:
    with in_sql.formula() as connection:
        yield connection


@pytest.mark.parametrize(
    ("sought", "target", "grid", "price"),
    [
        ("net_cash", 0, EVERY, "469.19"), ("net_economic", 0, EVERY, "463.67"), ("net_cash", 60, EVERY, "554.89"),
        ("net_cash", 60, Grid(D(1), D("0.90")), "554.90"), ("net_cash", 60, Grid(D(10), D("9.99")), "559.99"),
    ],
)  # fmt: skip
def test_the_worked_example(sought, target, grid, price):
    assert lowest_price(WORKED, Target(D(target), profit=sought), grid, ONE_BAND) == D(price)


def test_a_cheaper_band_is_used_as_far_as_it_goes(formula):
    bands = [Band(D(0), D(150), D("42.91")), Band(D(150), D(300), D("73.74")), Band(D(300), None, D("83.93"))]
    cheap = replace(WORKED, cost=D(50))
    assert lowest_price(cheap, Target(D(0)), EVERY, bands) == D("122.73")
    assert lowest_price(cheap, Target(D(20)), EVERY, bands) == searched(formula, cheap, D(20), bands)


def test_no_price_is_high_enough_when_the_fees_take_everything():
    assert lowest_price(replace(WORKED, commission_rate=D(99)), Target(D(0)), EVERY, ONE_BAND) is None


def searched(
    connection: duckdb.DuckDBPyConnection, line: Line, target: Decimal | int, bands: list[Band]
) -> Decimal | None:
    """By the formula, at every price up to 1,000."""
    found = []
    for band in bands:
        values = {each.name: getattr(line, each.name) for each in fields(Line)} | {"cargo": band.cargo}
        columns = ", ".join(f"{value!r} AS {name}" if isinstance(value, str) else f"{value} AS {name}"
                            for name, value in values.items() if name != "sale")  # fmt: skip
        below = band.price_below if band.price_below is not None else 1000
        lines = f"SELECT i AS line, (i / 100)::DECIMAL(18, 2) AS sale, {columns} FROM range(1, 100000) AS t(i)"
        query = f"WITH l AS ({lines}) SELECT min(sale) FROM margins(l) WHERE net_cash >= {target}"
        found.append(connection.execute(f"{query} AND sale >= {band.price_from} AND sale < {below}").fetchall()[0][0])
    return min((price for price in found if price is not None), default=None)


rates = st.sampled_from([D(0), D(1), D(10), D(20)]) | st.decimals(0, 30, places=2)
amounts = st.decimals(0, 200, places=2)


@given(
    line=st.builds(
        Line, minor_digits=st.just(2), sale=st.just(D(0)), vat_rate=rates, cost=amounts, cost_vat_rate=rates,
        commission_rate=rates, commission_base=st.sampled_from(["gross", "net"]),
        commission_vat=st.sampled_from(["included", "added", "none"]), service_vat_rate=rates, service_fee=amounts,
        cargo=st.just(D(0)), export_fee_rate=rates, other_costs=amounts, financing_rate=rates,
        payment_days=st.integers(0, 60), withholding_rate=rates, vat_credit=st.booleans(), return_rate=st.just(D(0)),
        return_cargo=st.just(D(0)), commission_refunded=st.just(True), service_fee_refunded=st.just(False),
        resaleable=st.just(True),
    ),
    target=st.decimals(-50, 200, places=2),
    cargos=st.tuples(amounts, amounts, amounts),
)  # fmt: skip
def test_no_lower_price_would_do(formula, line, target, cargos):
    edges = [D(0), D(150), D(300), None]
    bands = [Band(low, high, cargo) for low, high, cargo in zip(edges, edges[1:], cargos, strict=False)]
    found = lowest_price(line, Target(target), EVERY, bands)
    assert found == lowest_in_sql(formula, line, Target(target), EVERY, bands)
    expected = searched(formula, line, target, bands)
    assert found == expected or (expected is None and (found is None or found >= 1000))


def test_a_share_of_the_price_can_be_asked_for():
    price = lowest_price(WORKED, Target(D(0), D(15)), EVERY, ONE_BAND)
    earned = [margin_of(replace(WORKED, sale=each, cargo=D("83.93"))) for each in (price, price - D("0.01"))]
    assert [each["net_cash"] >= each["sale_net"] * D("0.15") for each in earned] == [True, False]


def test_no_share_that_the_fees_leave_is_as_large_as_that():
    assert lowest_price(WORKED, Target(D(10), D(99)), EVERY, ONE_BAND) is None


whole_rates = st.sampled_from([D(0), D("0.01"), D(10), D(50), D(70), D("99.99"), D(100)]) | st.decimals(
    0, 100, places=2
)
whole_amounts = st.sampled_from([D(0), D("0.0001"), D("999999999.9999")]) | st.decimals(0, 10**9 - 1, places=4)


@given(
    line=st.builds(
        Line, minor_digits=st.sampled_from([0, 2, 3]), sale=whole_amounts, vat_rate=whole_rates, cost=whole_amounts,
        cost_vat_rate=whole_rates, commission_rate=whole_rates, commission_base=st.sampled_from(["gross", "net"]),
        commission_vat=st.sampled_from(["included", "added", "none"]), service_vat_rate=whole_rates,
        service_fee=whole_amounts, cargo=whole_amounts, export_fee_rate=whole_rates, other_costs=whole_amounts,
        financing_rate=whole_rates, payment_days=st.integers(0, 3650), withholding_rate=whole_rates,
        vat_credit=st.booleans(), return_rate=whole_rates, return_cargo=whole_amounts,
        commission_refunded=st.booleans(), service_fee_refunded=st.booleans(), resaleable=st.booleans(),
    ),
    amount=st.decimals(1 - 10**9, 10**9 - 1, places=4),
    rate=st.decimals(-90, D("99.99"), places=2),
)  # fmt: skip
def test_whatever_a_term_may_be_is_answered(formula, line, amount, rate):
    coin = D(1).scaleb(-line.minor_digits)
    assert margin_of(line) == margin_in_sql(formula, line)
    bands = [Band(D(0), None, line.cargo)]
    wanted = (Target(D(0)), Target(amount, rate))
    break_even, price = (lowest_price(line, each, Grid(coin), bands) for each in wanted)
    assert [break_even, price] == [lowest_in_sql(formula, line, each, Grid(coin), bands) for each in wanted]
    for found, least in ((break_even, 0), (price, None)):
        if found is not None:
            parts = margin_of(replace(line, sale=found))
            assert parts["net_cash"] >= (amount + parts["sale_net"] * rate / 100 if least is None else least)


def test_fees_that_leave_next_to_nothing_and_costs_next_to_nothing_are_answered():
    gone = replace(
        WORKED, vat_rate=D(0), commission_rate=D(0), export_fee_rate=D(70), vat_credit=False, withholding_rate=D(30)
    )  # fmt: skip
    assert lowest_price(gone, Target(D(1)), EVERY, ONE_BAND) is None
    dear = margin_of(replace(WORKED, sale=D("999999999.9999"), cost=D("0.0001")))
    assert dear["return_on_cost"] is None
