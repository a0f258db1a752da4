"""What every room's context for one tenant begins with: whose work it is, who does it, and how the log hears of it."""

from dataclasses import dataclass

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from meschain.audit.rules import Actor, Tag
from meschain.audit.service import AuditLog


@dataclass(frozen=True, slots=True, kw_only=True)
class Acting:
    """Somebody at work for one tenant."""

    tenant_id: str
    tenant: str
    engine: Engine
    """Bound to the tenant."""
    log: AuditLog
    actor: Actor

    def record(
        self,
        session: Session,
        tag: Tag,
        target: str,
        *,
        before: object = None,
        after: object = None,
        actor: Actor | None = None,
    ) -> None:
        """Write an act of this context's actor, or of `actor`, into the audit log with the session's transaction."""
        actor = (actor or self.actor).of_tenant(self.tenant_id)
        self.log.record(session, tag, actor, target=target, before=before, after=after)
