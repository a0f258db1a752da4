"""`meschain user`: the members of a tenant, what they may do, and links for those who cannot get in."""

from typing import Annotated, Any

import typer

from commerce.errors import Refused
from meschain.access import account, grants, links, members, users
from meschain.access.context import Access
from meschain.access.explanation import explain
from meschain.access.grants import GivenRole
from meschain.access.permissions import Permission
from meschain.access.scopes import check_scope
from meschain.access.sessions import end_all_sessions
from meschain.access.tables import Tenant as TenantRow
from meschain.access.users import Person
from meschain.audit.rules import OPERATOR, Tag
from meschain.commands.screen import Json, Tenant, house_of, show, table
from meschain.store.session import reading, transaction
from meschain.wiring import House

app = typer.Typer(no_args_is_help=True, help="Users: the people of a tenant and what they may do.")
Who = Annotated[str, typer.Argument(metavar="USER", help="E-mail address or id.")]
Role = Annotated[
    list[str], typer.Option("--role", help="Role to give, such as ops, or ops@supplier:acme-* within a scope.")
]


@app.command("list")
def list_all(tenant: Tenant = None, json: Json = False) -> None:
    """The members of the tenant."""
    with house_of(tenant) as (house, owner):
        rows = _rows(house, owner)
    show(rows, json, lambda: table("Users", rows))


@app.command()
def invite(
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="Address of the person.")],
    role: Role,
    tenant: Tenant = None,
    json: Json = False,
) -> None:
    """Invite a person: prints a link that works once, for seven days."""
    with house_of(tenant) as (house, owner):
        given = [parse_role(text) for text in role]
        link, text = links.invite(house.access, OPERATOR.of_tenant(owner.id), owner.id, email, given)
        address = join_address(house, text)
    result = {"invitation": link.id, "email": email, "expires_at": link.expires_at, "link": address}
    show(
        result, json, lambda: f"Send this link to {email}; it works once, until {link.expires_at:%Y-%m-%d}:\n{address}"
    )


@app.command("roles")
def set_roles(who: Who, role: Role, tenant: Tenant = None, json: Json = False) -> None:
    """Let a member have exactly these roles."""
    with house_of(tenant) as (house, owner):
        person = find_member(house.access, owner, who)
        given = [parse_role(text) for text in role]
        members.set_grants(house.access, OPERATOR.of_tenant(owner.id), owner.id, person.id, given)
        rows = [row for row in _rows(house, owner) if row["id"] == person.id]
    show(rows[0], json, lambda: table(f"User {who}", rows))


@app.command()
def remove(who: Who, tenant: Tenant = None, json: Json = False) -> None:
    """End a membership, with its roles and sessions, and with the API keys and open invitations it made."""
    with house_of(tenant) as (house, owner):
        person = find_member(house.access, owner, who)
        members.remove_member(house.access, OPERATOR.of_tenant(owner.id), owner.id, person.id)
    show({"removed": person.id}, json, lambda: f"{who} is no member of {owner.slug} any more.")


@app.command("explain")
def explain_decision(
    who: Who,
    permission: Annotated[Permission, typer.Argument(metavar="PERMISSION", help="Such as catalog:approve.")],
    supplier: Annotated[str | None, typer.Option(help="For this supplier, not for the tenant as a whole.")] = None,
    tenant: Tenant = None,
    json: Json = False,
) -> None:
    """Why a member may do something, or not, and by which role."""
    with house_of(tenant) as (house, owner):
        person = find_member(house.access, owner, who)
        with reading(house.access.of(owner.id)) as session:
            policy = grants.policy_of(session, owner.id, user_id=person.id)
            roles = grants.roles_of(session, owner.id)
    scope = ("supplier", supplier) if supplier else None
    decision = policy.decide(permission, scope)
    text = explain(policy, permission, scope, roles)
    show({"allowed": bool(decision), "reason": decision.reason, "text": text}, json, lambda: text)


@app.command("reset-password")
def reset_password(who: Who, tenant: Tenant = None, json: Json = False) -> None:
    """Print a link by which the user sets a new password; it works once, for an hour."""
    with house_of(tenant) as (house, owner):
        person = find_member(house.access, owner, who)
        text = links.link_new_password(house.access, OPERATOR.of_tenant(owner.id), person.id)
        address = f"{house.settings.public_url}/console/links/{text}"
    show(
        {"user": person.id, "link": address},
        json,
        lambda: f"Send this link to {who}; it works once, for an hour:\n{address}",
    )


@app.command("reset-second-factor")
def reset_second_factor(who: Who, tenant: Tenant = None, json: Json = False) -> None:
    """Ask a user who has lost app and codes for no code any more; see first that it is that person."""
    with house_of(tenant) as (house, owner):
        person = find_member(house.access, owner, who)
        account.reset_second_factor(house.access, OPERATOR.of_tenant(owner.id), person.id)
    show({"user": person.id}, json, lambda: f"{who} logs in with the password alone; every session has ended.")


@app.command("end-sessions")
def end_sessions(who: Who, tenant: Tenant = None, json: Json = False) -> None:
    """Log the user out everywhere, at once."""
    with house_of(tenant) as (house, owner):
        person = find_member(house.access, owner, who)
        with transaction(house.access.everywhere) as session:
            end_all_sessions(session, person.id)
            house.log.record(session, Tag.SESSION_REVOKED, OPERATOR.of_tenant(owner.id), target=f"user {person.id}")
    show({"user": person.id}, json, lambda: f"Every session of {who} has ended.")


def parse_role(text: str) -> GivenRole:
    """`ops` or `ops@supplier:acme-*` as a role to give."""
    role, at, scope = text.partition("@")
    kind, colon, pattern = scope.partition(":")
    if at and not colon:
        raise Refused(f"{text!r} is no role; expected such as ops, or ops@supplier:acme-* within a scope")
    if not at:
        return GivenRole(role)
    check_scope(kind, pattern)
    return GivenRole(role, "channel" if kind == "channel" else "supplier", pattern)


def find_member(access: Access, tenant: TenantRow, who: str) -> Person:
    """The member with that address or id; Refused if there is none."""
    wanted = who.strip().lower()
    found = [person for person in users.list_members(access, tenant.id) if wanted in {person.id, person.email}]
    if not found:
        raise Refused(f"{tenant.slug} has no member {who!r}; see `meschain user list --tenant {tenant.slug}`")
    return found[0]


def join_address(house: House, text: str) -> str:
    """Where the link of an invitation leads."""
    return f"{house.settings.public_url}/console/links/{text}"


def _rows(house: House, tenant: TenantRow) -> list[dict[str, Any]]:
    given = grants.list_grants(house.access, tenant.id)
    return [
        {
            "id": person.id, "email": person.email, "name": person.name, "active": person.active,
            "roles": ", ".join(
                str(GivenRole(grant.role, grant.scope_kind, grant.scope_pattern))
                for grant in given if grant.user_id == person.id
            ),
        }
        for person in users.list_members(house.access, tenant.id)
    ]  # fmt: skip
