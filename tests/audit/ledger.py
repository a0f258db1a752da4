"""A log in a real store, with entries of two tenants and of the installation, and a hand that may alter anything."""

from dataclasses import dataclass, field

from cryptography.fernet import Fernet
from sqlalchemy import Engine, select

from meschain.access.tenants import create_tenant
from meschain.audit.checkpoints import checkpoint
from meschain.audit.context import Audit
from meschain.audit.rules import OPERATOR, Actor, Tag
from meschain.audit.service import AuditLog
from meschain.audit.tables import Entry, Head
from meschain.audit.verification import Verdict, verify_log
from meschain.store.installation import open_installation
from meschain.store.session import reading, transaction
from meschain.store.vault import Vault

_AT_ONCE = 100


@dataclass
class Ledger:
    """The log, its tenants' ids, and the persons that it speaks of."""

    audit: Audit
    tenants: dict[str, str]
    persons: tuple[str, ...] = ("ayse", "mehmet")
    notes: list[str] = field(default_factory=list)

    @classmethod
    def on(cls, engine: Engine, vault: Vault | None = None) -> "Ledger":
        """An empty log in this store."""
        vault = vault or Vault(Fernet.generate_key().decode())
        audit = Audit(engine, vault, AuditLog(vault), open_installation(engine, vault))
        return cls(audit, {slug: create_tenant(engine, slug).id for slug in ("one", "two")})

    def write(self, count: int) -> None:
        """So many entries more: of one tenant, the other, the installation, in turn; each seventh says of a person."""
        for begin in range(0, count, _AT_ONCE):
            with transaction(self.audit.everywhere) as session:
                for number in range(begin, min(begin + _AT_ONCE, count)):
                    tenant = [*self.tenants.values(), None][number % 3]
                    person = self.persons[number % 2]
                    actor = Actor("user", person, tenant, f"req-{number}") if tenant else OPERATOR
                    personal = {person: {"ip": f"192.0.2.{number % 250}"}} if number % 7 == 0 else {}
                    self.audit.log.record(
                        session,
                        Tag.ROLE_CHANGED,
                        actor,
                        target=f"role r{number}",
                        after={"n": number},
                        personal=personal,
                    )

    def sign(self) -> str:
        """Sign the log as it is; the note."""
        self.notes.append(checkpoint(self.audit).note)
        return self.notes[-1]

    def size(self) -> int:
        """How many entries the head counts."""
        with reading(self.audit.everywhere) as session:
            return session.scalars(select(Head.size)).one()

    def entries(self) -> list[Entry]:
        """All of them."""
        with reading(self.audit.everywhere) as session:
            return list(session.scalars(select(Entry).order_by(Entry.index)))

    def verify(self, *since: str) -> Verdict:
        """The verdict on the log."""
        return verify_log(self.audit, since)

    def alter(self, *statements: str) -> None:
        """What somebody does who may write to the database: first of all, take its guards away."""
        with self.audit.engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
            else:
                found = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").all()
                for (name,) in found:
                    connection.exec_driver_sql(f"DROP TRIGGER {name}")
            for statement in statements:
                connection.exec_driver_sql(statement)
