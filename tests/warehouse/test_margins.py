"""The margin formula against worked examples, its identities, and a slow reference in plain decimals."""

import random
from collections.abc import Iterator
from dataclasses import fields, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.warehouse.in_sql import formula, margin_in_sql
from warehouse.calculator import margin_of
from warehouse.margins import Line, column_types, define_margins

D = Decimal
WORKED = Line(
    minor_digits=2, sale=D("600.00"), vat_rate=D(20), cost=D("300.00"), cost_vat_rate=D(20), commission_rate=D(15),
    commission_base="gross", commission_vat="included", service_vat_rate=D(20), service_fee=D("10.19"),
    cargo=D("83.93"), export_fee_rate=D(0), other_costs=D(0), financing_rate=D(0), payment_days=0,
    withholding_rate=D(1), vat_credit=True, return_rate=D(8), return_cargo=D("83.93"), commission_refunded=True,
    service_fee_refunded=False, resaleable=True,
)  # fmt: skip
"""A sale of 600 TL as a Turkish marketplace settles it."""
CHARGES = ("cost", "commission", "service_fee", "cargo", "export_fee", "other_costs")


def test_the_worked_example() -> None:
    found = margin_of(WORKED)
    nets = {"sale": D(500), "cost": D(250), "commission": D(75), "cargo": D("69.94"), "service_fee": D("8.49")}
    assert {name: found[f"{name}_net"] for name in nets} == nets
    assert (found["input_vat"], found["payable_vat"], found["withholding"]) == (D("80.69"), D("19.31"), 5)
    assert (found["net_cash"], found["net_economic"], found["expected_profit"]) == (D("91.57"), D("96.57"), D("72.37"))
    assert (found["return_on_cost"], found["net_margin"]) == (D("0.305233"), D("0.18314"))


def test_as_another_public_calculator_takes_it() -> None:
    otherwise = replace(
        WORKED, commission_base="net", commission_vat="none", service_fee=D("8.49"), vat_credit=False,
        withholding_rate=D(0),
    )  # fmt: skip
    assert margin_of(otherwise)["net_cash"] == D("32.58")


@pytest.mark.parametrize(
    ("vat", "of_gross", "of_net"), [(20, "16.50", "16.50"), (10, "16.50", "18.00"), (1, "16.50", "19.60")]
)
def test_the_commission_base_matters_where_the_vat_is_another(vat: int, of_gross: str, of_net: str) -> None:
    sale = replace(WORKED, sale=D(110), vat_rate=D(vat))
    assert margin_of(sale)["commission"] == D(of_gross)
    assert margin_of(replace(sale, commission_base="net", commission_vat="added"))["commission"] == D(of_net)


def reference(line: Line) -> dict[str, Decimal]:
    """The same from the definition, one amount after the other."""
    minor = D(1).scaleb(-line.minor_digits)

    def rounded(amount: Decimal) -> Decimal:
        return amount.quantize(minor, ROUND_HALF_UP)

    def net(amount: Decimal, rate: Decimal) -> Decimal:
        return rounded(amount / (1 + rate / 100)) if rate else amount

    service = line.service_vat_rate
    divisor = 100 + line.vat_rate if line.commission_base == "net" else 100
    factor = 100 + service if line.commission_vat == "added" else 100
    commission = rounded(line.sale * line.commission_rate * factor / (divisor * 100))  # divided last: a tie stays one
    export_fee = rounded(line.sale * line.export_fee_rate / 100)
    financing = rounded(line.sale * line.financing_rate / 100 * line.payment_days / 365)
    sale_net, cost_net = net(line.sale, line.vat_rate), net(line.cost, line.cost_vat_rate)
    commission_net = net(commission, service if line.commission_vat != "none" else D(0))
    charged = {name: getattr(line, name) for name in ("service_fee", "cargo", "other_costs")} | {
        "export_fee": export_fee
    }
    nets = {name: net(amount, service) for name, amount in charged.items()}
    gross = line.cost + commission + sum(charged.values())
    input_vat = gross - cost_net - commission_net - sum(nets.values()) if line.vat_credit else D(0)
    balance = line.sale - sale_net - input_vat
    withholding = rounded(sale_net * line.withholding_rate / 100)
    net_cash = line.sale - gross - financing - withholding - max(balance, D(0))

    def lost(amount: Decimal, without_vat: Decimal) -> Decimal:
        return without_vat if line.vat_credit else amount

    return_loss = lost(line.cargo, nets["cargo"]) + lost(line.return_cargo, net(line.return_cargo, service))
    return_loss += 0 if line.service_fee_refunded else lost(line.service_fee, nets["service_fee"])
    return_loss += 0 if line.commission_refunded else lost(commission, commission_net)
    return_loss += 0 if line.resaleable else lost(line.cost, cost_net)
    share = line.return_rate / 100
    return {
        "sale_net": sale_net, "commission": commission, "commission_net": commission_net, "export_fee": export_fee,
        "financing": financing, "input_vat": input_vat, "payable_vat": max(balance, D(0)),
        "vat_carried_forward": max(-balance, D(0)), "withholding": withholding, "net_cash": net_cash,
        "net_economic": net_cash + withholding, "return_loss": return_loss,
        "expected_profit": rounded((1 - share) * net_cash - share * return_loss),
    }  # fmt: skip


