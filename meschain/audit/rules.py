"""What an act is called, who did it, and how it is written down. Pure decisions, no store."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal, Self, get_args

ActorKind = Literal["anonymous", "api_key", "operator", "system", "user"]


class Tag(StrEnum):
    """Everything that is written down, as `source:subject:action`, in alphabetical order."""

    API_KEY_CREATED = "access:api-key:created"
    API_KEY_REVOKED = "access:api-key:revoked"
    GRANT_ADDED = "access:grant:added"
    GRANT_REMOVED = "access:grant:removed"
    INVITATION_ACCEPTED = "access:invitation:accepted"
    INVITATION_CREATED = "access:invitation:created"
    INVITATION_REVOKED = "access:invitation:revoked"
    LOCKOUT_BEGAN = "access:lockout:began"
    LOCKOUT_ENDED = "access:lockout:ended"
    LOGIN_FAILED = "access:login:failed"
    LOGIN_SUCCEEDED = "access:login:succeeded"
    MEMBERSHIP_REMOVED = "access:membership:removed"
    PASSWORD_CHANGED = "access:password:changed"  # noqa: S105  the name of an act
    PASSWORD_RESET_REQUESTED = "access:password:reset-requested"  # noqa: S105  the name of an act
    PERMISSION_REFUSED = "access:permission:refused"
    RECOVERY_CODES_MADE = "access:recovery-codes:made"
    ROLE_CHANGED = "access:role:changed"
    ROLE_CREATED = "access:role:created"
    ROLE_REMOVED = "access:role:removed"
    SECOND_FACTOR_DISABLED = "access:second-factor:disabled"
    SECOND_FACTOR_ENABLED = "access:second-factor:enabled"
    SESSION_REVOKED = "access:session:revoked"
    SIGNING_KEY_ROTATED = "access:signing-key:rotated"
    TENANT_CHANGED = "access:tenant:changed"
    TENANT_CREATED = "access:tenant:created"
    TENANT_EXPORTED = "access:tenant:exported"
    TENANT_REMOVED = "access:tenant:removed"
    TOKEN_REUSED = "access:token:reused"  # noqa: S105  the name of an act
    USER_CHANGED = "access:user:changed"
    USER_CREATED = "access:user:created"
    LOG_EXPORTED = "audit:log:exported"
    LOG_KEY_ROTATED = "audit:signing-key:rotated"
    OFFERS_EXPORTED = "catalog:offers:exported"
    PROFILE_CHANGED = "catalog:profile:changed"
    QUARANTINE_RETRIED = "catalog:quarantine:retried"
    RUN_APPROVED = "catalog:run:approved"
    RUN_REJECTED = "catalog:run:rejected"
    RUN_ROLLED_BACK = "catalog:run:rolled-back"
    SUPPLIER_CHANGED = "catalog:supplier:changed"
    SUPPLIER_CREATED = "catalog:supplier:created"
    CHANNEL_CHANGED = "channels:channel:changed"
    CHANNEL_CREATED = "channels:channel:created"
    FLOW_RUN_CANCELLED = "flows:run:cancelled"
    FLOW_RUN_REQUESTED = "flows:run:requested"
    FLOW_RUN_RETRIED = "flows:run:retried"
    BACKUP_MADE = "operations:backup:made"
    BACKUP_RESTORED = "operations:backup:restored"
    VAULT_KEY_ROTATED = "operations:vault-key:rotated"
    BULLETIN_ACCEPTED = "pricing:bulletin:accepted"
    BULLETIN_HELD = "pricing:bulletin:held"
    BULLETIN_REJECTED = "pricing:bulletin:rejected"
    PRICE_APPROVED = "pricing:price:approved"
    PRICE_RULES_APPROVED = "pricing:rules:approved"
    PRICE_RULES_DRAFTED = "pricing:rules:drafted"
    TARIFF_ADDED = "pricing:tariff:added"
    TARIFF_REMOVED = "pricing:tariff:removed"
    TERM_ADDED = "pricing:term:added"
    TERM_REMOVED = "pricing:term:removed"
    PERSONAL_DATA_EXPORTED = "privacy:personal-data:exported"
    PERSONAL_DATA_READ = "privacy:personal-data:read"
    SUBJECT_ERASED = "privacy:subject:erased"
    SECURITY_REPORTED = "reports:security:made"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, for which tenant, and by what way. `id` is a pseudonym (a user's or a key's id), never a name."""

    kind: ActorKind
    id: str = ""
    tenant_id: str | None = None
    request_id: str | None = None
    flow_run_id: str | None = None
    ip: str | None = None
    user_agent: str | None = None
    subject: str | None = None
    """The person whose data `ip` and `user_agent` are, if it is not the user of that id."""

    @property
    def data_subject(self) -> str | None:
        """Under whose key the address and the browser are kept."""
        return self.subject or (self.id if self.kind == "user" else None)

    def of_tenant(self, tenant_id: str) -> Self:
        """The same actor, acting for that tenant."""
        return replace(self, tenant_id=tenant_id)

    def known_as(self, user_id: str, tenant_id: str | None = None) -> Self:
        """The same visitor, now that it is known which user it is, and for which tenant it acts."""
        return replace(self, kind="user", id=user_id, tenant_id=tenant_id, subject=None)

    def __str__(self) -> str:
        """As a run keeps who decided it: `user:0198…`, `operator`."""
        return f"{self.kind}:{self.id}" if self.id else self.kind

    @classmethod
    def parse(cls, text: str) -> Self:
        """The actor of such a text; what was written otherwise is the word of an operator."""
        kind, _, name = text.partition(":")
        known: dict[str, ActorKind] = {each: each for each in get_args(ActorKind)}
        return cls(known[kind], name) if kind in known else cls("operator", text)


OPERATOR = Actor("operator")
"""Whoever may use the command line of the installation."""


def system(job: str, flow_run_id: str | None = None) -> Actor:
    """A flow or another job that acts by itself."""
    return Actor("system", job, flow_run_id=flow_run_id)


@dataclass(frozen=True, slots=True)
class Act:
    """One act, before it has its place in the log."""

    tag: Tag
    actor: Actor
    tenant_id: str | None
    target: str
    before: object
    after: object
    personal: Mapping[str, Mapping[str, Any]]
    """What is known of persons, by data subject: kept apart, under each one's own key."""

    def body(self, index: int, sequence: int | None, at: datetime, commitments: list[dict[str, str]]) -> dict[str, Any]:
        """What the log's leaf says of the act: no name, no address, nothing that would have to be erased."""
        return {
            "index": index,
            "tenant": self.tenant_id,
            "sequence": sequence,
            "at": at.isoformat(timespec="microseconds"),
            "tag": self.tag.value,
            "actor": {"kind": self.actor.kind, "id": self.actor.id},
            "target": self.target,
            "before": self.before,
            "after": self.after,
            "request": self.actor.request_id,
            "flow_run": self.actor.flow_run_id,
            "commitments": commitments,
        }
