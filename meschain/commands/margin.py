"""`meschain margin`: what a sale earns, and the price that earns enough. A quote needs no installation."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

import typer
from rich.console import Group

from commerce.errors import BadRecord
from commerce.numbers import parse_decimal
from meschain.commands.screen import Json, show, table
from meschain.pricing.explanation import explain
from meschain.pricing.quotes import HEADLINES, Asked, Quote, quote
from meschain.store.base import utc_now
from warehouse.margins import CommissionBase, CommissionVat, Grid, Target

app = typer.Typer(no_args_is_help=True, help="Margins: what a sale earns after fees, cargo and taxes.")
CHARGED = {
    "cost": "Cost", "commission": "Commission", "service_fee": "Service fee", "cargo": "Cargo",
    "export_fee": "Export fee", "other_costs": "Other costs",
}  # fmt: skip
TAKEN = {"financing": "Waiting for the money", "withholding": "Withholding", "payable_vat": "VAT to be paid"}


@app.callback()
def margin() -> None:
    """Margins: what a sale earns after fees, cargo and taxes."""


def number(text: str) -> Decimal:
    """A number as people write it: 83.93 or 83,93."""
    try:
        found = parse_decimal(text)
    except BadRecord as error:
        raise typer.BadParameter(str(error)) from None
    if found is None:
        raise typer.BadParameter("a number is expected")
    return found


def _amount(help_: str) -> Any:  # noqa: ANN401  what typer makes of an option has no public type
    return typer.Option(help=help_, parser=number, metavar="AMOUNT")


def _rate(help_: str) -> Any:  # noqa: ANN401  as above
    return typer.Option(help=f"{help_}, in per cent.", parser=number, metavar="RATE")


Base = Annotated[CommissionBase | None, typer.Option(help="Taken of the price with VAT (gross) or without (net).")]
Vat = Annotated[CommissionVat | None, typer.Option(help="VAT of the commission: within it, added to it, or none.")]
Credit = Annotated[
    bool | None, typer.Option("--input-vat-credit/--no-input-vat-credit", help="Whether VAT paid is taken off.")
]
CommissionRefunded = Annotated[
    bool | None, typer.Option("--commission-refunded/--commission-kept", help="When the item comes back.")
]
ServiceRefunded = Annotated[
    bool | None, typer.Option("--service-refunded/--service-kept", help="When the item comes back.")
]
Resaleable = Annotated[bool | None, typer.Option("--resaleable/--scrapped", help="What comes back can be sold again.")]


@app.command("quote")
def show_quote(
    price: Annotated[Decimal, _amount("Price with VAT.")],
    cost: Annotated[Decimal, _amount("What the item costs, with VAT.")],
    vat: Annotated[Decimal | None, _rate("VAT of the item")] = None,
    cost_vat: Annotated[Decimal | None, _rate("VAT of the cost; else as that of the item")] = None,
    commission: Annotated[Decimal | None, _rate("The marketplace's commission")] = None,
    commission_base: Base = None,
    commission_vat: Vat = None,
    cargo: Annotated[Decimal | None, _amount("Cargo to the buyer, with VAT.")] = None,
    service: Annotated[Decimal | None, _amount("Service fee of the order, with VAT.")] = None,
    service_vat: Annotated[Decimal | None, _rate("VAT of fees and cargo")] = None,
    export_fee: Annotated[Decimal | None, _rate("Fee for a sale abroad, of the price with VAT")] = None,
    other_costs: Annotated[Decimal | None, _amount("Packaging and advertisement, with VAT.")] = None,
    interest: Annotated[Decimal | None, _rate("What money costs in a year")] = None,
    payment_days: Annotated[int | None, typer.Option(help="Days until the marketplace pays.")] = None,
    withholding: Annotated[Decimal | None, _rate("Withholding tax, of the price without VAT")] = None,
    input_vat_credit: Credit = None,
    returns: Annotated[Decimal | None, _rate("How many come back")] = None,
    return_cargo: Annotated[Decimal | None, _amount("Cargo of a return, with VAT.")] = None,
    commission_refunded: CommissionRefunded = None,
    service_refunded: ServiceRefunded = None,
    resaleable: Resaleable = None,
    target_profit: Annotated[Decimal | None, _amount("Say the lowest price for this cash profit, too.")] = None,
    ending: Annotated[Decimal | None, _amount("What that price ends in, such as 0.90.")] = None,
    currency: Annotated[str, typer.Option(help="ISO 4217 code.")] = "TRY",
    on: Annotated[datetime | None, typer.Option(help="Day whose taxes and fees hold.", formats=["%Y-%m-%d"])] = None,
    json: Json = False,
) -> None:
    """What one sale earns; what is not said is taken from a dated Turkish reference, and named."""
    said = {
        "vat_rate": vat, "commission_rate": commission, "commission_base": commission_base,
        "commission_vat": commission_vat, "cargo": cargo, "service_fee": service, "service_vat_rate": service_vat,
        "export_fee_rate": export_fee, "other_costs": other_costs, "financing_rate": interest,
        "payment_days": payment_days, "withholding_rate": withholding, "vat_credit": input_vat_credit,
        "return_rate": returns, "return_cargo": return_cargo, "commission_refunded": commission_refunded,
        "service_fee_refunded": service_refunded, "resaleable": resaleable,
    }  # fmt: skip
    asked = Asked(
        price=price, cost=cost, cost_vat_rate=cost_vat, day=on.date() if on else utc_now().date(), currency=currency,
        terms={name: value for name, value in said.items() if value is not None},
        target=Target(target_profit) if target_profit is not None else None,
        grid=Grid(Decimal(1), ending) if ending is not None else None,
    )  # fmt: skip
    answer = quote(asked)
    show(_told(answer), json, lambda: _drawn(answer))


def _told(answer: Quote) -> dict[str, Any]:
    parts = {name: answer.shown(amount) for name, amount in answer.components.items()}
    told = {"currency": answer.currency} | {name: parts.pop(name) for name in HEADLINES}
    told["break_even_price"] = answer.shown(answer.break_even_price)
    expected = {name: parts.pop(name) for name in ("return_loss", "expected_profit")}
    told |= expected if answer.terms.return_rate else {}
    told |= {"price": answer.shown(answer.price)} if answer.target is not None else {}
    assumed = {term.name: {"value": term.value, "since": term.since, "source": term.source} for term in answer.assumed}
    return told | {"components": parts, "assumed": assumed}


def _drawn(answer: Quote) -> Group:
    rows = [_row(answer, "Price", "sale")]
    rows += [_row(answer, f"− {words}", name) for name, words in CHARGED.items() if answer.components[name]]
    rows += [_row(answer, f"− {words}", name) for name, words in TAKEN.items() if answer.components[name]]
    rows.append(_row(answer, "= Cash profit", "net_cash"))
    assumed = [
        {"what was not said": term.name, "taken": term.value, "since": str(term.since), "source": term.source}
        for term in answer.assumed
    ]
    lines = "\n".join(explain(answer))
    return Group(table(f"A sale, in {answer.currency}", rows), "", lines, "", table("Taken for granted", assumed))


def _row(answer: Quote, words: str, name: str) -> dict[str, Any]:
    amount, net = answer.components[name], answer.components.get(f"{name}_net")
    vat = amount - net if amount is not None and net is not None else None
    return {"": words, "with VAT": answer.shown(amount), "without": answer.shown(net), "VAT": answer.shown(vat)}
