"""A visit: one request for a page or an act, who makes it, and how it is answered.

    def list_roles(visit: Annotated[Visit, Entered(Permission.ACCESS_READ)]) -> Response: ...   for who may
    def log_in(visit: Annotated[Visit, Arrived()]) -> Response: ...                             for everybody

Both look at what was posted first: a form that was not sent from a page of ours reaches no route.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from fastapi import Depends, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse

from commerce.errors import BadRecord, MesChainError, Refused
from meschain.access import tenants, users
from meschain.access.api.tokens import visitor_of
from meschain.access.context import Access
from meschain.access.guard import Guard, access_of, authenticator_of, way_of
from meschain.access.permissions import Permission
from meschain.access.principal import Principal
from meschain.access.rules import ChangedMeanwhile, Forbidden, NotFound, Unauthenticated
from meschain.access.scopes import ScopeKind
from meschain.access.tables import HOME_TIME_ZONE, Locale
from meschain.audit.rules import Actor
from meschain.store.session import reading
from meschain.web.console import cookies
from meschain.web.console.language import LANGUAGES, choose_language
from meschain.web.console.notices import notice
from meschain.web.console.places import url
from meschain.web.console.rendering import render, render_fragment
from meschain.web.console.views.page import Form, Page, Reader, View
from meschain.web.problems import BadRequest
from meschain.web.wellformed import find_flaws
from meschain.wiring import House

_MOST_FIELDS = 400
_LONGEST_NUMBER = 10
_HIDDEN = frozenset({"csrf_token", "password", "current", "proof", "code"})
"""Never written back into a form."""
Posted = Mapping[str, str]


class LoginNeeded(Exception):
    """Nobody is logged in; `target` is the page to come back to."""

    def __init__(self, target: str | None) -> None:
        super().__init__("nobody is logged in")
        self.target = target


@dataclass(frozen=True, slots=True)
class Visit:
    """One request, ready to be answered. Its methods block: routes run in threads."""

    request: Request
    posted: Posted
    """Fields of the form that was sent; empty if none was."""
    cookie: str
    """Of the session, or of the visitor."""
    somebody: Principal | None
    language: Locale
    _names: dict[str, str] = field(default_factory=dict, repr=False)

    @property
    def who(self) -> Principal:
        """Who is logged in."""
        if self.somebody is None:
            raise LoginNeeded(None)
        return self.somebody

    @property
    def house(self) -> House:
        """The installation."""
        found: House = self.request.app.state.house
        return found

    @property
    def access(self) -> Access:
        """The access room's context."""
        return access_of(self.request)

    @property
    def actor(self) -> Actor:
        """Who acts, for the log."""
        return self.somebody.actor if self.somebody is not None else visitor_of(self.request)

    def given(self, name: str) -> str:
        """A field of the form, without blanks around it."""
        return self.posted.get(name, "").strip()

    def number(self, name: str) -> int:
        """A field that a page of ours wrote a whole number into, or a person was to; BadRequest for anything else."""
        text = self.given(name)
        if not (text.isascii() and text.isdigit() and len(text) < _LONGEST_NUMBER):
            raise BadRequest(422, "invalid", f"{name}: expected a whole number, not {text[:40]!r}")
        return int(text)

    @property
    def key(self) -> str | None:
        """What the form that was sent calls its wish: sent twice, it has the same; None if it has none."""
        return self.given("idempotency_key")[:64] or None

    def asked(self, name: str) -> str:
        """A part of the address' query."""
        return self.request.query_params.get(name, "").strip()

    def name_of(self, actor: str | None) -> str:
        """What to call who acted, such as `user:0198…`: a member by its name; empty for nobody."""
        told = Actor.parse(actor) if actor else None
        if told is None or told.kind != "user":
            return actor or ""
        if told.id not in self._names:
            try:
                self._names[told.id] = users.get_person(self.access, told.id).name
            except MesChainError:  # erased since
                self._names[told.id] = ""
        return self._names[told.id] or str(told)

    def show(self, view: View, status: int = 200) -> Response:
        """The page."""
        answer = HTMLResponse(render(self._page(), view), status)
        known = {cookies.cookie_of(self.request, name) for name in (cookies.SESSION, cookies.VISITOR)}
        if self.somebody is None and self.cookie not in known | {""}:
            cookies.set_cookie(self.request, answer, cookies.VISITOR, self.cookie)
        return answer

    def show_part(self, view: View) -> Response:
        """The part of the page that changes while something goes on."""
        return HTMLResponse(render_fragment(self._page(), view))

    def go(self, place: str, told: str | None = None, **values: object) -> Response:
        """To another page, which says what has been done (see `notices`)."""
        return RedirectResponse(url(place, **values, notice=told), 303)

    def form(self, error: MesChainError) -> tuple[Form, int]:
        """What was given, with why it cannot be done, and the answer's status.

        Raises the error if it is about more than the form: that one may not, that the thing is gone.
        """
        if isinstance(error, Unauthenticated | Forbidden | NotFound) or not isinstance(error, Refused | BadRecord):
            raise error
        return self.form_with({}, refused=str(error)), 409 if isinstance(error, ChangedMeanwhile) else 422

    def form_with(self, errors: Mapping[str, Any], *, refused: str = "") -> Form:
        """What was given, with what is wrong of it; secrets have to be given again."""
        values = {name: text for name, text in self.posted.items() if name not in _HIDDEN}
        return Form(values=values, errors=errors, refused=refused)

    def _page(self) -> Page:
        reader, zone = (None, HOME_TIME_ZONE) if self.somebody is None else _reader_of(self.access, self.somebody)
        path = self.request.url.path + (f"?{self.request.url.query}" if self.request.url.query else "")
        return Page(
            language=self.language, csrf_token=cookies.csrf_token(self.house.installation, self.cookie),
            path=path if self.request.method == "GET" else url("home"), zone_name=zone,
            request_id=str(self.request.state.request_id), reader=reader, notice=notice(self.asked("notice")),
        )  # fmt: skip


