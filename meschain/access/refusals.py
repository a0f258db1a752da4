"""That somebody was refused is written down: in a transaction of its own, since the refused one left nothing."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from meschain.access.context import Access
from meschain.access.rules import Forbidden
from meschain.audit.rules import Actor, Tag
from meschain.store.session import transaction

P = ParamSpec("P")
T = TypeVar("T")


def note_refusal(access: Access, actor: Actor, told: dict[str, str], target: str = "") -> None:
    """Write down what somebody was refused, and why."""
    if actor.tenant_id is None:
        return
    with transaction(access.of(actor.tenant_id)) as session:
        access.log.record(session, Tag.PERMISSION_REFUSED, actor, target=target, after=told)


def refusals_noted(
    use_case: Callable[Concatenate[Access, Actor, P], T],
) -> Callable[Concatenate[Access, Actor, P], T]:
    """The use case, which writes down when it finds that whoever acts may not."""

    @wraps(use_case)
    def noted(access: Access, actor: Actor, /, *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return use_case(access, actor, *args, **kwargs)
        except Forbidden as refusal:
            note_refusal(access, actor, {"reason": str(refusal)})
            raise

    return noted
