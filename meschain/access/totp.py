"""The second factor: time-based codes (RFC 6238), what an app needs to make them, and recovery codes. Pure."""

import secrets
from datetime import datetime
from hmac import compare_digest

import pyotp
import segno

from meschain.access.secrets import hash_secret

ISSUER = "MesChain"
STEP_SECONDS = 30
WINDOW = 1
"""Steps before and after the present one whose code is taken: clocks differ, and people need time to type."""

RECOVERY_CODES = 10
_SYMBOLS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's Base32: no letter that looks like another sign."""
_MEANT = str.maketrans("OIL", "011", "- ")
_LENGTH, _GROUP = 16, 4
_DIGITS = 6


def new_totp_secret() -> str:
    """A new key of 160 bits, in Base32, as authenticator apps take it."""
    return pyotp.random_base32()


def accepted_step(secret: str, code: str, now: datetime, *, last_step: int | None = None) -> int | None:
    """The time step whose code this is; None if the code is wrong, or not of a later step than `last_step`.

    The store has to keep the step and hand it in the next time, in the transaction that lets the user in: a code that
    somebody saw being typed is worth nothing then.
    """
    typed = code.replace(" ", "")
    if not (len(typed) == _DIGITS and typed.isascii() and typed.isdigit()):
        return None
    totp = pyotp.TOTP(secret, interval=STEP_SECONDS)
    present = totp.timecode(now)
    steps = range(max(present - WINDOW, 0), present + WINDOW + 1)
    found = [step for step in steps if compare_digest(totp.generate_otp(step), typed)]  # all of them: in constant time
    fresh = [step for step in found if last_step is None or step > last_step]
    return fresh[0] if fresh else None


def provisioning_uri(secret: str, account: str, issuer: str = ISSUER) -> str:
    """The `otpauth://` address that an authenticator app reads; `account` is shown in the app, such as the e-mail."""
    return pyotp.TOTP(secret, interval=STEP_SECONDS).provisioning_uri(name=account, issuer_name=issuer)


def qr_svg(text: str) -> str:
    """A QR code as an SVG element to stand in a page: no script, no style, nothing fetched; black on white."""
    return segno.make(text, error="m", micro=False).svg_inline(scale=4, dark="#000", light="#fff")


def new_recovery_codes() -> tuple[str, ...]:
    """Ten codes of 80 random bits, each good for one login without the app; to be shown once and stored hashed."""
    return tuple(_grouped("".join(secrets.choice(_SYMBOLS) for _ in range(_LENGTH))) for _ in range(RECOVERY_CODES))


def recovery_hash(code: str) -> str | None:
    """What is stored of a recovery code, however it was typed; None if it cannot be one."""
    plain = code.upper().translate(_MEANT)
    if len(plain) != _LENGTH or not set(plain) <= set(_SYMBOLS):
        return None
    return hash_secret(plain)


def _grouped(text: str) -> str:
    return "-".join(text[at : at + _GROUP] for at in range(0, len(text), _GROUP))