async def read_posted(request: Request) -> Posted:
    """The fields of the form that was sent; of a field that comes twice, the last."""
    if request.method != "POST":
        return {}
    async with request.form(max_files=0, max_fields=_MOST_FIELDS) as form:
        given = {name: text for name, text in form.items() if isinstance(text, str)}
    for _ in find_flaws(given):
        raise BadRequest(422, "invalid", "expected text without NUL and without halves of surrogate pairs")
    return given


class Entrance:
    """The dependency of a page for who is logged in."""

    def __init__(self, guard: Guard) -> None:
        self.guard = guard

    async def __call__(self, request: Request, posted: Posted = Depends(read_posted)) -> Visit:
        """The visit; raises LoginNeeded, BadRequest for a form from elsewhere, Forbidden."""
        cookie = cookies.cookie_of(request, cookies.SESSION)
        try:
            who = await run_in_threadpool(authenticator_of(request).by_cookie, cookie, way_of(request))
        except Unauthenticated:
            address = request.url
            target = f"{address.path}?{address.query}" if address.query else address.path
            raise LoginNeeded(target if request.method == "GET" else None) from None
        request.state.locale = who.locale
        visit = Visit(request, posted, cookie, who, who.locale)
        check_posted(visit)
        await self.guard.check(request, who)
        return visit


def Entered(permission: Permission | None = None, scope: ScopeKind | None = None, *, partly: bool = False) -> Any:  # noqa: N802, ANN401  reads as an annotation; what FastAPI takes
    """The visit of who is logged in and has the permission; without one, of whoever is logged in."""
    return Depends(Entrance(Guard(permission, scope, partly=partly)))


async def arrive(request: Request, posted: Posted = Depends(read_posted)) -> Visit:
    """The visit of anybody, counted by address; who is logged in, is known."""
    request.app.state.rates.count_visitor(request)
    cookie, who = cookies.cookie_of(request, cookies.SESSION), None
    if cookie:
        try:
            who = await run_in_threadpool(authenticator_of(request).by_cookie, cookie, way_of(request))
            request.state.locale = who.locale
        except Unauthenticated:
            cookie = ""
    cookie = cookie or cookies.cookie_of(request, cookies.VISITOR) or secrets.token_urlsafe(24)
    visit = Visit(request, posted, cookie, who, language_of(request))
    check_posted(visit)
    return visit


def Arrived() -> Any:  # noqa: N802, ANN401  reads as an annotation; what FastAPI takes
    """The visit of anybody."""
    return Depends(arrive)


def nobody(visit: Visit) -> Visit:
    """The same visit without the session that has just ended."""
    return replace(visit, somebody=None)


def language_of(request: Request) -> Locale:
    """The language of who is logged in, if that is known already; else what the browser asks for."""
    known: Locale | None = getattr(request.state, "locale", None)
    if known is not None:
        return known
    chosen = cookies.cookie_of(request, cookies.LANGUAGE)
    return choose_language(chosen if chosen in LANGUAGES else None, request.headers.get("accept-language", ""))


def check_posted(visit: Visit) -> None:
    """BadRequest for a form that was not sent from a page of ours."""
    if visit.request.method == "POST":
        token = visit.posted.get("csrf_token", "")
        cookies.check_origin(visit.request, visit.house.installation, visit.cookie, token)


def _reader_of(access: Access, who: Principal) -> tuple[Reader, str]:
    """Who reads the page, and the time zone of the tenant."""
    person, tenant = users.get_person(access, who.user_id), tenants.get_tenant(access.engine, who.tenant)
    with reading(access.everywhere) as session:
        many = len(users.list_tenants_of(session, who.user_id))
    reader = Reader(
        name=person.name or person.email, email=person.email, tenant=tenant.slug, tenant_name=tenant.name,
        tenants=many, rights=who.policy,
    )  # fmt: skip
    return reader, tenant.time_zone
