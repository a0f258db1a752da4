"""The route of quotes: what one sale earns, and the price for a profit, by what was stated and what is said with it."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Self

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field, ValidationInfo, field_validator

from commerce.currency import minor_digits
from meschain.access.permissions import Permission
from meschain.pricing.api.bodies import Brand, Category, Currency, Named, invalid
from meschain.pricing.api.context import pricing_of
from meschain.pricing.api.schemas import Body
from meschain.pricing.api.scope import SomeReader, require_for, the_channel, the_currency
from meschain.pricing.api.terms import shown_value
from meschain.pricing.explanation import explain
from meschain.pricing.quotes import HEADLINES, Asked, Quote
from meschain.pricing.quoting import quote_sale
from meschain.pricing.resolution import Sale
from meschain.pricing.terms import Amount, Rate, Term
from meschain.store.base import utc_now
from warehouse.margins import CommissionBase, CommissionVat, Grid, Target

router = APIRouter(tags=["margins"])
_OF_RETURNS = ("return_loss", "expected_profit")
Profit = Annotated[Decimal, Field(gt=-(10**9), lt=10**9, decimal_places=4)]
Margin = Annotated[Decimal, Field(ge=-90, lt=100, decimal_places=2)]


class SaidTerms(Body):
    """What is said of this sale alone; what is left out is as it was stated, or as in the reference."""

    vat_rate: Rate | None = None
    service_vat_rate: Rate | None = Field(default=None, description="Of fees and cargo.")
    commission_rate: Rate | None = None
    commission_base: CommissionBase | None = Field(default=None, description="Taken of the price with VAT or without.")
    commission_vat: CommissionVat | None = Field(default=None, description="VAT of the commission.")
    commission_refunded: bool | None = Field(default=None, description="When the item comes back.")
    service_fee: Amount | None = Field(default=None, description="Of the order, with VAT.")
    service_fee_refunded: bool | None = Field(default=None, description="When the item comes back.")
    cargo: Amount | None = Field(default=None, description="To the buyer, with VAT.")
    return_cargo: Amount | None = Field(default=None, description="Of a return, with VAT.")
    export_fee_rate: Rate | None = Field(default=None, description="Of the price with VAT.")
    other_costs: Amount | None = Field(default=None, description="Packaging and advertisement, with VAT.")
    financing_rate: Rate | None = Field(default=None, description="What money costs in a year.")
    payment_days: Annotated[int, Field(ge=0, le=3650)] | None = None
    withholding_rate: Rate | None = Field(default=None, description="Of the price without VAT.")
    vat_credit: bool | None = Field(default=None, description="Whether VAT paid is taken off VAT collected.")
    return_rate: Rate | None = None
    resaleable: bool | None = Field(default=None, description="What comes back can be sold again.")


class QuoteBody(Body):
    """A sale of one item, with amounts in one currency and rates in per cent."""

    price: Amount = Field(description="With VAT.", examples=["600"])
    cost: Amount = Field(description="With VAT.", examples=["300"])
    cost_vat_rate: Rate | None = Field(default=None, description="null: that of the item.")
    currency: Currency | None = Field(default=None, description="null: that of the channel, otherwise TRY.")
    day: date | None = Field(default=None, description="Whose taxes and fees hold; null: today.")
    channel: Named | None = None
    supplier: Named | None = None
    brand: Brand | None = None
    category: Category | None = None
    desi: Annotated[Decimal, Field(gt=0, lt=10**6, decimal_places=2)] | None = Field(
        default=None, description="Of the parcel; null: as stated."
    )
    terms: SaidTerms = SaidTerms()
    target_profit: Profit | None = Field(default=None, description="Say the lowest price for this cash profit, too.")
    target_margin_rate: Margin | None = Field(
        default=None, description="The same for this part of the price without VAT, on top of the profit."
    )
    step: Annotated[Decimal, Field(gt=0, le=10**6, decimal_places=4)] | None = Field(
        default=None, description="Of that price; null: 1 with an ending, else the smallest coin."
    )
    ending: Amount | None = Field(default=None, description="What that price ends in, such as 0.90 of each step.")

    @field_validator("ending")
    @classmethod
    def _within_a_step(cls, ending: Decimal | None, info: ValidationInfo) -> Decimal | None:
        step = info.data.get("step") or Decimal(1)
        if ending is not None and ending >= step:
            raise ValueError(f"expected less than the step, {step}")
        return ending

    @property
    def sale(self) -> Sale:
        """What its conditions are held against."""
        return Sale(self.channel or "", self.supplier or "", self.brand or "", self.category or "")

    def asked(self, currency: str, today: date) -> Asked:
        """As the use case takes it."""
        profit, rate, step, ending = self.target_profit, self.target_margin_rate, self.step, self.ending
        wanted, gridded = (profit, rate) != (None, None), (step, ending) != (None, None)
        return Asked(
            price=self.price, cost=self.cost, cost_vat_rate=self.cost_vat_rate, currency=currency,
            day=self.day or today, terms=self.terms.model_dump(exclude_none=True),
            target=Target(profit or Decimal(0), rate or Decimal(0)) if wanted else None,
            grid=Grid(step or Decimal(1), ending or Decimal(0)) if gridded else None,
        )  # fmt: skip


class UsedTerm(BaseModel):
    """A value that was used, and where it comes from."""

    value: str
    since: date
    source: str


class QuoteOut(BaseModel):
    """What the sale earns; amounts in its currency."""

    currency: str
    net_cash: Decimal = Field(description="What is left in cash.")
    net_economic: Decimal = Field(description="The same with the withholding, which is tax paid ahead.")
    payable_vat: Decimal
    withholding: Decimal
    break_even_price: Decimal | None = Field(
        description="The lowest that loses no cash; null: no price is high enough."
    )
    return_loss: Decimal | None = Field(description="What one return loses; null without returns.")
    expected_profit: Decimal | None = Field(description="Cash profit with the returns; null without returns.")
    price: Decimal | None = Field(description="The lowest for the target; null: none was asked for, or none is.")
    components: dict[str, Decimal | None] = Field(
        description="Every part of the formula.", examples=[{"cargo": "83.93"}]
    )
    stated: dict[str, UsedTerm] = Field(description="What was stated for such sales.")
    assumed: dict[str, UsedTerm] = Field(description="What nobody said, taken from the reference.")
    explanation: list[str] = Field(description="The same in sentences.")

    @classmethod
    def of(cls, answer: Quote) -> Self:
        """From the answer."""
        parts = {name: answer.shown(amount) for name, amount in answer.components.items()}
        told: dict[str, Any] = {name: parts.pop(name) for name in HEADLINES}
        returned = {name: parts.pop(name) for name in _OF_RETURNS}
        told |= returned if answer.terms.return_rate else dict.fromkeys(_OF_RETURNS)
        return cls(
            currency=answer.currency, **told, break_even_price=answer.shown(answer.break_even_price),
            price=answer.shown(answer.price), components=parts, stated=_used(answer.stated),
            assumed=_used(answer.assumed), explanation=explain(answer),
        )  # fmt: skip


@router.post("/margins/quote")
def quote(request: Request, body: QuoteBody, who: SomeReader) -> QuoteOut:
    """What one sale earns after fees, cargo and taxes, and the price for a profit. Nothing is kept."""
    if body.channel:
        require_for(request, who, Permission.PRICING_READ, body.channel)
    pricing = pricing_of(request, who)
    currency = the_currency(the_channel(pricing, body.channel), body.currency)
    coin = Decimal(1).scaleb(-minor_digits(currency))
    if body.step is not None and body.step % coin:
        raise invalid([(("step",), f"expected a multiple of {coin}, the smallest coin of {currency}")])
    asked = body.asked(currency, pricing.day_of(utc_now()))
    return QuoteOut.of(quote_sale(pricing, asked, body.sale, body.desi))


def _used(terms: Sequence[Term]) -> dict[str, UsedTerm]:
    return {
        term.name: UsedTerm(value=shown_value(term), since=term.since, source=term.source) for term in terms
    }  # fmt: skip
