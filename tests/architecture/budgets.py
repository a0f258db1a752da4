"""Sizes, names and docstrings (DESIGN: budgets). What a linter already says is not said again here."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.house import CODE, Rule, decorators, files, functions, python

FILE, FUNCTION, FLOW, TASK = 400, 50, 30, 25
NAMELESS = {"common", "helper", "helpers", "misc", "shared", "util", "utils"}


def long_files(root: Path) -> Iterator[str]:
    """A file is at most 400 lines."""
    for path in files(root, *CODE, suffix=".py"):
        lines = len(path.read_text(encoding="utf-8").splitlines())
        if lines > FILE:
            yield f"{path.relative_to(root)}: {lines} lines, at most {FILE}; split it by use case"


def long_functions(root: Path) -> Iterator[str]:
    """A function is at most 50 lines, a flow 30, a task 25, from `def` to its end."""
    for path, tree in python(root):
        for function in functions(tree):
            kinds = decorators(function)
            budget = FLOW if "flow" in kinds else TASK if "task" in kinds else FUNCTION
            lines = (function.end_lineno or 0) - function.lineno + 1
            if lines > budget:
                yield f"{path}:{function.lineno}: {function.name} has {lines} lines, at most {budget}"


def code_in_packages(root: Path) -> Iterator[str]:
    """An `__init__.py` is empty or a docstring."""
    for path, tree in python(root):
        body = tree.body[1:] if ast.get_docstring(tree) is not None else tree.body
        if path.endswith("__init__.py") and body:
            yield f"{path}:{body[0].lineno}: code in a package file; move it to a module with a name"


def rooms_without_name(root: Path) -> Iterator[str]:
    """No file or folder is named after nothing."""
    for path in files(root, *CODE, "warehouse", "deploy"):
        place = path.relative_to(root)
        if NAMELESS & {place.stem, *place.parts}:
            yield f"{place}: the name says nothing; name the concept"


def silent_modules(root: Path) -> Iterator[str]:
    """Every module says what it is."""
    for path, tree in python(root):
        if not path.endswith("__init__.py") and not ast.get_docstring(tree):
            yield f"{path}: no module docstring"


def packages_among_tests(root: Path) -> Iterator[str]:
    """No `__init__.py` below tests: `tests/connectors/__init__.py` would shadow the room `connectors`."""
    for path in files(root, "tests", suffix="__init__.py"):
        yield f"{path.relative_to(root)}: remove it"


RULES = (
    Rule(
        long_files,
        broken=({"meschain/long.py": "x = 1\n" * 401}, {"tests/test_long.py": "x = 1\n" * 401}),
        kept=({"meschain/full.py": "x = 1\n" * 400},),
    ),
    Rule(
        long_functions,
        broken=(
            {"meschain/a.py": "def f():\n" + "    x = 1\n" * 50},
            {"flows/a.py": "@flow(name='a')\nasync def f():\n" + "    x = 1\n" * 30},
            {"tasks/a.py": "@prefect.task\ndef f():\n" + "    x = 1\n" * 25},
        ),
        kept=(
            {"meschain/a.py": "def f():\n" + "    x = 1\n" * 49},
            {"flows/a.py": "@flow\nasync def f():\n" + "    x = 1\n" * 29},
            {"tasks/a.py": "@task\ndef f():\n" + "    x = 1\n" * 24},
        ),
    ),
    Rule(
        code_in_packages,
        broken=({"meschain/__init__.py": "from os import path\n"}, {"warehouse/__init__.py": '"""Words."""\nX = 1\n'}),
        kept=({"meschain/__init__.py": '"""Words."""\n', "warehouse/__init__.py": ""},),
    ),
    Rule(
        rooms_without_name,
        broken=({"meschain/utils.py": ""}, {"tests/helpers/test_a.py": ""}, {"warehouse/sql/misc/a.sql": ""}),
        kept=({"meschain/sharing.py": ""},),
    ),
    Rule(silent_modules, broken=({"tasks/a.py": "X = 1\n"}, {"tests/test_a.py": "X = 1\n"})),
    Rule(packages_among_tests, broken=({"tests/connectors/__init__.py": ""},)),
)
