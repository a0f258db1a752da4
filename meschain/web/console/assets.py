"""What a page loads beside its own text: one style sheet, one script, one icon, all from here; and that it may do no more."""

from functools import cache
from hashlib import sha256
from pathlib import Path

from meschain.web.console.places import BASE

FOLDER = Path(__file__).parent / "static"
ADDRESS = f"{BASE}/static"
"""Where the folder is to be served, without a session; what it holds may be kept for ever, since addresses change with it."""
SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Content-Security-Policy of every page: nothing inline, nothing from elsewhere; `connect-src` is for live progress."""


@cache
def asset(name: str) -> str:
    """The address of a file of the folder, with a mark of its content."""
    return f"{ADDRESS}/{name}?{sha256((FOLDER / name).read_bytes()).hexdigest()[:12]}"
