"""Routes around API keys."""

from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import AwareDatetime, Field

from meschain.access import api_keys
from meschain.access.api.schemas import ApiKeyMade, ApiKeyOut, Body, Given
from meschain.access.guard import Allow, access_of
from meschain.access.permissions import Permission
from meschain.access.principal import Principal
from meschain.web.answers import StoreRoute

router = APIRouter(tags=["api keys"], route_class=StoreRoute)


class NewApiKey(Body):
    """What a key is for, what it may do, and until when."""

    name: str = Field(max_length=200, examples=["price robot"])
    roles: Given
    expires_at: AwareDatetime = Field(examples=["2027-06-30T00:00:00Z"])


@router.get("/api-keys")
def list_keys(request: Request, who: Annotated[Principal, Allow(Permission.API_KEYS_READ)]) -> list[ApiKeyOut]:
    """The tenant's keys, also those that are over."""
    return [ApiKeyOut.of(key, given) for key, given in api_keys.list_api_keys(access_of(request), who.tenant_id)]


@router.post("/api-keys", status_code=201)
def create_key(
    request: Request, body: NewApiKey, who: Annotated[Principal, Allow(Permission.API_KEYS_WRITE)]
) -> ApiKeyMade:
    """Make a key. The answer has its secret, which cannot be had again."""
    access, given = access_of(request), [each.given() for each in body.roles]
    key, text = api_keys.create_api_key(access, who.actor, who.tenant_id, body.name, given, expires_at=body.expires_at)
    roles = body.roles
    return ApiKeyMade(**{**ApiKeyOut.of(key, []).model_dump(), "roles": roles}, key=text)


@router.delete("/api-keys/{key_id}", status_code=204)
def revoke_key(request: Request, key_id: str, who: Annotated[Principal, Allow(Permission.API_KEYS_WRITE)]) -> Response:
    """Let a key be good for nothing from now on."""
    api_keys.revoke_api_key(access_of(request), who.actor, who.tenant_id, key_id)
    return Response(status_code=204)
