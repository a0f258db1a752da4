"""The words of prices as people read them: terms and what they can be, parts of a sale, what was refused, and why."""

from collections.abc import Mapping
from typing import NamedTuple

from meschain.web.console.language import N_
from meschain.web.console.wording import Word

TERM = {
    "vat_rate": Word(N_("VAT of the item")),
    "service_vat_rate": Word(N_("VAT of fees and cargo")),
    "commission_rate": Word(N_("Commission")),
    "commission_base": Word(N_("Commission is taken of")),
    "commission_vat": Word(N_("VAT of the commission")),
    "commission_refunded": Word(N_("Commission is given back for a return")),
    "service_fee": Word(N_("Service fee of an order")),
    "service_fee_refunded": Word(N_("Service fee is given back for a return")),
    "cargo": Word(N_("Cargo to the buyer")),
    "return_cargo": Word(N_("Cargo of a return")),
    "export_fee_rate": Word(N_("Fee for a sale abroad")),
    "other_costs": Word(N_("Packaging and advertisement")),
    "financing_rate": Word(N_("What money costs in a year")),
    "payment_days": Word(N_("Days until the channel pays")),
    "withholding_rate": Word(N_("Withholding tax")),
    "vat_credit": Word(N_("VAT paid is taken off VAT collected")),
    "return_rate": Word(N_("Returns")),
    "resaleable": Word(N_("What comes back can be sold again")),
    "carrier": Word(N_("Carrier")),
    "cargo_payer": Word(N_("Who pays the cargo")),
    "desi": Word(N_("Desi of a parcel that nobody has measured")),
    "cost_vat_included": Word(N_("A supplier's cost has VAT within")),
    "rate_source": Word(N_("Bank of the exchange rates")),
    "rate_side": Word(N_("Side of the exchange rates")),
    "rate_jump": Word(N_("Jump from which a rate is held")),
}
TERM_VALUE = {
    "true": Word(N_("yes")),
    "false": Word(N_("no")),
    "gross": Word(N_("the price with VAT")),
    "net": Word(N_("the price without VAT")),
    "included": Word(N_("within the commission")),
    "added": Word(N_("added to the commission")),
    "none": Word(N_("none")),
    "seller": Word(N_("the seller")),
    "buyer": Word(N_("the buyer")),
    "tcmb": Word(N_("Central Bank of Türkiye (TCMB)")),
    "ecb": Word(N_("European Central Bank (ECB)")),
    "buying": Word(N_("buying")),
    "selling": Word(N_("selling")),
}
"""What a term can be that is no number."""

PART = {
    "sale": Word(N_("Price")),
    "cost": Word(N_("Cost")),
    "commission": Word(N_("Commission")),
    "service_fee": Word(N_("Service fee")),
    "cargo": Word(N_("Cargo")),
    "export_fee": Word(N_("Export fee")),
    "other_costs": Word(N_("Other costs")),
    "financing": Word(N_("Waiting for the money")),
    "withholding": Word(N_("Withholding")),
    "payable_vat": Word(N_("VAT to be paid")),
    "net_cash": Word(N_("Cash profit")),
}
"""The lines of a quote."""

GAP = {
    "below_floor": Word(N_("below the floor"), "bad"),
    "no_price_possible": Word(N_("the rule finds no price"), "warn"),
    "no_price": Word(N_("no price"), "warn"),
    "no_cost": Word(N_("no cost"), "warn"),
    "no_rate": Word(N_("no rate of exchange"), "warn"),
    "no_tariff": Word(N_("no cargo tariff for the parcel"), "warn"),
    "no_vat_rate": Word(N_("no VAT rate"), "warn"),
    "amount_too_large": Word(N_("too large an amount"), "warn"),
    "desi_too_large": Word(N_("too large a parcel"), "warn"),
    "not_offered": Word(N_("not on sale"), "warn"),
    "no_rule": Word(N_("no rule fits"), "warn"),
    "term_gap": Word(N_("a fee or tax has no value today"), "warn"),
    "term_missing": Word(N_("a fee or tax was never stated"), "warn"),
    "term_overlap": Word(N_("a fee or tax has two values"), "warn"),
}
"""Why there is no price, or no margin."""


class Remedy(NamedTuple):
    """What to do about a gap, and the page where that is done; empty if none of the console does it."""

    text: str
    place: str = ""


REMEDIES: Mapping[str, Remedy] = {
    "no_price_possible": Remedy(N_("Change the rule, or the fees that grow as fast as the price."), "price-rules"),
    "no_price": Remedy(N_("Write a price rule for these offers, or have the supplier propose a price."), "price-rules"),
    "no_cost": Remedy(N_("The feed names no cost; mend the profile of the supplier."), "suppliers"),
    "no_rate": Remedy(N_("Have the rates of that day fetched, and approve them if they are held.")),
    "no_tariff": Remedy(N_("Add a cargo tariff that has a row for such parcels."), "tariffs"),
    "no_vat_rate": Remedy(N_("State the VAT of the items; neither the feed nor a term says it."), "terms"),
    "amount_too_large": Remedy(N_("Nothing costs a thousand million; mend the feed or its profile."), "suppliers"),
    "desi_too_large": Remedy(N_("Size or weight cannot be; mend the units in the profile."), "suppliers"),
    "not_offered": Remedy(N_("Nothing is to be done, unless the offer or the channel should be active."), "channels"),
    "no_rule": Remedy(
        N_("Write a price rule for these offers; the price that is out stays until then."), "price-rules"
    ),
    "term_gap": Remedy(N_("State the value that holds from the day on which the last one ended."), "terms"),
    "term_missing": Remedy(N_("State these fees and taxes for the channel; there is no reference for it."), "terms"),
    "term_overlap": Remedy(N_("End one of the two values earlier."), "terms"),
}

OUTCOME = {
    "new": Word(N_("new"), "ok"),
    "raised": Word(N_("raised"), "run"),
    "lowered": Word(N_("lowered"), "run"),
    "unchanged": Word(N_("unchanged")),
    **GAP,
}
"""What becomes of an offer's price."""
CAUSE = {
    "new": Word(N_("first price")),
    "rules": Word(N_("other rules")),
    "cost": Word(N_("the cost changed")),
    "list_price": Word(N_("the list price changed")),
    "rate": Word(N_("the rate of exchange changed")),
    "step": Word(N_("the next step of the way")),
    "terms": Word(N_("a fee, tax or tariff changed")),
    "approval": Word(N_("approved below the floor"), "warn"),
}
RULES_STATUS = {
    "draft": Word(N_("draft"), "warn"),
    "active": Word(N_("active"), "ok"),
    "retired": Word(N_("replaced")),
}
TERM_STANDING = {
    "stated": Word(N_("stated"), "ok"),
    "assumed": Word(N_("taken for granted")),
}
"""Whether somebody has said a value, or the reference does."""

DATED = {
    "holds": Word(N_("holds"), "ok"),
    "later": Word(N_("later"), "run"),
    "over": Word(N_("over")),
}
"""How a dated value stands today."""

VOCABULARIES: Mapping[str, Mapping[str, Word]] = {
    "cause": CAUSE,
    "dated": DATED,
    "gap": GAP,
    "outcome": OUTCOME,
    "part": PART,
    "remedy": {reason: Word(remedy.text) for reason, remedy in REMEDIES.items()},
    "rules": RULES_STATUS,
    "standing": TERM_STANDING,
    "term": TERM,
    "term-value": TERM_VALUE,
}
