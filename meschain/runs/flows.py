"""What can run here: flows and the parameters they take, as the runner last announced them. No Prefect, no run.

A flow that tenants' people may start says so with a tag `needs:<permission>`; one without it is the operator's.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from jsonschema import Draft202012Validator
from sqlalchemy import Engine, delete, select

from commerce.errors import Refused
from meschain.access.permissions import Permission
from meschain.access.rules import NotFound
from meschain.runs.tables import Flow
from meschain.store.base import utc_now
from meschain.store.session import reading, transaction

TENANT = "tenant"
"""The parameter that says whose data a flow works on; it is never taken from a request."""
_NEEDS = "needs:"


class BadParameters(Refused):
    """Parameters do not fit; `problems` has each one's name and what is wrong with it."""

    def __init__(self, problems: Sequence[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{name}: {wrong}" if name else wrong for name, wrong in problems))
        self.problems = list(problems)

    def __reduce__(self) -> tuple[type["BadParameters"], tuple[list[tuple[str, str]]]]:
        """Keep the problems when the error crosses a process."""
        return type(self), (self.problems,)


def announce(engine: Engine, flows: Sequence[Flow]) -> None:
    """Write down what this runner can run, in the place of what was announced before."""
    with transaction(engine) as session:
        session.execute(delete(Flow).where(Flow.name.not_in([flow.name for flow in flows])))
        for flow in flows:
            flow.announced_at = utc_now()
            session.merge(flow)


def needed(flow: Flow) -> Permission | None:
    """The permission that starting it needs; None for a flow of the operator's."""
    found = [tag.removeprefix(_NEEDS) for tag in flow.tags if tag.startswith(_NEEDS)]
    return Permission(found[0]) if found and found[0] in set(Permission) else None


def list_flows(engine: Engine) -> list[Flow]:
    """The flows that tenants' people may start, by name."""
    with reading(engine) as session:
        return [flow for flow in session.scalars(select(Flow).order_by(Flow.name)) if needed(flow) is not None]


def get_flow(engine: Engine, name: str) -> Flow:
    """The flow of that name that may be started; NotFound otherwise."""
    with reading(engine) as session:
        found = session.get(Flow, name)
    if found is None or needed(found) is None:
        raise NotFound(f"there is no flow {name[:80]!r} that can be started here")
    return found


def schema_of(flow: Flow) -> dict[str, Any]:
    """JSON Schema of the parameters that a request may give: without the tenant, nothing beyond those named."""
    properties = {name: part for name, part in flow.parameters.get("properties", {}).items() if name != TENANT}
    required = [name for name in flow.parameters.get("required", []) if name != TENANT]
    return {**flow.parameters, "properties": properties, "required": required, "additionalProperties": False}


def check_parameters(flow: Flow, parameters: Mapping[str, Any], tenant: str) -> dict[str, Any]:
    """The parameters with the tenant in them; raises BadParameters naming each that does not fit."""
    validator = Draft202012Validator(schema_of(flow))
    problems = [
        (".".join(map(str, error.absolute_path)), error.message) for error in validator.iter_errors(dict(parameters))
    ]
    if problems:
        raise BadParameters(sorted(problems))
    works_for_one = TENANT in flow.parameters.get("properties", {})
    return {**parameters, TENANT: tenant} if works_for_one else dict(parameters)
