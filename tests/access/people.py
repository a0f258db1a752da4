"""An access room on a real store, with short words for what the tests do over and over."""

from dataclasses import dataclass

import pyotp
from cryptography.fernet import Fernet
from sqlalchemy import Engine, select

from meschain.access import account, links, login
from meschain.access.authentication import Authenticator, Way
from meschain.access.context import Access
from meschain.access.grants import GivenRole
from meschain.access.links import Newcomer
from meschain.access.passwords import Passwords
from meschain.access.policy_cache import PolicyCache
from meschain.access.principal import Principal
from meschain.access.sessions import Opened
from meschain.access.signing import SigningKeys
from meschain.access.tables import SessionKind
from meschain.access.tenants import create_tenant
from meschain.audit.rules import OPERATOR, Actor
from meschain.audit.service import AuditLog
from meschain.audit.tables import Entry
from meschain.store.changes import Changes
from meschain.store.installation import open_installation
from meschain.store.session import reading
from meschain.store.vault import Vault

PASSWORD = "kırmızı fırtına 7 çaydanlık"
VISITOR = Actor("anonymous", request_id="req-1", ip="192.0.2.1", user_agent="Firefox")
WAY = Way("req-2", "192.0.2.1", "Firefox")


@dataclass
class People:
    """Tenants and their members."""

    access: Access
    keys: SigningKeys
    authenticator: Authenticator

    @classmethod
    def on(cls, engine: Engine) -> "People":
        """On this store."""
        vault = Vault(Fernet.generate_key().decode())
        patient = Passwords(patience=60.0)  # a busy machine turns nobody away
        access = Access(engine, vault, AuditLog(vault), open_installation(engine, vault), patient, PolicyCache())
        keys = SigningKeys(access)
        return cls(access, keys, Authenticator(access, keys, Changes(engine)))

    def tenant(self, slug: str = "acme") -> str:
        """A new tenant's id."""
        return create_tenant(self.access.engine, slug).id

    def owner(self, tenant_id: str, email: str = "ayse@example.com", name: str = "Ayşe Yılmaz") -> str:
        """The first owner of a tenant; the user's id."""
        text = links.invite_first_owner(self.access, tenant_id)
        return links.accept(self.access, VISITOR, text, Newcomer(name, PASSWORD, email))

    def member(self, tenant_id: str, email: str, *roles: str | GivenRole, name: str = "Mehmet Öz") -> str:
        """A member with these roles; the user's id."""
        given = [role if isinstance(role, GivenRole) else GivenRole(role) for role in roles]
        _, text = links.invite(self.access, OPERATOR.of_tenant(tenant_id), tenant_id, email, given)
        return links.accept(self.access, VISITOR, text, Newcomer(name, PASSWORD))

    def log_in(
        self,
        email: str = "ayse@example.com",
        password: str = PASSWORD,
        *,
        code: str | None = None,
        tenant: str | None = None,
        kind: SessionKind = "api",
    ) -> Opened:
        """A session."""
        known = login.check_password(self.access, VISITOR, email, password)
        return login.log_in(self.access, VISITOR, known.user_id, code=code, tenant=tenant, kind=kind)

    def token(self, opened: Opened) -> str:
        """An access token of the session."""
        return self.keys.issue(opened)[0]

    def who(self, opened: Opened) -> Principal:
        """Who a fresh access token of the session says it is."""
        return self.authenticator.by_bearer(self.token(opened), WAY)

    def second_factor(self, user_id: str) -> tuple[pyotp.TOTP, tuple[str, ...]]:
        """An authenticator app for the user, and its recovery codes."""
        app = pyotp.TOTP(account.begin_second_factor(self.access, user_id).secret)
        return app, account.confirm_second_factor(self.access, Actor("user", user_id), user_id, app.now())

    def tags(self) -> list[str]:
        """What the log says, in short."""
        with reading(self.access.everywhere) as session:
            return list(session.scalars(select(Entry.tag).order_by(Entry.index)))
