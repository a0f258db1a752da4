"""The log of every security-relevant act: written in the act's own transaction, as the next leaf of a Merkle tree.

An act is noted with `record`; the transaction's end gives it its place. So an act and its entry are there together or
not at all, and whoever holds the log's head does so for the last moment of the transaction only.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import Session

from meschain.audit.appending import append
from meschain.audit.rules import Act, Actor, Tag
from meschain.audit.subjects import Subjects
from meschain.store.tenancy import TenantSession
from meschain.store.vault import Vault

_NOTED = "audit_noted"


@dataclass(slots=True)
class _Noted:
    """What a transaction will write down at its end."""

    subjects: Subjects
    acts: list[Act] = field(default_factory=list)


class AuditLog:
    """The installation's log."""

    def __init__(self, vault: Vault) -> None:
        self.subjects = Subjects(vault)

    def record(  # noqa: PLR0913  an act has that many sides
        self,
        session: Session,
        tag: Tag,
        actor: Actor,
        *,
        target: str = "",
        before: object = None,
        after: object = None,
        personal: Mapping[str, Mapping[str, Any]] | None = None,
        tenant_id: str | None = None,
    ) -> None:
        """Append an act when the session's transaction is committed; undone with it.

        `target` is what was acted on (`run 0198…`), `before` and `after` what that changed: JSON values without
        floats and without anything personal. That goes into `personal`, by data subject, under each one's own key.
        `tenant_id` is the actor's if it is not given.
        """
        known = {subject: dict(values) for subject, values in (personal or {}).items()}
        way = {"ip": actor.ip, "user_agent": actor.user_agent}
        if actor.data_subject and any(way.values()):
            known[actor.data_subject] = {**way, **known.get(actor.data_subject, {})}
        act = Act(tag, actor, tenant_id or actor.tenant_id, target, before, after, known)
        noted: _Noted = session.info.setdefault(_NOTED, _Noted(self.subjects))
        noted.acts.append(act)


@event.listens_for(TenantSession, "before_commit")
def _write_down(session: TenantSession) -> None:
    noted: _Noted | None = session.info.pop(_NOTED, None)
    if noted is not None:
        append(session, noted.subjects, noted.acts)


@event.listens_for(TenantSession, "after_rollback")
def _forget(session: TenantSession) -> None:
    session.info.pop(_NOTED, None)
