"""Proving who one is: password, then code; counting failures, locking out for a while. Sessions begin elsewhere.

Every answer to a failed attempt is the same, whatever was wrong: nobody learns which addresses are known here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from commerce.errors import Refused
from meschain.access.context import Access
from meschain.access.passwords import lockout_seconds
from meschain.access.rules import SecondFactorNeeded, Unauthenticated
from meschain.access.sessions import Opened, open_session
from meschain.access.tables import Credentials, RecoveryCode, SessionKind, Tenant, User
from meschain.access.totp import accepted_step, recovery_hash
from meschain.access.users import find_user, list_tenants_of, note_of_account
from meschain.audit.rules import Actor, Tag
from meschain.store.base import utc_now
from meschain.store.session import reading, transaction

WRONG = (
    "the e-mail address, the password or the code is wrong, or there were too many attempts; after several failures "
    "in a row, wait up to 15 minutes before you try again"
)
CODE_NEEDED = "a code of your authenticator app, or a recovery code, is needed"
NOT_PROVED = (
    "the present password is not right, or there were too many attempts; after several failures in a row, wait up to "
    "15 minutes before you try again"
)


@dataclass(frozen=True, slots=True)
class Known:
    """Somebody whose password was right."""

    user_id: str
    needs_code: bool


def check_password(access: Access, actor: Actor, email: str, password: str) -> Known:
    """Who it is by address and password; Unauthenticated otherwise, after the time that a check takes in any case."""
    with reading(access.everywhere) as session:
        try:
            user = find_user(session, access, email)
        except Refused:  # no address at all: as good as an unknown one
            user = None
        held = session.get(Credentials, user.id) if user is not None else None
    proved = _prove(access, actor, user, held, password)
    if proved is None:
        raise Unauthenticated(WRONG)
    return Known(proved.user_id, proved.totp_confirmed)


def prove_again(access: Access, actor: Actor, user_id: str, password: str) -> None:
    """See that whoever is logged in still knows the password; a wrong one counts like one at the login.

    Unauthenticated when it is not right.
    """
    with reading(access.everywhere) as session:
        user, held = session.get_one(User, user_id), session.get_one(Credentials, user_id)
    if _prove(access, actor, user, held, password) is None:
        raise Unauthenticated(NOT_PROVED)


def prove(access: Access, actor: Actor, user_id: str, password: str, code: str | None) -> None:
    """See that somebody who is not logged in is that user, by all that a login asks for; failures count like there.

    Raises SecondFactorNeeded when a code is due and none was given, Unauthenticated when something is wrong.
    """
    with reading(access.everywhere) as session:
        user, held = session.get(User, user_id), session.get(Credentials, user_id)
    proved = _prove(access, actor, user, held, password)
    if proved is None:
        raise Unauthenticated(WRONG)
    if not proved.totp_confirmed:
        return
    if not code:
        raise SecondFactorNeeded(CODE_NEEDED)
    with transaction(access.everywhere) as session:
        held = session.get_one(Credentials, user_id, with_for_update=True)
        taken = not _locked(held) and _take_code(session, access, held, code)
        if not taken:
            _note_failure(session, access, actor, user, "code")
    if not taken:
        raise Unauthenticated(WRONG)


def log_in(
    access: Access, actor: Actor, user_id: str, *, code: str | None, tenant: str | None, kind: SessionKind
) -> Opened:
    """Open a session for somebody whose password was right, in the tenant that is named, or the only one.

    Raises SecondFactorNeeded when a code is due and none was given, Unauthenticated when it is wrong, Refused, listing
    the tenants, when one has to be named.
    """
    actor = actor.known_as(user_id)
    opened: Opened | None = None
    with transaction(access.everywhere) as session:
        user = session.get_one(User, user_id)
        held = session.get_one(Credentials, user_id, with_for_update=True)
        if not user.active or _locked(held):
            _note_failure(session, access, actor, user, "locked")
        elif held.totp_confirmed and not code:
            raise SecondFactorNeeded(CODE_NEEDED)
        elif held.totp_confirmed and not _take_code(session, access, held, code or ""):
            _note_failure(session, access, actor, user, "code")
        else:
            chosen = _choose(list_tenants_of(session, user_id), tenant)
            end_lockout(session, access, held)
            held.failures = 0
            opened = open_session(session, access, actor.of_tenant(chosen.id), user, held, chosen, kind)
            access.log.record(session, Tag.LOGIN_SUCCEEDED, actor.of_tenant(chosen.id), target=f"session {opened.id}")
    if opened is None:
        raise Unauthenticated(WRONG)
    return opened


def end_lockouts(access: Access) -> int:
    """Note the end of every lockout that is over; gives their number."""
    over = (Credentials.locked_until.is_not(None), Credentials.locked_until <= utc_now())
    with reading(access.everywhere) as session:
        if session.scalars(select(Credentials.user_id).where(*over).limit(1)).one_or_none() is None:
            return 0
    with transaction(access.everywhere) as session:
        ended = list(session.scalars(select(Credentials).where(*over).with_for_update()))
        for held in ended:
            end_lockout(session, access, held)
    return len(ended)


def _prove(
    access: Access, actor: Actor, user: User | None, held: Credentials | None, password: str
) -> Credentials | None:
    """The credentials of the user, if it is the password and it may be tried at all; a failure is counted."""
    open_ = user is not None and user.active and held is not None and not _locked(held)
    verdict = access.passwords.verify(held.password_hash if open_ and held else None, password)
    with reading(access.everywhere) as session:  # enough attempts may have failed meanwhile to lock it
        now = session.get(Credentials, user.id if user is not None else "")
    open_ = open_ and now is not None and not _locked(now)
    if held is None or not open_ or not verdict:
        with transaction(access.everywhere) as session:
            _note_failure(session, access, actor, user, "password" if open_ or user is None else "locked")
        return None
    if verdict.outdated:
        _renew_hash(access, held, password)
    return held


def _choose(tenants: Sequence[Tenant], slug: str | None) -> Tenant:
    if slug is not None:
        found = [tenant for tenant in tenants if tenant.slug == slug]
    else:
        found = list(tenants) if len(tenants) == 1 else []
    if not found:
        those = ", ".join(tenant.slug for tenant in tenants)
        raise Refused(f"name the tenant to work for, one of: {those}" if those else "you belong to no tenant any more")
    return found[0]


def _locked(held: Credentials) -> bool:
    return held.locked_until is not None and held.locked_until > utc_now()


def _take_code(session: Session, access: Access, held: Credentials, code: str) -> bool:
    """Whether the code is right; it is worth nothing from then on."""
    if held.totp_secret is not None:
        step = accepted_step(access.vault.open(held.totp_secret), code, utc_now(), last_step=held.totp_step)
        if step is not None:
            held.totp_step = step
            return True
    hashed = recovery_hash(code)
    if hashed is None:
        return False
    spent = delete(RecoveryCode).where(RecoveryCode.hash == hashed, RecoveryCode.user_id == held.user_id)
    return session.execute(spent.returning(RecoveryCode.hash)).first() is not None


def _note_failure(session: Session, access: Access, actor: Actor, user: User | None, reason: str) -> None:
    """Count a failed attempt and write it down, for each tenant the user belongs to."""
    if user is None:  # what is known of a stranger is kept under the key of the day's strangers
        stranger = Actor(
            "anonymous", request_id=actor.request_id, ip=actor.ip, user_agent=actor.user_agent,
            subject=f"visitors-{utc_now():%Y-%m-%d}",
        )  # fmt: skip
        access.log.record(session, Tag.LOGIN_FAILED, stranger, after={"reason": "unknown"})
        return
    actor = actor.known_as(user.id)
    held = session.get_one(Credentials, user.id, with_for_update=True)
    seconds = 0
    if _locked(held):
        reason = "locked"
    else:
        end_lockout(session, access, held)
        held.failures += 1
        seconds = lockout_seconds(held.failures)
    told = {"reason": reason, "failures": held.failures}
    note_of_account(session, access, Tag.LOGIN_FAILED, actor, user.id, after=told)
    if seconds:
        held.locked_until = utc_now() + timedelta(seconds=seconds)
        note_of_account(session, access, Tag.LOCKOUT_BEGAN, actor, user.id, after={"seconds": seconds})


def end_lockout(session: Session, access: Access, held: Credentials) -> None:
    """End a lockout, if there is one, and note that it is over."""
    if held.locked_until is None:
        return
    held.locked_until = None
    note_of_account(session, access, Tag.LOCKOUT_ENDED, Actor("system", "lockout"), held.user_id)


def _renew_hash(access: Access, held: Credentials, password: str) -> None:
    """Hash a password that was right with today's parameters."""
    renewed = access.passwords.hash(password)
    same = (Credentials.user_id == held.user_id, Credentials.password_hash == held.password_hash)
    with transaction(access.everywhere) as session:
        session.execute(update(Credentials).where(*same).values(password_hash=renewed))
