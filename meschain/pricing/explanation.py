"""A quote in sentences: what a person wants to know of it, beside the table of its parts."""

from collections.abc import Iterator
from decimal import Decimal

from meschain.pricing.quotes import Quote


def explain(answer: Quote) -> list[str]:
    """The sentences, in the order in which they are read."""
    return list(_sentences(answer))


def _sentences(answer: Quote) -> Iterator[str]:
    parts, currency = answer.components, answer.currency

    def said(amount: Decimal | None) -> str:
        return f"{answer.shown(amount)} {currency}"

    yield f"Economic profit, the withholding being tax paid ahead: {said(parts['net_economic'])}."
    if parts["vat_carried_forward"]:
        yield f"More VAT was paid than collected: {said(parts['vat_carried_forward'])} are carried forward, no cash."
    if answer.terms.return_rate:
        rate, lost = answer.terms.return_rate, said(parts["return_loss"])
        yield f"A return loses {lost}; with {rate:f} % of them a sale earns {said(parts['expected_profit'])}."
    if answer.break_even_price is None:
        yield "No price is high enough to break even: the fees grow as fast as the price."
    else:
        yield f"The lowest price that loses no cash is {said(answer.break_even_price)}."
    if answer.target is not None:
        yield _of_the_target(answer)


def _of_the_target(answer: Quote) -> str:
    wanted = answer.target
    assert wanted is not None  # noqa: S101  asked for by the caller
    parts = [f"{answer.shown(wanted.amount)} {answer.currency}"] if wanted.amount or not wanted.rate else []
    parts += [f"{wanted.rate:f} % of the price without VAT"] if wanted.rate else []
    sought = " and ".join(parts)
    if answer.price is None:
        return f"No price earns {sought}: the fees grow as fast as the price."
    return f"The lowest price for {sought} cash profit is {answer.shown(answer.price)} {answer.currency}."
