"""What is written: no place of a machine, nothing cited that is not there, decisions in one form, one version."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.house import CODE, Rule, files

DECISION = ("Context", "Decision", "Consequences", "Alternatives", "Enforced by")

# Put together from parts, so that this file does not break its own rule.
_PLACES = re.compile(
    r"(?<![\w.:/-])/(wor" + r"k|roo" + r"t|hom" + r"e/\w+|User" + r"s/\w+)/\w"
    r"|/tm" + r"p/(bash_jobs|lab)\b"
)
_REGISTRIES = re.compile(r"pypi\." + r"org|pythonhos" + r"ted|npmjs\." + r"org|index-" + r"url|crates\." + r"io")
_LINK = re.compile(r"(?<!!)\[[^\]]+\]\((?!https?://|mailto:|#)([^)#\s]+)")
_CITED = re.compile(r"`((?:[a-z_]+/)+[\w./-]*)`")
_TARGET = re.compile(r"^([a-z][\w-]*):(.*)$", re.MULTILINE)
_VERSION = re.compile(r"^## \[(\d+\.\d+\.\d+)\]", re.MULTILINE)


def places_of_a_machine(root: Path) -> Iterator[str]:
    """No file names a folder of somebody's machine or the address of a package registry."""
    for place, number, line in _lines(root):
        if _PLACES.search(line) or _REGISTRIES.search(line):
            yield f"{place}:{number}: {line.strip()[:80]}"


def broken_links(root: Path) -> Iterator[str]:
    """Every relative link of a page leads to a file or folder."""
    for path in files(root, suffix=".md"):
        for target in _LINK.findall(path.read_text(encoding="utf-8")):
            if not (path.parent / target).exists():
                yield f"{path.relative_to(root)}: {target} is not there"


def lost_citations(root: Path) -> Iterator[str]:
    """A page that names a file or folder of a room names one that is there; a room may be spoken of ahead."""
    for path in files(root, suffix=".md"):
        for cited in _CITED.findall(path.read_text(encoding="utf-8")):
            room = cited.split("/")[0]
            if room in CODE and (root / room).exists() and not (root / cited).exists():
                yield f"{path.relative_to(root)}: {cited} is not there"


def shapeless_decisions(root: Path) -> Iterator[str]:
    """Decisions are numbered without a gap, and each has the five parts in order."""
    found = [path for path in files(root, "docs/decisions", suffix=".md") if path.name[0].isdigit()]
    for number, path in enumerate(found, 1):
        place = path.relative_to(root)
        if not path.name.startswith(f"{number:04d}-"):
            yield f"{place}: expected number {number:04d}"
        if tuple(re.findall(r"^## (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)) != DECISION:
            yield f"{place}: expected the parts {', '.join(DECISION)}"


def unlisted_pages(root: Path) -> Iterator[str]:
    """The index of the documentation leads to every page."""
    index = root / "docs/index.md"
    listed = {(index.parent / target).resolve() for target in _LINK.findall(index.read_text(encoding="utf-8"))}
    for path in files(root, "docs", suffix=".md"):
        if path != index and path.resolve() not in listed:
            yield f"docs/index.md: no link to {path.relative_to(root)}"


def silent_targets(root: Path) -> Iterator[str]:
    """Every command of the Makefile says what it does, where `make help` finds it."""
    for name, rest in _TARGET.findall((root / "Makefile").read_text(encoding="utf-8")):
        if not re.search(r" ## \w", rest):
            yield f"Makefile: {name} says nothing behind ##"


def versions_at_odds(root: Path) -> Iterator[str]:
    """The newest version of the changelog is the package's, below an Unreleased part."""
    text = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    version = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    if (_VERSION.findall(text) or [None])[0] != version:
        yield f"CHANGELOG.md: the newest version is not {version} as in pyproject.toml"
    if not re.search(r"^## \[Unreleased\]", text.split("\n## [0", 1)[0], re.MULTILINE):
        yield "CHANGELOG.md: no [Unreleased] part on top"


def _lines(root: Path) -> Iterator[tuple[str, int, str]]:
    for path in files(root):
        if path.name == "requirements.lock":  # has rules of its own
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # not text of ours: a sample in another charset
        for number, line in enumerate(text.splitlines(), 1):
            yield path.relative_to(root).as_posix(), number, line


_PAGE = "\n".join(f"## {part}\nwords" for part in DECISION)
_PROJECT = '[project]\nversion = "1.2.3"\n'

RULES = (
    Rule(
        places_of_a_machine,
        broken=(
            {"docs/a.md": "see /wor" + "k/main/README.md\n"},
            {"tests/test_a.py": "PATH = '/hom" + "e/somebody/feeds'\n"},
            {"Makefile": "\tpip install --index-" + "url x\n"},
            {"deploy/a.sh": "curl https://pypi." + "org/simple\n"},
        ),
        kept=({"docs/a.md": "GET /api/wor" + "k/1 and https://example.org/home/a/b, /etc/passwd\n"},),
    ),
    Rule(
        broken_links,
        broken=({"README.md": "[a](docs/gone.md)\n"}, {"docs/a.md": "[a](../docs/b.md#part)\n"}),
        kept=({"README.md": "[a](docs/a.md#part) [b](#here) [c](https://example.org)\n", "docs/a.md": ""},),
    ),
    Rule(
        lost_citations,
        broken=({"docs/a.md": "see `docs/gone.md`\n"},),
        kept=({"docs/a.md": "`docs/` `docs/a.md` `read/write` `docs/b_<name>.md`\n"},),
    ),
    Rule(
        shapeless_decisions,
        broken=(
            {"docs/decisions/0002-a.md": _PAGE},
            {"docs/decisions/0001-a.md": _PAGE.replace("## Alternatives", "## Others")},
        ),
        kept=({"docs/decisions/0001-a.md": _PAGE, "docs/decisions/0002-b.md": _PAGE},),
    ),
    Rule(
        unlisted_pages,
        broken=({"docs/index.md": "[a](a.md)\n", "docs/a.md": "", "docs/decisions/0001-b.md": ""},),
        kept=({"docs/index.md": "[a](a.md)\n", "docs/a.md": ""},),
    ),
    Rule(
        silent_targets,
        broken=({"Makefile": "all: a\n\tmake\n"},),
        kept=({"Makefile": "X := 1\n.PHONY: all\nall: a ## Make it\n\tmake\n"},),
    ),
    Rule(
        versions_at_odds,
        broken=(
            {"CHANGELOG.md": "## [Unreleased]\n## [1.2.2] - 2026-01-01\n", "pyproject.toml": _PROJECT},
            {"CHANGELOG.md": "## [1.2.3] - 2026-01-01\n", "pyproject.toml": _PROJECT},
        ),
        kept=({"CHANGELOG.md": "## [Unreleased]\n## [1.2.3] - 2026-01-01\n", "pyproject.toml": _PROJECT},),
    ),
)
