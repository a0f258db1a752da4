"""Use cases around price rules: a version is drafted, looked at beforehand, approved. A version is never changed."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from commerce.errors import Refused
from meschain.access.rules import ChangedMeanwhile, NotFound
from meschain.audit.rules import Tag
from meschain.channels.tables import Channel
from meschain.pricing.context import Pricing
from meschain.pricing.rules import Rule, parse_rules
from meschain.pricing.tables import PriceRuleSet
from meschain.store.base import utc_now
from meschain.store.session import reading, transaction


def draft_rules(pricing: Pricing, rules: Sequence[Mapping[str, Any]], *, note: str = "") -> PriceRuleSet:
    """Keep the rules as the next version, to be looked at. Refused with every fault that they have."""
    parsed = parse_rules(rules)
    newest = select(func.max(PriceRuleSet.version)).where(PriceRuleSet.tenant_id == pricing.tenant_id)
    try:
        with transaction(pricing.engine) as session:
            _check_channels(pricing, session, parsed)
            stored = PriceRuleSet(
                version=(session.scalar(newest) or 0) + 1,
                rules=[rule.model_dump(mode="json", exclude_defaults=True) for rule in parsed],
                note=note or None,
                created_by=str(pricing.actor),
            )
            session.add(stored)
            told = {"rules": ", ".join(rule.name for rule in parsed), "note": note}
            pricing.record(session, Tag.PRICE_RULES_DRAFTED, f"price rules {stored.version}", after=told)
    except IntegrityError:
        raise ChangedMeanwhile(
            "somebody else drafted price rules at the same moment; look at them and try again"
        ) from None
    return stored


def _check_channels(pricing: Pricing, session: Session, rules: Sequence[Rule]) -> None:
    """Refused when a rule is for a channel that there is not."""
    known = set(session.scalars(select(Channel.slug).where(Channel.tenant_id == pricing.tenant_id)))
    for number, rule in enumerate(rules, 1):
        if unknown := sorted({*rule.when.channels} - known):
            there = ", ".join(sorted(known)) or "none yet"
            raise Refused(f"rule {number}, when.channels: there is no channel {unknown[0]!r}; there are: {there}")


def get_rules(pricing: Pricing, version: int | None = None) -> PriceRuleSet:
    """That version, or the active one; NotFound if there is none."""
    query = select(PriceRuleSet).where(PriceRuleSet.tenant_id == pricing.tenant_id)
    which = PriceRuleSet.status == "active" if version is None else PriceRuleSet.version == version
    with reading(pricing.engine) as session:
        found = session.scalars(query.where(which)).one_or_none()
    if found is None:
        text = "no price rules are active yet; draft some, look at the preview and approve them"
        raise NotFound(text if version is None else f"there is no version {version} of the price rules")
    return found


def list_rules(pricing: Pricing, *, before: int | None = None, limit: int | None = None) -> list[PriceRuleSet]:
    """The versions of the price rules, the newest first."""
    query = select(PriceRuleSet).where(PriceRuleSet.tenant_id == pricing.tenant_id)
    query = query.where(PriceRuleSet.version < before) if before is not None else query
    with reading(pricing.engine) as session:
        return list(session.scalars(query.order_by(PriceRuleSet.version.desc()).limit(limit)))


def keep_preview(pricing: Pricing, version: int, preview: Mapping[str, Any]) -> None:
    """Write down what the rules would do, for whoever approves them."""
    with transaction(pricing.engine) as session:
        session.execute(
            update(PriceRuleSet)
            .where(PriceRuleSet.tenant_id == pricing.tenant_id, PriceRuleSet.version == version)
            .values(preview=dict(preview))
        )


def approve_rules(pricing: Pricing, version: int) -> PriceRuleSet:
    """Let prices be made by that version from now on; the one before is retired.

    Refused unless it is a draft whose preview was computed.
    """
    with transaction(pricing.engine) as session:
        query = select(PriceRuleSet).where(PriceRuleSet.tenant_id == pricing.tenant_id).with_for_update()
        found = {each.version: each for each in session.scalars(query.order_by(PriceRuleSet.version))}
        rules = found.get(version)
        if rules is None:
            raise NotFound(f"there is no version {version} of the price rules")
        check_approvable(rules)
        replaced = [each.version for each in found.values() if each.status == "active"]
        session.execute(
            update(PriceRuleSet)
            .where(PriceRuleSet.tenant_id == pricing.tenant_id, PriceRuleSet.status == "active")
            .values(status="retired")
        )
        rules.status, rules.approved_at, rules.approved_by = "active", utc_now(), str(pricing.actor)
        told = {"replaces": replaced[0] if replaced else None, "counts": _counted(rules.preview)}
        pricing.record(session, Tag.PRICE_RULES_APPROVED, f"price rules {version}", after=told)
    return rules


def check_approvable(rules: PriceRuleSet) -> None:
    """Refused unless it is a draft whose preview was computed."""
    if rules.status != "draft":
        raise Refused(f"version {rules.version} of the price rules is {rules.status}: only a draft can be approved")
    if not rules.preview:
        raise Refused(f"nobody has seen what version {rules.version} of the price rules would do; preview it first")


def _counted(preview: Mapping[str, Any]) -> str:
    totals: dict[str, int] = {}
    for row in preview.get("counts", ()):
        totals[row["outcome"]] = totals.get(row["outcome"], 0) + row["offers"]
    return ", ".join(f"{outcome} {offers}" for outcome, offers in sorted(totals.items()))
