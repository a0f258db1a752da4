"""What a user does about itself: another password, a second factor, new recovery codes."""

from dataclasses import dataclass

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from commerce.errors import Refused
from meschain.access.context import Access
from meschain.access.links import spend_links
from meschain.access.login import prove_again
from meschain.access.sessions import end_all_sessions
from meschain.access.strength import check_strength
from meschain.access.tables import Credentials, Link, Membership, RecoveryCode
from meschain.access.totp import accepted_step, new_recovery_codes, new_totp_secret, provisioning_uri, recovery_hash
from meschain.access.users import get_person, note_of_account
from meschain.audit.rules import Actor, Tag
from meschain.store.base import utc_now
from meschain.store.session import reading, transaction

WRONG_CODE = "the code is not right; see that the clock of your device is, and type the next one"


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A second factor that waits to be confirmed by a first code."""

    secret: str
    uri: str


def change_password(access: Access, actor: Actor, user_id: str, present: str, new: str) -> None:
    """Set another password; every session of the user ends. Unauthenticated when the present one is not right."""
    prove_again(access, actor, user_id, present)
    person = get_person(access, user_id)
    check_strength(new, (person.name, person.email))
    hashed = access.passwords.hash(new)
    with transaction(access.everywhere) as session:
        spend_links(session, Link.kind == "password-reset", Link.user_id == user_id)  # first, as a link does
        end_all_sessions(session, user_id)
        held = session.get_one(Credentials, user_id)
        held.password_hash, held.failures = hashed, 0
        note_of_account(session, access, Tag.PASSWORD_CHANGED, actor, user_id, after={"by": "user"})


def begin_second_factor(access: Access, user_id: str, *, anew: bool = True) -> Enrolment:
    """A key for the user's authenticator app; it is asked for once it has been confirmed.

    Not `anew`, it is the one that waits for that already, if there is one.
    """
    secret, email = new_totp_secret(), get_person(access, user_id).email
    with transaction(access.everywhere) as session:
        held = session.get_one(Credentials, user_id, with_for_update=True)
        if held.totp_confirmed:
            raise Refused("there is a second factor already; remove it before you set up another one")
        if held.totp_secret is not None and not anew:
            secret = access.vault.open(held.totp_secret)
        held.totp_secret, held.totp_step = access.vault.seal(secret), None
    return Enrolment(secret, provisioning_uri(secret, email))


def confirm_second_factor(access: Access, actor: Actor, user_id: str, code: str) -> tuple[str, ...]:
    """Ask for codes from now on, once the app has shown a right one; gives the recovery codes, which are not kept."""
    with transaction(access.everywhere) as session:
        held = session.get_one(Credentials, user_id, with_for_update=True)
        if held.totp_secret is None or held.totp_confirmed:
            raise Refused("there is no second factor that waits to be confirmed; begin anew")
        step = accepted_step(access.vault.open(held.totp_secret), code, utc_now())
        if step is None:
            raise Refused(WRONG_CODE)
        held.totp_confirmed, held.totp_step = True, step
        note_of_account(session, access, Tag.SECOND_FACTOR_ENABLED, actor, user_id)
        return _renew_codes(session, user_id)


def remove_second_factor(access: Access, actor: Actor, user_id: str, password: str) -> None:
    """Ask for no code any more. Unauthenticated when the password is not right."""
    prove_again(access, actor, user_id, password)
    with transaction(access.everywhere) as session:
        _forget_factor(session, user_id)
        note_of_account(session, access, Tag.SECOND_FACTOR_DISABLED, actor, user_id)


def reset_second_factor(access: Access, actor: Actor, user_id: str) -> None:
    """Ask somebody who has lost app and codes for no code any more, and end every session: the operator vouches."""
    with transaction(access.everywhere) as session:
        _forget_factor(session, user_id)
        end_all_sessions(session, user_id)
        note_of_account(session, access, Tag.SECOND_FACTOR_DISABLED, actor, user_id, after={"by": "operator"})


def renew_recovery_codes(access: Access, actor: Actor, user_id: str, password: str) -> tuple[str, ...]:
    """New recovery codes; the old ones are worth nothing. Unauthenticated when the password is not right."""
    prove_again(access, actor, user_id, password)
    with transaction(access.everywhere) as session:
        if not session.get_one(Credentials, user_id, with_for_update=True).totp_confirmed:
            raise Refused("there is no second factor that recovery codes could stand in for")
        note_of_account(session, access, Tag.RECOVERY_CODES_MADE, actor, user_id)
        return _renew_codes(session, user_id)


def has_second_factor(access: Access, user_id: str) -> bool:
    """Whether a code is asked for at the user's login."""
    with reading(access.everywhere) as session:
        return session.get_one(Credentials, user_id).totp_confirmed


def count_recovery_codes(access: Access, user_id: str) -> int:
    """How many recovery codes of the user's are left."""
    with reading(access.everywhere) as session:
        query = select(func.count()).select_from(RecoveryCode).where(RecoveryCode.user_id == user_id)
        return session.scalars(query).one()


def with_second_factor(access: Access, tenant_id: str) -> frozenset[str]:
    """Which members of the tenant are asked for a code at their login."""
    with reading(access.everywhere) as session:
        query = select(Membership.user_id).join(Credentials, Credentials.user_id == Membership.user_id)
        asked = query.where(Membership.tenant_id == tenant_id, Credentials.totp_confirmed)
        return frozenset(session.scalars(asked))


def _forget_factor(session: Session, user_id: str) -> None:
    held = session.get_one(Credentials, user_id, with_for_update=True)
    held.totp_secret, held.totp_confirmed, held.totp_step = None, False, None
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))


def _renew_codes(session: Session, user_id: str) -> tuple[str, ...]:
    codes = new_recovery_codes()
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    session.add_all(RecoveryCode(hash=str(recovery_hash(code)), user_id=user_id) for code in codes)
    return codes
