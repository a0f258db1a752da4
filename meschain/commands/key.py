"""`meschain key`: API keys of a tenant, and the key that signs access tokens."""

from datetime import timedelta
from typing import Annotated, Any

import typer

from meschain.access import api_keys
from meschain.access.grants import GivenRole
from meschain.access.signing import rotate_signing_key
from meschain.access.tables import ApiKey, Grant
from meschain.audit.rules import OPERATOR
from meschain.commands.screen import Json, Tenant, house_of, opened_house, show, table
from meschain.commands.user import Role, parse_role
from meschain.store.base import utc_now

app = typer.Typer(no_args_is_help=True, help="API keys of machines, and the key that signs access tokens.")


@app.command("list")
def list_all(tenant: Tenant = None, json: Json = False) -> None:
    """The tenant's API keys, also those that are over."""
    with house_of(tenant) as (house, owner):
        rows = [_described(key, given) for key, given in api_keys.list_api_keys(house.access, owner.id)]
    show(rows, json, lambda: table("API keys", rows))


@app.command()
def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is for.")],
    role: Role,
    days: Annotated[int, typer.Option(min=1, max=api_keys.MOST_DAYS, help="Days until it ends.")] = 90,
    tenant: Tenant = None,
    json: Json = False,
) -> None:
    """Make an API key; its secret is shown this once."""
    with house_of(tenant) as (house, owner):
        given = [parse_role(text) for text in role]
        until = utc_now() + timedelta(days=days)
        key, text = api_keys.create_api_key(
            house.access, OPERATOR.of_tenant(owner.id), owner.id, name, given, expires_at=until
        )
    result = {"id": key.id, "name": key.name, "expires_at": key.expires_at, "key": text}
    show(result, json, lambda: f"Keep this key; it cannot be shown again, and ends {until:%Y-%m-%d}:\n{text}")


@app.command()
def revoke(
    key: Annotated[str, typer.Argument(metavar="ID", help="The key's id, as the list shows it.")],
    tenant: Tenant = None,
    json: Json = False,
) -> None:
    """Let an API key be good for nothing from now on."""
    with house_of(tenant) as (house, owner):
        api_keys.revoke_api_key(house.access, OPERATOR.of_tenant(owner.id), owner.id, key)
    show({"revoked": key}, json, lambda: f"The key {key} is good for nothing any more.")


@app.command("rotate-signing")
def rotate_signing(json: Json = False) -> None:
    """Sign access tokens with a new key from now on; nobody is logged out."""
    with opened_house() as house:
        kid = rotate_signing_key(house.access, OPERATOR)
    show({"kid": kid}, json, lambda: f"Access tokens are signed with the new key {kid} from now on.")


def _described(key: ApiKey, given: list[Grant]) -> dict[str, Any]:
    roles = ", ".join(str(GivenRole(grant.role, grant.scope_kind, grant.scope_pattern)) for grant in given)
    return {
        "id": key.id, "name": key.name, "roles": roles, "expires_at": key.expires_at,
        "last_used_at": key.last_used_at, "revoked_at": key.revoked_at,
    }  # fmt: skip
