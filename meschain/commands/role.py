"""`meschain role`: what can be given to people: the built-in roles, and those of a tenant's own."""

from typing import Annotated, Any

import typer

from meschain.access import own_roles
from meschain.access.permissions import Permission
from meschain.access.roles import Rights, builtin_roles, describe_role
from meschain.access.tables import Role
from meschain.audit.rules import OPERATOR
from meschain.commands.screen import Json, Tenant, house_of, show, table

app = typer.Typer(no_args_is_help=True, help="Roles: sets of permissions that are given to people and keys.")
Name = Annotated[str, typer.Argument(metavar="NAME", help="Small letters, digits and dashes.")]
Allow = Annotated[list[str], typer.Option("--allow", help="Permission or pattern: catalog:read, catalog:*, *.")]
Deny = Annotated[list[str] | None, typer.Option("--deny", help="What the role denies, whatever other roles allow.")]


@app.command("list")
def list_all(tenant: Tenant = None, json: Json = False) -> None:
    """Every role that can be given."""
    with house_of(tenant) as (house, owner):
        own = own_roles.list_roles(house.access, owner.id)
    rows = [
        {"role": name, "allow": ", ".join(r.allow), "deny": ", ".join(r.deny), "what for": describe_role(name)}
        for name, r in builtin_roles().items()
    ]
    rows += [_described(role) for role in own]
    show(rows, json, lambda: table("Roles", rows))


@app.command()
def permissions(json: Json = False) -> None:
    """Everything that can be permitted."""
    rows = [{"permission": each.value, "allows to": each.description} for each in Permission]
    show(rows, json, lambda: table("Permissions", rows))


@app.command()
def add(name: Name, allow: Allow, deny: Deny = None, tenant: Tenant = None, json: Json = False) -> None:
    """Make a role of the tenant's own."""
    with house_of(tenant) as (house, owner):
        rights = Rights(tuple(allow), tuple(deny or ()))
        made = _described(own_roles.create_role(house.access, OPERATOR.of_tenant(owner.id), owner.id, name, rights))
    show(made, json, lambda: table(f"Role {name}", [made]))


@app.command("set")
def change(name: Name, allow: Allow, deny: Deny = None, tenant: Tenant = None, json: Json = False) -> None:
    """Let a role of the tenant's own mean something else from now on."""
    with house_of(tenant) as (house, owner):
        rights = Rights(tuple(allow), tuple(deny or ()))
        changed = _described(own_roles.change_role(house.access, OPERATOR.of_tenant(owner.id), owner.id, name, rights))
    show(changed, json, lambda: table(f"Role {name}", [changed]))


@app.command()
def remove(name: Name, tenant: Tenant = None, json: Json = False) -> None:
    """Remove a role of the tenant's own that nobody has."""
    with house_of(tenant) as (house, owner):
        own_roles.remove_role(house.access, OPERATOR.of_tenant(owner.id), owner.id, name)
    show({"removed": name}, json, lambda: f"The role {name} is gone.")


def _described(role: Role) -> dict[str, Any]:
    return {"role": role.name, "allow": ", ".join(role.allow), "deny": ", ".join(role.deny), "what for": ""}
