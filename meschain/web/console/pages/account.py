"""Pages of one's own account: name, password, second factor, sessions."""

from typing import Annotated

from fastapi import APIRouter, Response

from commerce.errors import MesChainError
from meschain.access import account, sessions, users
from meschain.access.rules import Unauthenticated
from meschain.web.console.cookies import SESSION, clear_cookie
from meschain.web.console.places import ACTS, PAGES
from meschain.web.console.qr import picture
from meschain.web.console.views.mine import Account, EnrolSecondFactor, RecoveryCodes, SessionRow, Sessions
from meschain.web.console.views.page import EMPTY, Form
from meschain.web.console.visits import Entered, Visit, nobody

router = APIRouter()
Me = Annotated[Visit, Entered()]


@router.get(PAGES["account"])
def show_account(visit: Me) -> Response:
    """One's own account."""
    return visit.show(_account(visit))


@router.post(ACTS["change-name"])
def change_name(visit: Me) -> Response:
    """Be called otherwise."""
    try:
        users.change_profile(visit.access, visit.who.actor, visit.who.user_id, name=visit.given("name"))
    except MesChainError as error:
        form, status = visit.form(error)
        return visit.show(_account(visit, naming=form), status)
    return visit.go("account", "name-changed")


@router.post(ACTS["change-password"])
def change_password(visit: Me) -> Response:
    """Set another password; every session ends, so one logs in again."""
    present, new = visit.posted.get("current", ""), visit.posted.get("password", "")
    try:
        account.change_password(visit.access, visit.who.actor, visit.who.user_id, present, new)
    except MesChainError as error:
        form, status = _proved(visit, error)
        return visit.show(_account(visit, password=form), status)
    answer = nobody(visit).go("login", "password-changed")
    clear_cookie(visit.request, answer, SESSION)
    return answer


@router.get(PAGES["enrol-second-factor"])
def enrol_second_factor(visit: Me) -> Response:
    """A key for an authenticator app, new with every look."""
    return visit.show(_enrolment(visit))


@router.post(ACTS["confirm-second-factor"])
def confirm_second_factor(visit: Me) -> Response:
    """Be asked for a code at every login from now on."""
    try:
        codes = account.confirm_second_factor(visit.access, visit.who.actor, visit.who.user_id, visit.given("code"))
    except MesChainError as error:
        form, status = visit.form(error)
        return visit.show(_enrolment(visit, form), status)
    return visit.show(RecoveryCodes(codes=codes))


@router.post(ACTS["disable-second-factor"])
def disable_second_factor(visit: Me) -> Response:
    """Be asked for no code any more."""
    try:
        password = visit.posted.get("proof", "")
        account.remove_second_factor(visit.access, visit.who.actor, visit.who.user_id, password)
    except MesChainError as error:
        form, status = _proved(visit, error)
        return visit.show(_account(visit, factor=form), status)
    return visit.go("account", "second-factor-disabled")


@router.post(ACTS["make-recovery-codes"])
def make_recovery_codes(visit: Me) -> Response:
    """New recovery codes in the place of the old ones."""
    try:
        password = visit.posted.get("proof", "")
        codes = account.renew_recovery_codes(visit.access, visit.who.actor, visit.who.user_id, password)
    except MesChainError as error:
        form, status = _proved(visit, error)
        return visit.show(_account(visit, factor=form), status)
    return visit.show(RecoveryCodes(codes=codes))


@router.get(PAGES["sessions"])
def list_sessions(visit: Me) -> Response:
    """Where one is logged in."""
    rows = tuple(
        SessionRow(
            id=seen.id, kind=seen.kind, tenant=seen.tenant, created_at=seen.created_at, seen_at=seen.seen_at,
            expires_at=seen.expires_at, ip=seen.ip, browser=seen.user_agent, is_this=seen.id == visit.who.session_id,
        )
        for seen in sessions.list_sessions(visit.access, visit.who.user_id)
    )  # fmt: skip
    return visit.show(Sessions(sessions=rows))


@router.post(ACTS["end-session"])
def end_session(visit: Me, session: str) -> Response:
    """End a session of one's own."""
    sessions.end_session(visit.access, visit.who.actor, session, user_id=visit.who.user_id)
    return visit.go("sessions", "session-ended")


def _account(visit: Visit, *, naming: Form = EMPTY, password: Form = EMPTY, factor: Form = EMPTY) -> Account:
    person = users.get_person(visit.access, visit.who.user_id)
    return Account(
        name=person.name, email=person.email, language=person.locale,
        second_factor=account.has_second_factor(visit.access, person.id),
        recovery_codes=account.count_recovery_codes(visit.access, person.id),
        naming=naming, password=password, factor=factor,
    )  # fmt: skip


def _enrolment(visit: Visit, form: Form = EMPTY) -> EnrolSecondFactor:
    """The key that waits to be confirmed; a wrong code does not make the app's entry worthless."""
    begun = account.begin_second_factor(visit.access, visit.who.user_id, anew=form is EMPTY)
    return EnrolSecondFactor(picture=picture(begun.uri), secret=begun.secret, form=form)


def _proved(visit: Visit, error: MesChainError) -> tuple[Form, int]:
    """A wrong present password is a fault of the form, not the end of the session."""
    if isinstance(error, Unauthenticated):
        return visit.form_with({}, refused=str(error)), 422
    return visit.form(error)
