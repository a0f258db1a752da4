"""Routes around roles: the built-in ones, and those of the tenant's own."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from pydantic import Field

from meschain.access import own_roles
from meschain.access.api.schemas import Body, Patterns, RoleOut
from meschain.access.guard import Allow, access_of
from meschain.access.permissions import Permission
from meschain.access.principal import Principal
from meschain.access.roles import Rights, builtin_roles, describe_role
from meschain.access.tables import Role
from meschain.web.answers import StoreRoute
from meschain.web.etags import IfMatch, show_version

router = APIRouter(tags=["roles"], route_class=StoreRoute)
Reader = Annotated[Principal, Allow(Permission.ACCESS_READ)]
Writer = Annotated[Principal, Allow(Permission.ACCESS_WRITE)]
Name = Annotated[str, Path(max_length=63, examples=["price-watchers"])]


class RoleContent(Body):
    """What a role allows and denies: permissions, or patterns of them."""

    allow: Patterns
    deny: Patterns = Field(default=[])

    def rights(self) -> Rights:
        """As the use cases take it."""
        return Rights(tuple(self.allow), tuple(self.deny))


class NewRole(RoleContent):
    """A role of the tenant's own."""

    name: str = Field(max_length=63, examples=["price-watchers"])


@router.get("/roles")
def list_roles(request: Request, who: Reader) -> list[RoleOut]:
    """Every role that can be given."""
    builtin = [
        RoleOut(name=name, builtin=True, allow=list(r.allow), deny=list(r.deny), description=describe_role(name))
        for name, r in builtin_roles().items()
    ]
    return builtin + [RoleOut.of(role) for role in own_roles.list_roles(access_of(request), who.tenant_id)]


@router.post("/roles", status_code=201)
def create_role(request: Request, response: Response, body: NewRole, who: Writer) -> RoleOut:
    """Make a role of the tenant's own."""
    made = own_roles.create_role(
        access_of(request), who.actor, who.tenant_id, body.name, body.rights()
    )  # fmt: skip
    return _shown(response, made)


@router.get("/roles/{name}")
def get_role(request: Request, response: Response, name: Name, who: Reader) -> RoleOut:
    """A role of the tenant's own; its ETag is needed to change it."""
    return _shown(response, own_roles.get_role(access_of(request), who.tenant_id, name))


@router.put("/roles/{name}")
def change_role(
    request: Request, response: Response, name: Name, body: RoleContent, who: Writer, version: IfMatch
) -> RoleOut:
    """Let a role of the tenant's own mean something else from now on."""
    changed = own_roles.change_role(access_of(request), who.actor, who.tenant_id, name, body.rights(), version=version)
    return _shown(response, changed)


@router.delete("/roles/{name}", status_code=204)
def remove_role(request: Request, name: Name, who: Writer) -> Response:
    """Remove a role of the tenant's own that nobody has."""
    own_roles.remove_role(access_of(request), who.actor, who.tenant_id, name)
    return Response(status_code=204)


def _shown(response: Response, role: Role) -> RoleOut:
    show_version(response, role.version)
    return RoleOut.of(role)
