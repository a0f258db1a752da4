"""The tree as the rules see it: its files, its syntax trees, and what a rule is. No rule is stated here."""

import ast
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
ROOMS = ("commerce", "connectors", "flows", "meschain", "models", "tasks", "warehouse")
CODE = (*ROOMS, "benchmarks", "docs", "tests")
_NOT_OURS = {"__pycache__", "build", "dist", "htmlcov", "site"}
_HIDDEN_BUT_OURS = {".ci"}

Tree = Mapping[str, str]
"""A small repository: relative path → text."""


class Rule(NamedTuple):
    """One rule of the house.

    `check` takes a root folder and gives one sentence per violation; each tree in `broken` must be noticed, each in
    `kept` must pass: a rule that cannot fail, or that fails the innocent, does not stay.
    """

    check: Callable[[Path], Iterable[str]]
    broken: tuple[Tree, ...]
    kept: tuple[Tree, ...] = ()


def grow(root: Path, tree: Tree) -> Path:
    """Write the files of `tree` below `root`."""
    for name, text in tree.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def files(root: Path, *folders: str, suffix: str = "") -> Iterator[Path]:
    """Every file of ours below `root` (or those folders of it) in a stable order; caches and data are passed over."""
    for start in [root / folder for folder in folders] or [root]:
        for folder, names, leaves in os.walk(start):
            names[:] = sorted(name for name in names if _is_ours(name))
            yield from (Path(folder, leaf) for leaf in sorted(leaves) if leaf.endswith(suffix))


def python(root: Path, *folders: str) -> Iterator[tuple[str, ast.Module]]:
    """Relative path and syntax tree of every Python file below the folders (by default all that hold code)."""
    for path in files(root, *(folders or CODE), suffix=".py"):
        yield path.relative_to(root).as_posix(), parse(path)


@cache
def parse(path: Path) -> ast.Module:
    """Syntax tree of a file, parsed once."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function and method, nested ones too."""
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def decorators(function: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    """Last names of a function's decorators: `task` for @task, @task(...) and @prefect.task."""
    calls = (node.func if isinstance(node, ast.Call) else node for node in function.decorator_list)
    return {node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "") for node in calls}


def imported(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and dotted name of everything a module imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def _is_ours(name: str) -> bool:
    hidden = name.startswith(".") and name not in _HIDDEN_BUT_OURS
    return not (hidden or name in _NOT_OURS or name.endswith(".egg-info"))
