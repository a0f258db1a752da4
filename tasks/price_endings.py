"""The state in which a flow around margins and prices ends, in words for a person."""

from collections.abc import Sequence
from typing import Any

from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from tasks.price_jobs import Made

Ended = Sequence[tuple[str, Made | Exception | None]]


def losers_of(ended: Ended) -> list[dict[str, Any]]:
    """What is shown of each tenant (losers, refused prices), for a table."""
    return [{"tenant": tenant, **row} for tenant, end in ended if isinstance(end, Made) for row in end.shown]


def computed(ended: Ended) -> State[Any]:
    """The state of a flow that computed margins: what was, what loses, what could not be; failed if a tenant failed."""
    made = [end for _, end in ended if isinstance(end, Made)]
    lines, losing = sum(end.count("computed") for end in made), sum(end.count("losing") for end in made)
    message = f"{lines:,} margins of {len(made)} tenants, {losing:,} lose cash{_wanting(made, 'computed', 'losing')}"
    return _told(ended, message, made)


def priced(ended: Ended) -> State[Any]:
    """The state of a flow that made prices: held when the floor refused some, for a person has to look at these."""
    made = [end for _, end in ended if isinstance(end, Made)]
    moved = {name: sum(end.count(name) for end in made) for name in ("new", "raised", "lowered", "unchanged")}
    refused = sum(end.count("below_floor") for end in made)
    counted = ", ".join(f"{number:,} {name}" for name, number in moved.items())
    message = f"Prices: {counted}; {refused:,} refused by the floor{_wanting(made, *moved, 'below_floor', 'no_rule')}"
    return _told(ended, message, made, held=bool(refused))


def looked(made: Made) -> State[Any]:
    """The state of a flow that looked at what rules would do."""
    told = ", ".join(f"{number:,} {name}" for name, number in made.outcomes.items()) or "no offer"
    return Completed(message=f"They would come to: {told}", data=made.model_dump(mode="json"))


def estimated(made: Made) -> State[Any]:
    """The state of a flow that computed a what-if."""
    told = [f"{row['channel']}: {row['difference']} {row['currency']}" for row in made.shown]
    return Completed(message="; ".join(told) or "Nothing to compare", data=made.model_dump(mode="json"))


def _told(ended: Ended, message: str, made: Sequence[Made], *, held: bool = False) -> State[Any]:
    failed = [f"{tenant}: {end}" for tenant, end in ended if isinstance(end, Exception)]
    if failed:
        return Failed(message=f"{message}. {'; '.join(failed)}")
    data = {"tenants": [{"tenant": end.tenant, "counts": end.counts} for end in made]}
    return Completed(name="Held", message=message, data=data) if held else Completed(message=message, data=data)


def _wanting(made: Sequence[Made], *known: str) -> str:
    """What could not be, by reason."""
    reasons = sorted({outcome for end in made for outcome in end.outcomes} - {*known})
    told = ", ".join(f"{sum(end.count(reason) for end in made):,} {reason}" for reason in reasons)
    return f"; could not be: {told}" if told else ""
