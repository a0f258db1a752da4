"""Pages before and after a session: log in, second factor, links that work once, the tenant to work for, log out."""

from typing import Annotated

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse

from commerce.errors import MesChainError
from meschain.access import grants, links, login, sessions, users
from meschain.access.links import Newcomer
from meschain.access.rules import Unauthenticated
from meschain.access.sessions import Opened
from meschain.store.session import reading
from meschain.web.console.cookies import (
    KNOWN,
    LANGUAGE,
    SESSION,
    VISITOR,
    clear_cookie,
    cookie_of,
    open_known,
    seal_known,
    set_cookie,
)
from meschain.web.console.language import LANGUAGES
from meschain.web.console.places import ACTS, PAGES, inside, url
from meschain.web.console.views.entry import ChooseTenant, Login, SecondFactor, SignedOut, TenantChoice, UseLink
from meschain.web.console.views.page import EMPTY, Form
from meschain.web.console.visits import Arrived, Entered, Visit, nobody
from meschain.web.problems import BadRequest

router = APIRouter()
Anyone = Annotated[Visit, Arrived()]
Me = Annotated[Visit, Entered()]


@router.get(PAGES["login"])
def show_login(visit: Anyone) -> Response:
    """Where to log in; who is logged in already goes on."""
    if visit.somebody is not None:
        return visit.go("home")
    return visit.show(Login(next=visit.asked("next")))


@router.post(ACTS["log-in"])
def log_in(visit: Anyone) -> Response:
    """Password first: a code, if it is due, is asked for on a page of its own."""
    try:
        known = login.check_password(visit.access, visit.actor, visit.given("email"), visit.posted.get("password", ""))
        if not known.needs_code:
            return _begin(visit, known.user_id, None)
    except Unauthenticated as error:
        form = visit.form_with({}, refused=str(error))
        return visit.show(Login(form=form, next=visit.given("next")), 401)
    answer = visit.go("second-factor", next=visit.given("next") or None)
    set_cookie(visit.request, answer, KNOWN, seal_known(visit.house.vault, known.user_id))
    return answer


@router.get(PAGES["second-factor"])
def show_second_factor(visit: Anyone) -> Response:
    """Where the code is given."""
    if _known(visit) is None:
        return visit.go("login")
    return visit.show(SecondFactor(next=visit.asked("next")))


@router.post(ACTS["give-code"])
def give_code(visit: Anyone) -> Response:
    """The code of the second factor, or a recovery code."""
    user_id = _known(visit)
    if user_id is None:
        return visit.go("login", next=visit.given("next") or None)
    try:
        return _begin(visit, user_id, visit.given("code"))
    except Unauthenticated as error:
        form = visit.form_with({}, refused=str(error))
        return visit.show(SecondFactor(form=form, next=visit.given("next")), 401)


@router.get(PAGES["choose-tenant"])
def show_tenants(visit: Me) -> Response:
    """For whom one may work."""
    return visit.show(_tenants(visit))


@router.post(ACTS["use-tenant"])
def use_tenant(visit: Me) -> Response:
    """Work for another tenant: this session ends, and another one begins there."""
    who = visit.who
    opened = sessions.change_tenant(visit.access, who.actor, who.session_id or "", visit.given("tenant"))
    return _entered(visit, opened, "tenant-changed")


@router.post(ACTS["log-out"])
def log_out(visit: Me) -> Response:
    """End the session."""
    sessions.end_session(visit.access, visit.who.actor, visit.who.session_id or "", user_id=visit.who.user_id)
    answer = nobody(visit).show(SignedOut())
    clear_cookie(visit.request, answer, SESSION)
    clear_cookie(visit.request, answer, VISITOR)
    return answer


@router.get(PAGES["link"])
def show_link(visit: Anyone, token: str) -> Response:
    """What a link is good for."""
    return nobody(visit).show(_link(visit, token))


@router.post(ACTS["set-password"])
def use_link(visit: Anyone, token: str) -> Response:
    """Accept an invitation, or set a new password."""
    view = _link(visit, token)
    password = visit.posted.get("password", "")
    try:
        if view.kind == "password-reset":
            links.set_new_password(visit.access, visit.actor, token, password)
        else:
            name, email, code = (visit.given(each) for each in ("name", "email", "code"))
            newcomer = Newcomer(name, password, email, visit.language, code)
            links.accept(visit.access, visit.actor, token, newcomer)
    except MesChainError as error:
        if isinstance(error, Unauthenticated):
            form, status = visit.form_with({}, refused=str(error)), 401
        else:
            form, status = visit.form(error)
        return nobody(visit).show(_link(visit, token, form), status)
    return visit.go("login", "joined" if view.known and view.kind != "password-reset" else "link-used")


@router.post(ACTS["change-language"])
def change_language(visit: Anyone) -> Response:
    """Speak another language from now on."""
    language = next((code for code in LANGUAGES if code == visit.given("language")), None)
    if language is None:
        raise BadRequest(422, "invalid", f"expected one of {', '.join(LANGUAGES)} as the language")
    if visit.somebody is not None:
        users.change_profile(visit.access, visit.actor, visit.who.user_id, locale=language)
    answer = _to(inside(visit.given("next")))
    set_cookie(visit.request, answer, LANGUAGE, language)
    return answer


def _known(visit: Visit) -> str | None:
    """Whose password was right on the page before."""
    return open_known(visit.house.vault, cookie_of(visit.request, KNOWN))


def _begin(visit: Visit, user_id: str, code: str | None) -> Response:
    """Open a session: for the only tenant, or for the one worked for last; if none was, for the first, and then ask."""
    with reading(visit.access.everywhere) as session:
        several = [each.slug for each in users.list_tenants_of(session, user_id)]
        last = sessions.last_tenant(session, user_id)
    tenant = (last if last in several else several[0]) if len(several) > 1 else None
    opened = login.log_in(visit.access, visit.actor, user_id, code=code, tenant=tenant, kind="browser")
    recovered = code is not None and not code.replace(" ", "").isdigit()
    answer = _entered(visit, opened, "code-used" if recovered else None)
    if tenant not in {None, last}:
        answer.headers["location"] = url("choose-tenant", next=visit.given("next") or None)
    return answer


def _entered(visit: Visit, opened: Opened, told: str | None) -> Response:
    answer = _to(inside(visit.given("next")), told)
    set_cookie(visit.request, answer, SESSION, opened.secret.text)
    clear_cookie(visit.request, answer, KNOWN)
    clear_cookie(visit.request, answer, VISITOR)
    return answer


def _to(address: str, told: str | None = None) -> Response:
    return RedirectResponse(address + (f"{'&' if '?' in address else '?'}notice={told}" if told else ""), 303)


def _tenants(visit: Visit) -> ChooseTenant:
    with reading(visit.access.everywhere) as session:
        several = users.list_tenants_of(session, visit.who.user_id)
    given = {each.id: grants.list_grants(visit.access, each.id) for each in several}
    choices = tuple(
        TenantChoice(each.slug, each.name, tuple(
            sorted({one.role for one in given[each.id] if one.user_id == visit.who.user_id})
        ))
        for each in several
    )  # fmt: skip
    return ChooseTenant(tenants=choices, current=visit.who.tenant, next=visit.asked("next"))


def _link(visit: Visit, token: str, form: Form = EMPTY) -> UseLink:
    offered = links.look_at(visit.access, token)
    return UseLink(
        kind=offered.kind,
        token=token,
        email=offered.email,
        tenant_name=offered.tenant,
        form=form,
        known=offered.user_id is not None,
    )
