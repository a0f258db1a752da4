"""Routes for a person's own sake: what is kept of it, and that it is erased."""

from typing import Annotated, Any

from fastapi import APIRouter, Request, Response

from meschain.access import privacy
from meschain.access.guard import Allow, access_of
from meschain.access.permissions import Permission
from meschain.access.personal_export import export_person
from meschain.access.principal import Principal
from meschain.access.rules import NotFound
from meschain.access.tables import Membership
from meschain.store.session import reading

router = APIRouter(tags=["privacy"])


@router.get("/users/{user_id}/personal-data")
def export_personal_data(
    request: Request, user_id: str, who: Annotated[Principal, Allow(Permission.PERSONAL_READ)]
) -> dict[str, Any]:
    """What the tenant has of a member, for that person; that it was handed out is written down."""
    return export_person(access_of(request), who.actor, user_id, tenant_id=who.tenant_id)


@router.post("/users/{user_id}/erasure", status_code=204)
def erase_person(
    request: Request, user_id: str, who: Annotated[Principal, Allow(Permission.PERSONAL_ERASE)]
) -> Response:
    """Erase a member who belongs to no other tenant, for ever: its key is destroyed, the log stays provable."""
    access = access_of(request)
    with reading(access.of(who.tenant_id)) as session:  # whoever was erased before is nobody's member any more
        if session.get(Membership, (who.tenant_id, user_id)) is None:
            raise NotFound(f"there is no member {user_id}")
    privacy.erase(access, who.actor, user_id, tenant_id=who.tenant_id)
    return Response(status_code=204)
