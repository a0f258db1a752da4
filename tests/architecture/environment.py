"""What code may lean on: the environment through settings only, and nothing but the standard library in commerce."""

import ast
import re
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.house import CODE, ROOMS, Rule, files, imported, python

SETTINGS = "meschain/settings.py"
_READERS = {"environ", "environb", "getenv", "getenvb", "putenv", "unsetenv"}
_SILENCERS = re.compile(r"#\s*(noqa|type:\s*ignore|pragma: no (?:cover|branch))(:\s*[A-Z0-9, ]+|\[[^\]]*\])?(.*)")
_UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX)\b")


def environment_reads(root: Path) -> Iterator[str]:
    """Only `meschain/settings.py` reads the environment."""
    for path, tree in python(root, *ROOMS):
        if path == SETTINGS:
            continue
        reads = [line for line, name in imported(tree) if name in {f"os.{reader}" for reader in _READERS}]
        reads += [
            node.lineno
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute) and node.attr in _READERS and getattr(node.value, "id", "") == "os"
        ]
        yield from (f"{path}:{line}: reads the environment; take a setting as an argument" for line in reads)


def impure_words(root: Path) -> Iterator[str]:
    """`commerce` imports the standard library and itself, nothing else."""
    for path, tree in python(root, "commerce"):
        for line, name in imported(tree):
            top = name.split(".")[0]
            if top != "commerce" and top not in sys.stdlib_module_names:
                yield f"{path}:{line}: imports {name}; commerce is pure Python"


def silent_suppressions(root: Path) -> Iterator[str]:
    """A check is silenced only with its code and a reason in words."""
    for path, line, text in _comments(root):
        found = _SILENCERS.search(text)
        if found and not ((found[2] or not found[1].startswith(("noqa", "type"))) and re.search(r"\w{3,}", found[3])):
            yield f"{path}:{line}: {found[0]!r} gives no code or no reason"


def unfinished_work(root: Path) -> Iterator[str]:
    """Nothing is left to do in a comment, nothing is there only to raise NotImplementedError."""
    for path, line, text in _comments(root):
        if _UNFINISHED.search(text):
            yield f"{path}:{line}: {text!r}; do it or open an issue"
    for path, tree in python(root, *ROOMS):
        for node in ast.walk(tree):
            if isinstance(node, ast.Raise) and "NotImplementedError" in ast.unparse(node):
                yield f"{path}:{node.lineno}: NotImplementedError; a Protocol per capability needs none"


def _comments(root: Path) -> Iterator[tuple[str, int, str]]:
    for path in files(root, *CODE, suffix=".py"):
        with path.open("rb") as file:
            for token in tokenize.tokenize(file.readline):
                if token.type == tokenize.COMMENT:
                    yield path.relative_to(root).as_posix(), token.start[0], token.string


RULES = (
    Rule(
        environment_reads,
        broken=(
            {"meschain/a.py": "import os\nX = os.environ['A']\n"},
            {"flows/a.py": "import os\nX = os.getenv('A')\n"},
            {"connectors/a.py": "from os import environ\n"},
        ),
        kept=({SETTINGS: "import os\nX = os.environ\n", "tests/test_a.py": "import os\nX = os.environ\n"},),
    ),
    Rule(
        impure_words,
        broken=({"commerce/a.py": "import pydantic\n"}, {"commerce/a.py": "from warehouse import lake\n"}),
        kept=({"commerce/a.py": "import decimal\nfrom commerce.errors import BadRecord\nfrom re import compile\n"},),
    ),
    Rule(
        silent_suppressions,
        broken=(
            {"meschain/a.py": "x = 1  # " + "noqa\n"},
            {"meschain/a.py": "x = 1  # " + "noqa: S608\n"},
            {"tests/test_a.py": "x = 1  # " + "type: ignore[attr-defined]\n"},
            {"meschain/a.py": "x = 1  # " + "type: ignore  # because\n"},
        ),
        kept=(
            {"meschain/a.py": "x = 1  # " + "noqa: S608  names are our own\n"},
            {"meschain/a.py": "x = 1  # " + "type: ignore[attr-defined]  # the stub lacks it\n"},
        ),
    ),
    Rule(
        unfinished_work,
        broken=(
            {"meschain/a.py": "x = 1  # " + "TODO finish\n"},
            {"connectors/a.py": "def f():\n    raise NotImplementedError\n"},
        ),
        kept=({"connectors/a.py": "try:\n    pass\nexcept NotImplementedError:\n    pass\n"},),
    ),
)