def rates(highest: int = 100) -> st.SearchStrategy[Decimal]:
    return st.sampled_from([D(0), D(1), D(10), D(20)]) | st.decimals(0, highest, places=2)


@st.composite
def lines(draw: st.DrawFn) -> Line:
    digits = draw(st.sampled_from([0, 2, 2, 3]))
    places = draw(st.sampled_from([digits, digits, 4]))
    highest = draw(st.sampled_from([D(10), D(1000), D(10) ** 9]))
    amounts = st.decimals(0, highest, places=places)
    return Line(
        minor_digits=digits, sale=draw(amounts), vat_rate=draw(rates()),
        cost=draw(amounts), cost_vat_rate=draw(rates()),
        commission_rate=draw(rates()), commission_base=draw(st.sampled_from(["gross", "net"])),
        commission_vat=draw(st.sampled_from(["included", "added", "none"])), service_vat_rate=draw(rates()),
        service_fee=draw(amounts), cargo=draw(amounts), export_fee_rate=draw(rates()), other_costs=draw(amounts),
        financing_rate=draw(rates(999)), payment_days=draw(st.integers(0, 365)), withholding_rate=draw(rates()),
        vat_credit=draw(st.booleans()), return_rate=draw(rates()), return_cargo=draw(amounts),
        commission_refunded=draw(st.booleans()), service_fee_refunded=draw(st.booleans()),
        resaleable=draw(st.booleans()),
    )  # fmt: skip


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with formula() as known:
        yield known


@given(line=lines())
def test_no_line_differs_from_the_reference(connection: duckdb.DuckDBPyConnection, line: Line) -> None:
    found: dict[str, Any] = margin_of(line)
    assert found == margin_in_sql(connection, line)
    expected = reference(line)
    assert {name: found[name] for name in expected} == expected
    if line.vat_credit and found["vat_carried_forward"] == 0:  # then all that was paid without VAT is all that is lost
        nets = [name for name in found if name.endswith("_net") and name != "sale_net"]
        costs = sum(found[name] for name in nets) + found["financing"] + found["withholding"]
        assert found["net_cash"] == found["sale_net"] - costs


@pytest.mark.acceptance
def test_the_identity_holds_over_many_lines(full_size: bool) -> None:
    seed = random.randrange(2**32)
    print(f"lines of seed {seed}")
    drawn = [a_line(random.Random(f"{seed} {number}")) for number in range(100_000 if full_size else 2_000)]
    columns = {each.name: [getattr(line, each.name) for line in drawn] for each in fields(Line)}
    kinds = {"DECIMAL(18, 4)": pa.decimal128(18, 4), "DECIMAL(7, 2)": pa.decimal128(7, 2), "INTEGER": pa.int32()}
    arrays = [pa.array(columns[name], kinds.get(kind)) for name, kind in column_types().items()]
    with duckdb.connect() as connection:
        define_margins(connection)
        connection.register("drawn", pa.table([pa.array(range(len(drawn))), *arrays], names=["line", *columns]))
        found = connection.execute("SELECT * FROM margins(drawn) ORDER BY line").to_arrow_table().to_pylist()
    assert len(found) == len(drawn)
    balanced = 0
    for line, row in zip(drawn, found, strict=True):
        del row["line"]
        assert margin_of(line) == row, line
        expected = reference(line)
        assert {name: row[name] for name in expected} == expected, line
        nets = sum(row[f"{name}_net"] for name in CHARGES)
        identity = row["sale_net"] - nets - row["financing"] - row["withholding"]
        assert row["net_cash"] == identity - row["vat_carried_forward"]
        assert row["net_economic"] - row["net_cash"] == row["withholding"]
        balanced += row["vat_carried_forward"] == 0
    assert 0 < balanced < len(drawn)


def a_line(chance: random.Random) -> Line:
    """A sale as it may be in Türkiye, with VAT credited; now and then one at a loss, with more VAT paid than taken."""
    price = D(chance.randrange(1, 10**7)) / 100
    cost = (price * D(chance.randrange(5, 130)) / 100).quantize(D("0.0001"))
    pick = chance.choice
    return Line(
        minor_digits=2, sale=price, vat_rate=pick([D(1), D(10), D(20)]), cost=cost,
        cost_vat_rate=pick([D(0), D(10), D(20)]),
        commission_rate=D(chance.randrange(0, 3000)) / 100, commission_base=pick(["gross", "net"]),
        commission_vat=pick(["included", "added", "none"]), service_vat_rate=D(20),
        service_fee=D(chance.randrange(0, 2000)) / 100, cargo=D(chance.randrange(0, 20_000)) / 100,
        export_fee_rate=pick([D(0), D(5)]), other_costs=D(chance.randrange(0, 1000)) / 100,
        financing_rate=pick([D(0), D(45)]), payment_days=chance.randrange(0, 60),
        withholding_rate=pick([D(0), D(1)]),
        vat_credit=True, return_rate=D(chance.randrange(0, 3000)) / 100,
        return_cargo=D(chance.randrange(0, 9999)) / 100,
        commission_refunded=pick([True, False]), service_fee_refunded=pick([True, False]),
        resaleable=pick([True, False]),
    )  # fmt: skip
