"""What a page loads beside its own text: one style sheet, one script, one icon, all from here."""

from functools import cache
from hashlib import sha256
from pathlib import Path

from meschain.web.console.places import BASE

FOLDER = Path(__file__).parent / "static"
ADDRESS = f"{BASE}/static"
"""Where the folder is served, to everybody; what it holds may be kept, since addresses change with it."""


@cache
def asset(name: str) -> str:
    """The address of a file of the folder, with a mark of its content."""
    return f"{ADDRESS}/{name}?{sha256((FOLDER / name).read_bytes()).hexdigest()[:12]}"
