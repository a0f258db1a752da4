"""What stands before every route: who asks is found out, and whether that is allowed; a refusal is written down.

    def list_suppliers(who: Annotated[Principal, Allow(Permission.SUPPLIERS_READ)]) -> ...
    def sync(supplier: str, who: Annotated[Principal, Allow(Permission.CATALOG_SYNC, "supplier")]) -> ...

With a scope, the path parameter of that name says for what it is asked.
"""

from typing import Any

from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.security.utils import get_authorization_scheme_param

from meschain.access.authentication import Authenticator, Way
from meschain.access.context import Access
from meschain.access.permissions import Permission
from meschain.access.principal import Principal
from meschain.access.refusals import note_refusal
from meschain.access.rules import Forbidden, Unauthenticated
from meschain.access.scopes import Scope, ScopeKind

NOBODY = "an access token or an API key is expected as `Authorization: Bearer …`"


class Guard:
    """A dependency that lets in who may; gives the principal."""

    def __init__(self, permission: Permission | None, scope: ScopeKind | None, *, partly: bool) -> None:
        self.permission = permission
        self._scope = scope
        self._partly = partly

    async def __call__(self, request: Request) -> Principal:
        """The principal; raises Unauthenticated or Forbidden."""
        text = bearer_of(request)
        if not text:
            raise Unauthenticated(NOBODY)
        way, authenticator = way_of(request), authenticator_of(request)
        who = authenticator.remembered(text, way)
        if who is None:
            who = await run_in_threadpool(authenticator.by_bearer, text, way)
        await self.check(request, who)
        return who

    async def check(self, request: Request, who: Principal) -> None:
        """Forbidden, and noted in the log, unless the principal may do it."""
        request.state.principal = who
        request.app.state.rates.count(request, who)
        if self.permission is None:
            return
        scope = (self._scope, request.path_params[self._scope]) if self._scope and not self._partly else None
        try:
            if self._partly and self._scope:
                who.scopes(self.permission, self._scope)
            else:
                who.require(self.permission, scope)
        except Forbidden as refusal:
            await run_in_threadpool(_note, access_of(request), who, self.permission, str(refusal), scope)
            raise


def Allow(permission: Permission, scope: ScopeKind | None = None, *, partly: bool = False) -> Any:  # noqa: N802, ANN401  reads as an annotation; what FastAPI takes
    """The dependency of a route that needs this permission; `partly`: for at least one thing of the scope's kind."""
    return Depends(Guard(permission, scope, partly=partly))


def Anybody() -> Any:  # noqa: N802, ANN401  reads as an annotation; what FastAPI takes
    """The dependency of a route for whoever is logged in, about itself."""
    return Depends(Guard(None, None, partly=False))


def bearer_of(request: Request) -> str:
    """The access token or API key that the request shows; empty if it shows none."""
    scheme, text = get_authorization_scheme_param(request.headers.get("authorization"))
    return text if scheme.lower() == "bearer" else ""


def way_of(request: Request) -> Way:
    """By what way the request came."""
    client = request.client.host if request.client else None
    agent = request.headers.get("user-agent")
    return Way(getattr(request.state, "request_id", None), client, agent[:300] if agent else None)


def access_of(request: Request) -> Access:
    """The access room's context."""
    found: Access = request.app.state.house.access
    return found


def authenticator_of(request: Request) -> Authenticator:
    """The process's authenticator."""
    found: Authenticator = request.app.state.authenticator
    return found


def require(request: Request, who: Principal, permission: Permission, scope: Scope | None) -> None:
    """Forbidden, and noted in the log, unless the principal may do it; for what is known only within the route."""
    try:
        who.require(permission, scope)
    except Forbidden as refusal:
        _note(access_of(request), who, permission, str(refusal), scope)
        raise


def _note(access: Access, who: Principal, permission: Permission, reason: str, scope: Scope | None) -> None:
    """Write down that somebody was refused."""
    target = f"{scope[0]} {scope[1][:80]}" if scope else ""
    note_refusal(access, who.actor, {"permission": permission.value, "reason": reason}, target)
