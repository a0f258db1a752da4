"""Who asks, once that is proved: a user in a session or an API key, always within one tenant."""

from dataclasses import dataclass

from meschain.access.permissions import Permission
from meschain.access.policy import Policy
from meschain.access.rules import Forbidden
from meschain.access.scopes import Scope, Scopes
from meschain.access.tables import Locale
from meschain.audit.rules import Actor


@dataclass(frozen=True, slots=True)
class Principal:
    """A user or an API key at work for a tenant."""

    actor: Actor
    tenant_id: str
    tenant: str
    """The tenant's slug."""
    policy: Policy
    session_id: str | None = None
    """None for an API key."""
    locale: Locale = "en"

    @property
    def user_id(self) -> str:
        """The user's id; Forbidden for an API key, which has no account of its own."""
        if self.session_id is None:
            raise Forbidden("only a person who is logged in can do this, not an API key")
        return self.actor.id

    def require(self, permission: Permission, scope: Scope | None = None) -> None:
        """Forbidden, with the reason, unless it is allowed."""
        if not self.policy.allows(permission, scope):
            raise Forbidden(self.policy.decide(permission, scope).reason)

    def scopes(self, permission: Permission, kind: str) -> Scopes | None:
        """Of which things of a kind something may be shown; None means all. Forbidden if of none."""
        found = self.policy.scopes(permission, kind)
        if found is not None and not found:
            self.require(permission)
        return found
