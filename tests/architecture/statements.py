"""Where SQL may be written, and that every relation has its card."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import yaml

from tests.architecture.house import ROOMS, Rule, files, python

LAYERS = ("raw", "staging", "core", "marts", "features")
CARD = ("description", "owner", "grain", "columns", "checks")
MIGRATIONS = "meschain/store/migrations/"
"""Migrations are statements by nature, and never change once released."""

DRIVER = ("meschain/audit/appending.py", "meschain/audit/subjects.py", "meschain/store/scrubbing.py")
"""What every audited act pays for goes to the store's driver as it is, and so does what no mapping has words for."""

_OBJECT = r"(table|view|schema|macro|function|index|sequence|type|policy)"
_STATEMENT = re.compile(
    r"\s*(--[^\n]*\n\s*)*("
    r"select\s+(.*\sfrom\s|[\d*(']|\w+\()|from\s+[\w.]+\s+(select|where)\s|with\s+(recursive\s+)?\w+\s*(\([^)]*\)\s*)?as\s*\(|"
    r"insert\s+(or\s+\w+\s+)?into\s|update\s+\S+\s+set\s|delete\s+from\s|merge\s+into\s|truncate\s+\S+\s*;?\s*$|copy\s+(\(|\S+\s+(to|from)\s)|"
    rf"create\s+(or\s+replace\s+)?((temp(orary)?|unique|materialized|secret)\s+)*{_OBJECT}\s|(alter|drop)\s+{_OBJECT}\s"
    r")",
    re.DOTALL,
)


def statements_in_code(root: Path) -> Iterator[str]:
    """SQL that reads or writes relations stands in `warehouse/sql`, never in a Python string.

    Verbs that only set up a connection (ATTACH, USE, SET, LOAD, PRAGMA, BEGIN) are no statements in this sense.
    """
    for path, tree in python(root, *ROOMS):
        if not path.startswith(MIGRATIONS) and path not in DRIVER:
            found = ((line, text) for line, text in _strings(tree) if is_sql(text))
            yield from (f"{path}:{line}: SQL in a string: {text[:50]!r}" for line, text in found)


def is_sql(text: str) -> bool:
    """Whether a string is a statement: its keywords all small or all capital, so that a sentence is none."""
    return any(_STATEMENT.match(form) for form in (text, _lowered(text)))


def _lowered(text: str) -> str:
    """Capital words lowered; `Select` stays as it is: so begins a sentence, not a statement."""
    return re.sub(r"\b[A-Z]+\b", lambda word: word[0].lower(), text)


def _strings(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and text of every string that is not a docstring; what an f-string fills in reads as `x`."""
    silent = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    silent |= {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if id(node) in silent:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value
        elif isinstance(node, ast.JoinedStr):
            parts = (part.value if isinstance(part, ast.Constant) else "x" for part in node.values)
            yield node.lineno, "".join(map(str, parts))


def statements_elsewhere(root: Path) -> Iterator[str]:
    """A .sql file lies below `warehouse/sql`, or with a test's cases."""
    for path in files(root, suffix=".sql"):
        place = path.relative_to(root).as_posix()
        if not place.startswith(("warehouse/sql/", "tests/", "benchmarks/", "docs/")):
            yield f"{place}: SQL lives in warehouse/sql"


def relations_without_card(root: Path) -> Iterator[str]:
    """Every relation (a .sql file in a layer) has a card that says what it is, whose, and what must hold."""
    for layer in LAYERS:
        for path in files(root, f"warehouse/sql/{layer}", suffix=".sql"):
            card = path.with_suffix(".yml")
            place = card.relative_to(root)
            if not card.exists():
                yield f"{place}: missing; {path.name} needs its card"
                continue
            said = yaml.safe_load(card.read_text(encoding="utf-8")) or {}
            yield from (f"{place}: says no {key}" for key in CARD if not said.get(key))


def cards_without_relation(root: Path) -> Iterator[str]:
    """A card belongs to a relation."""
    for path in files(root, "warehouse/sql", suffix=".yml"):
        if not path.with_suffix(".sql").exists():
            yield f"{path.relative_to(root)}: no {path.stem}.sql beside it"


_CARD = "description: d\nowner: o\ngrain: g\ncolumns: {a: an a}\nchecks: [{not_null: a}]\n"

RULES = (
    Rule(
        statements_in_code,
        broken=(
            {"tasks/a.py": "Q = 'SELECT a FROM b'\n"},
            {"tasks/a.py": "Q = 'select 1'\n"},
            {"meschain/a.py": "def f(t):\n    return f'insert into {t} values (1)'\n"},
            {"meschain/a.py": "Q = '''\n  -- why\n  WITH a AS (SELECT 1)\n  SELECT * FROM a'''\n"},
            {"warehouse/a.py": "Q = 'CREATE OR REPLACE TEMP TABLE a AS SELECT 1'\n"},
            {"warehouse/a.py": 'run(f"DELETE FROM {name} WHERE a = 1")\n'},
            {"connectors/a.py": "Q = 'update offers set cost = 1'\n"},
            {"connectors/a.py": "Q = 'COPY a TO b'\n"},
        ),
        kept=(
            {"meschain/a.py": '"""Select from what there is."""\nX = "Select a supplier from the list"\n'},
            {"meschain/a.py": 'X = "create tables with `meschain up`"\nY = "with a card as they say"\n'},
            {"warehouse/a.py": "Q = \"ATTACH 'x' AS lake\"\nS = \"SET TimeZone = 'UTC'\"\n"},
            {"meschain/store/migrations/0001.py": "Q = 'CREATE TABLE a (b int)'\n"},
            {"tests/test_a.py": "Q = 'SELECT a FROM b'\n"},
        ),
    ),
    Rule(statements_elsewhere, broken=({"meschain/catalog/a.sql": ""},), kept=({"warehouse/sql/sync/a.sql": ""},)),
    Rule(
        relations_without_card,
        broken=(
            {"warehouse/sql/core/offers.sql": ""},
            {"warehouse/sql/core/offers.sql": "", "warehouse/sql/core/offers.yml": _CARD.replace("grain: g\n", "")},
            {"warehouse/sql/marts/a.sql": "", "warehouse/sql/marts/a.yml": "owner: o\n"},
        ),
        kept=(
            {"warehouse/sql/core/offers.sql": "", "warehouse/sql/core/offers.yml": _CARD},
            {"warehouse/sql/sync/compare.sql": ""},
        ),
    ),
    Rule(cards_without_relation, broken=({"warehouse/sql/core/gone.yml": _CARD},)),
)
