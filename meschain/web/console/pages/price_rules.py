"""Pages of price rules: their versions, one with what it would do to the prices, and a draft to be written."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Path, Response

from commerce.errors import MesChainError
from meschain.access.permissions import Permission
from meschain.pricing import price_rules
from meschain.pricing.rules import Rule, parse_rules
from meschain.pricing.tables import PriceRuleSet
from meschain.web.console.language import say
from meschain.web.console.pages.desk import ask, made, pricing_of
from meschain.web.console.pages.rows import paging
from meschain.web.console.places import ACTS, PAGES
from meschain.web.console.typed import Typed
from meschain.web.console.views import prices as views
from meschain.web.console.views.page import EMPTY, Form
from meschain.web.console.visits import Entered, Visit
from meschain.web.console.written import Faults
from meschain.web.console.written_rules import EXAMPLE, read_rules, write_rules
from meschain.web.cursors import make_cursor, open_cursor

router = APIRouter()
Reader = Annotated[Visit, Entered(Permission.PRICING_READ)]
Writer = Annotated[Visit, Entered(Permission.PRICING_WRITE)]
Version = Annotated[int, Path(ge=1, le=2**31)]
_LIMIT = 50
_CONDITIONS = ("channels", "suppliers", "brands", "categories")
_AMOUNTS = frozenset(
    {"before", "after", "net_cash", "least_profit", "price", "published_price", "floor_price"}
)  # fmt: skip


@router.get(PAGES["price-rules"])
def list_price_rules(visit: Reader) -> Response:
    """The versions, the newest first."""
    told = open_cursor(visit.request, visit.asked("cursor")[:8192] or None)
    found = price_rules.list_rules(pricing_of(visit), before=int(told[0]) if told else None, limit=_LIMIT + 1)
    after = make_cursor(visit.request, [found[_LIMIT - 1].version]) if len(found) > _LIMIT else None
    rows = tuple(_row(visit, each) for each in found[:_LIMIT])
    return visit.show(views.PriceRules(rows=rows, paging=paging(visit, after)))


@router.get(PAGES["new-price-rules"])
def show_new_price_rules(visit: Writer) -> Response:
    """A draft that begins with the newest version, or with an example."""
    newest = next(iter(price_rules.list_rules(pricing_of(visit), limit=1)), None)
    if newest is None:
        return visit.show(views.NewPriceRules(body=say(visit.language, EXAMPLE)))
    return visit.show(views.NewPriceRules(body=write_rules(newest.rules), begun_with=newest.version))


@router.post(ACTS["draft-price-rules"])
def draft_price_rules(visit: Writer) -> Response:
    """Keep a draft as the next version."""
    body, typed = visit.posted.get("body", ""), Typed(visit.posted)
    note = typed.text("note", 500)
    try:
        if typed.errors:
            raise Faults(())
        stored = price_rules.draft_rules(pricing_of(visit), read_rules(body), note=note)
    except (Faults, MesChainError) as error:
        told = error.faults if isinstance(error, Faults) else (str(visit.form(error)[0].refused),)
        view = views.NewPriceRules(body=body, errors=told, form=visit.form_with(typed.errors))
        return visit.show(view, 422)
    return visit.go("price-rule-set", "rules-drafted", version=stored.version)


@router.get(PAGES["price-rule-set"])
def show_price_rules(visit: Reader, version: Version) -> Response:
    """One version."""
    return visit.show(_rule_set(visit, version))


@router.post(ACTS["preview-price-rules"])
def preview_price_rules(
    visit: Annotated[Visit, Entered(Permission.PRICING_REFRESH)], version: Version
) -> Response:  # fmt: skip
    """Have it found out what the rules would do to the prices."""
    found = price_rules.get_rules(pricing_of(visit), version)
    asked = ask(visit, "preview-prices", {"version": found.version})
    return visit.go("trigger", "flow-started", trigger=asked.id)


@router.post(ACTS["approve-price-rules"])
def approve_price_rules(
    visit: Annotated[Visit, Entered(Permission.PRICING_APPROVE)], version: Version
) -> Response:  # fmt: skip
    """Let prices be made by these rules from now on."""
    try:
        price_rules.approve_rules(pricing_of(visit), version)
    except MesChainError as error:
        form, status = visit.form(error)
        return visit.show(_rule_set(visit, version, form), status)
    return visit.go("price-rule-set", "rules-approved", version=version)


def _rule_set(visit: Visit, version: int, form: Form = EMPTY) -> views.PriceRuleSet:
    found = price_rules.get_rules(pricing_of(visit), version)
    return views.PriceRuleSet(
        row=_row(visit, found), rules=tuple(map(_rule, parse_rules(found.rules))),
        preview=_preview(found.preview) if found.preview else None, form=form,
    )  # fmt: skip


def _row(visit: Visit, found: PriceRuleSet) -> views.RuleSetRow:
    return views.RuleSetRow(
        version=found.version, status=found.status, names=tuple(str(each["name"]) for each in found.rules),
        note=found.note or "", created_at=found.created_at, created_by=visit.name_of(found.created_by),
        previewed_at=datetime.fromisoformat(found.preview["at"]) if found.preview else None,
        approved_at=found.approved_at, approved_by=visit.name_of(found.approved_by),
    )  # fmt: skip


def _rule(rule: Rule) -> views.Rule:
    when, price = rule.when, rule.price
    return views.Rule(
        name=rule.name, conditions={name: getattr(when, name) for name in _CONDITIONS if getattr(when, name)},
        cost_from=when.cost_from, cost_below=when.cost_below, desi_from=when.desi_from, desi_below=when.desi_below,
        kind=price.kind, rate=getattr(price, "rate", Decimal(0)), amount=getattr(price, "amount", Decimal(0)),
        floor_profit=rule.floor.profit, floor_margin=rule.floor.margin_rate, advertised_rate=rule.advertised_rate,
        step=rule.rounding.step, ending=rule.rounding.ending, largest_step_rate=rule.largest_step_rate,
    )  # fmt: skip


def _preview(kept: Mapping[str, Any]) -> views.Preview:
    counts: dict[str, dict[str, int]] = defaultdict(dict)
    for row in kept["counts"]:
        counts[row["channel"]][row["outcome"]] = row["offers"]
    moves = tuple(made(views.Move, _exact(row)) for row in kept["examples"] if row["outcome"] != "refused")
    refusals = tuple(made(views.RefusedRow, _exact(row)) for row in kept["refusals"])
    at = datetime.fromisoformat(kept["at"])
    return views.Preview(at=at, counts=counts, moves=moves, refusals=refusals)


def _exact(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of the kept preview with amounts as numbers."""
    return {name: Decimal(value) if name in _AMOUNTS and value is not None else value for name, value in row.items()}
