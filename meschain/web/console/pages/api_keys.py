"""The page of API keys: what machines may do, made and revoked."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Response

from commerce.errors import MesChainError
from meschain.access import api_keys
from meschain.access.grants import GivenRole
from meschain.access.permissions import Permission
from meschain.access.tables import ApiKey, Grant
from meschain.store.base import utc_now
from meschain.web.console.pages.roles import list_choices
from meschain.web.console.places import ACTS, PAGES
from meschain.web.console.rights_forms import read_grants
from meschain.web.console.views.mine import ApiKeys, KeyRow, KeyState
from meschain.web.console.views.page import EMPTY, Form, OneTime
from meschain.web.console.visits import Entered, Visit

router = APIRouter()
Writer = Annotated[Visit, Entered(Permission.API_KEYS_WRITE)]


@router.get(PAGES["api-keys"])
def list_keys(visit: Annotated[Visit, Entered(Permission.API_KEYS_READ)]) -> Response:
    """The tenant's keys."""
    return visit.show(_keys(visit))


@router.post(ACTS["create-api-key"])
def create_key(visit: Writer) -> Response:
    """Make a key; its secret is shown this once."""
    who, name, given = visit.who, visit.given("name"), read_grants(visit.posted)
    until = utc_now() + timedelta(days=min(visit.number("days"), api_keys.MOST_DAYS + 1))
    try:
        _, text = api_keys.create_api_key(visit.access, who.actor, who.tenant_id, name, given, expires_at=until)
    except MesChainError as error:
        form, status = visit.form(error)
        return visit.show(_keys(visit, form, given), status)
    return visit.show(_keys(visit, made=OneTime("api-key", text, name)))


@router.post(ACTS["revoke-api-key"])
def revoke_key(visit: Writer, key: str) -> Response:
    """Let a key be good for nothing from now on."""
    api_keys.revoke_api_key(visit.access, visit.who.actor, visit.who.tenant_id, key)
    return visit.go("api-keys", "key-revoked")


def _keys(
    visit: Visit, form: Form = EMPTY, given: tuple[GivenRole, ...] = (), made: OneTime | None = None
) -> ApiKeys:  # fmt: skip
    found = api_keys.list_api_keys(visit.access, visit.who.tenant_id)
    rows = tuple(_row(visit, key, roles) for key, roles in found)
    return ApiKeys(keys=rows, roles=list_choices(visit), grants=given, form=form, made=made)


def _row(visit: Visit, key: ApiKey, given: list[Grant]) -> KeyRow:
    state: KeyState = "active"
    if key.revoked_at is not None:
        state = "revoked"
    elif key.expires_at <= utc_now():
        state = "expired"
    return KeyRow(
        id=key.id, name=key.name, state=state, created_by=visit.name_of(key.created_by), created_at=key.created_at,
        grants=tuple(GivenRole(one.role, one.scope_kind, one.scope_pattern) for one in given),
        expires_at=key.expires_at, last_used_at=key.last_used_at,
    )  # fmt: skip
