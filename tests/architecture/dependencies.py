"""The lock file and the pins: everything held to a hash, nothing to an address, every narrow pin with its reason."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.architecture.house import Rule

PINS = {"fastapi": "<0.151", "sqlalchemy": "<2.1", "prefect": "==3.8.8", "duckdb": "==1.5.5"}
"""Beyond these bounds something breaks, some of it silently (docs/decisions)."""

_PIN = re.compile(r"^(?P<name>[\w.-]+)(\[[\w, -]+\])?==(?P<version>[\w.+!-]+)( ;.*)?$")
_HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}$")


def addresses_in_lock(root: Path) -> Iterator[str]:
    """The lock names no index, file or URL: where packages come from is the installation's choice."""
    for number, line in enumerate(_lock(root).splitlines(), 1):
        if "://" in line or " @ " in line or re.match(r"\s*(-i|-f|-e|-r|--(?!hash=))", line):
            yield f"requirements.lock:{number}: {line.strip()[:60]}"


def loose_lines(root: Path) -> Iterator[str]:
    """Every package of the lock has one exact version and at least one hash."""
    for entry in _entries(root):
        pin, *hashes = entry
        if not _PIN.match(pin) or not hashes or not all(_HASH.match(each) for each in hashes):
            yield f"requirements.lock: {pin}: not pinned, or a line that is no sha256"


def dependencies_outside_lock(root: Path) -> Iterator[str]:
    """Every dependency of the project, of its development and of its build is in the lock, within its bounds."""
    locked = {
        canonicalize_name(found["name"]): found["version"]
        for pin, *_ in _entries(root)
        if (found := _PIN.match(pin)) is not None
    }
    for requirement in _required(root):
        version = locked.get(canonicalize_name(requirement.name))
        if version is None or not requirement.specifier.contains(version, prereleases=True):
            yield f"requirements.lock: {requirement} is wanted, {version or 'nothing'} is locked; run `make lock`"


def lost_pins(root: Path) -> Iterator[str]:
    """The pins that matter stand in pyproject.toml, each with the reason beside it."""
    lines = (root / "pyproject.toml").read_text(encoding="utf-8").splitlines()
    for name, bound in PINS.items():
        line = next((line for line in lines if re.match(rf'\s*"{name}[<>=]', line)), "")
        if bound not in line or not re.search(r"#.*\w{3,}", line):
            yield f"pyproject.toml: {name} must be held to {bound}, with the reason beside it"


def _lock(root: Path) -> str:
    path = root / "requirements.lock"
    return path.read_text(encoding="utf-8") if path.exists() else ""


def _entries(root: Path) -> list[list[str]]:
    """Each package's lines, joined by backslashes in the file."""
    text = "\n".join(line for line in _lock(root).splitlines() if not line.startswith("#"))
    joined = text.replace("\\\n", "\t").splitlines()
    return [[part.strip() for part in line.split("\t")] for line in joined if line.strip()]


def _required(root: Path) -> list[Requirement]:
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = [*project["build-system"]["requires"], *project["project"]["dependencies"]]
    wanted += project["project"].get("optional-dependencies", {}).get("dev", [])
    return [Requirement(text) for text in wanted]


def _project(*dependencies: str) -> str:
    lines = "".join(f"  {each}\n" for each in dependencies)
    return f'[build-system]\nrequires = []\n[project]\nname = "a"\ndependencies = [\n{lines}]\n'


_SHA = "    --hash=sha256:" + "0" * 64
_GOOD = f"httpx[http2]==0.28.1 \\\n{_SHA} \\\n{_SHA}\nuv==1.0 \\\n{_SHA}\n"
_PINNED = [f'"{name}{bound}",  # it breaks' for name, bound in PINS.items()]

RULES = (
    Rule(
        addresses_in_lock,
        broken=(
            {"requirements.lock": "--index-" + "url x\n" + _GOOD},
            {"requirements.lock": f"a @ https://example.org/a.whl \\\n{_SHA}\n"},
            {"requirements.lock": "-e .\n"},
        ),
        kept=({"requirements.lock": _GOOD},),
    ),
    Rule(
        loose_lines,
        broken=(
            {"requirements.lock": "a==1\n"},
            {"requirements.lock": f"a>=1 \\\n{_SHA}\n"},
            {"requirements.lock": f"a==1 \\\n{_SHA[:-1]}\n"},
        ),
        kept=({"requirements.lock": _GOOD},),
    ),
    Rule(
        dependencies_outside_lock,
        broken=(
            {"requirements.lock": _GOOD, "pyproject.toml": _project('"rich"')},
            {"requirements.lock": _GOOD, "pyproject.toml": _project('"httpx>=0.29"')},
        ),
        kept=({"requirements.lock": _GOOD, "pyproject.toml": _project('"HTTPX>=0.28,<0.29"')},),
    ),
    Rule(
        lost_pins,
        broken=(
            {"pyproject.toml": _project(*_PINNED[1:])},
            {"pyproject.toml": _project(*(pin.split("  #")[0] for pin in _PINNED))},
            {"pyproject.toml": _project('"fastapi>=0.139",  # loose', *_PINNED[1:])},
        ),
        kept=({"pyproject.toml": _project(*_PINNED)},),
    ),
)
