"""Asks for a run of a flow, as somebody called Ada."""

from cryptography.fernet import Fernet
from sqlalchemy import Engine

from meschain.audit.rules import Actor
from meschain.audit.service import AuditLog
from meschain.runs import service
from meschain.runs.tables import Trigger
from meschain.store.vault import Vault

_LOG = AuditLog(Vault(Fernet.generate_key().decode()))


def ask(
    engine: Engine, flow: str, *, tenant_id: str | None = None, key: str | None = None, **parameters: object
) -> str:
    """The trigger's id."""
    actor = Actor("user", "ada", tenant_id)
    return service.trigger(engine, flow, parameters, log=_LOG, actor=actor, idempotency_key=key).id


def cancel(engine: Engine, trigger_id: str, tenant_id: str) -> Trigger:
    """Ask for the end of a run."""
    return service.cancel(engine, trigger_id, log=_LOG, actor=Actor("user", "ada", tenant_id))
