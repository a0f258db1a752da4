"""What has to have its counterpart: a seam's module its test, a room its row in the README, a flow its deployment."""

import ast
import importlib.util
import inspect
import re
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import yaml

from tests.architecture.house import Rule, files, imported, python

SEAMS = {"connectors/feeds/formats": "FORMAT", "connectors/sources": "SOURCE"}
"""Folders in which a file that sets this name is a plug: it needs its test and nothing else."""

_ROW = re.compile(r"^\| \[?`(\w[\w.-]*)/`", re.MULTILINE)


def plugs_without_test(root: Path) -> Iterator[str]:
    """Every format and every source has a test file of its own."""
    for seam, name in SEAMS.items():
        for path, tree in python(root, seam):
            test = f"tests/{seam}/test_{Path(path).name}"
            if name in _assigned(tree) and not (root / test).exists():
                yield f"{path}: has no {test}"


def _assigned(tree: ast.Module) -> set[str]:
    """Names that the module sets at its top level."""
    targets = [target for node in tree.body if isinstance(node, ast.Assign) for target in node.targets]
    targets += [node.target for node in tree.body if isinstance(node, ast.AnnAssign)]
    return {target.id for target in targets if isinstance(target, ast.Name)}


def rooms_without_row(root: Path) -> Iterator[str]:
    """The README's folder table and the tree say the same."""
    rows = set(_ROW.findall((root / "README.md").read_text(encoding="utf-8")))
    rooms = {path.relative_to(root).parts[0] for path in files(root) if path.parent != root}
    rooms -= {room for room in rooms if room.startswith(".")}
    yield from (f"README.md: no row for {room}/" for room in sorted(rooms - rows))
    yield from (f"README.md: a row for {row}/, which is not there" for row in sorted(rows - rooms))


def broken_deployments(root: Path) -> Iterator[str]:
    """Every entrypoint of `prefect.yaml` imports, and takes the parameters that its deployment gives."""
    for deployment in _deployments(root):
        entrypoint, name = deployment.get("entrypoint", ""), deployment.get("name")
        path, _, attribute = entrypoint.partition(":")
        try:
            flow = _load(root / path, attribute)
        except (ImportError, AttributeError, OSError) as error:
            yield f"prefect.yaml: {name}: {entrypoint!r} does not import: {error}"
            continue
        unknown = set(deployment.get("parameters") or {}) - set(inspect.signature(flow).parameters)
        yield from (f"prefect.yaml: {name}: {path} takes no {parameter}" for parameter in sorted(unknown))


def flows_without_deployment(root: Path) -> Iterator[str]:
    """Every flow file is served by a deployment or called by another flow."""
    if not (root / "prefect.yaml").exists():
        return
    used = {deployment.get("entrypoint", "").partition(":")[0] for deployment in _deployments(root)}
    for _, tree in python(root, "flows"):
        used |= {f"{'/'.join(name.split('.')[:2])}.py" for _, name in imported(tree)}
    for path, tree in python(root, "flows"):
        is_flow = any(isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) for node in tree.body)
        if is_flow and not path.endswith(("__init__.py", "__main__.py")) and path not in used:
            yield f"{path}: no deployment in prefect.yaml"


def _deployments(root: Path) -> list[dict[str, object]]:
    path = root / "prefect.yaml"
    if not path.exists():
        return []
    return (yaml.safe_load(path.read_text(encoding="utf-8")) or {}).get("deployments") or []


def _load(path: Path, attribute: str) -> Callable[..., object]:
    """The function a deployment names, from its file; what Prefect wraps is given unwrapped."""
    if not path.is_file():
        raise FileNotFoundError(f"no file {path.name}")
    spec = importlib.util.spec_from_file_location(f"deployed_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    try:
        with warnings.catch_warnings(action="ignore"):  # Prefect warns of a flow that it has met under another name
            spec.loader.exec_module(module)
    finally:
        del sys.modules[spec.name]
    found = getattr(module, attribute)
    return getattr(found, "fn", found)


def _served(entrypoint: str, parameter: str = "supplier") -> str:
    return f"deployments:\n- name: a\n  entrypoint: {entrypoint}\n  parameters: {{{parameter}: x}}\n"


_SOURCE = "SOURCE = Ftp\n"
_FLOW = "def sync(supplier: str) -> None: ...\n"
_ROOMS = "| `meschain/` | the application |\n| [`docs/`](docs/index.md) | reading |\n"

RULES = (
    Rule(
        plugs_without_test,
        broken=(
            {"connectors/sources/ftp.py": _SOURCE},
            {"connectors/feeds/formats/edi.py": "FORMAT: Format = Edi()\n", "tests/test_edi.py": ""},
        ),
        kept=(
            {"connectors/sources/ftp.py": _SOURCE, "tests/connectors/sources/test_ftp.py": ""},
            {"connectors/sources/protocol.py": "class Source: ...\n"},
        ),
    ),
    Rule(
        rooms_without_row,
        broken=(
            {"README.md": _ROOMS, "meschain/a.py": "", "docs/a.md": "", "models/a.py": ""},
            {"README.md": _ROOMS, "meschain/a.py": ""},
        ),
        kept=({"README.md": _ROOMS, "meschain/a.py": "", "docs/a.md": "", ".ci/run": ""},),
    ),
    Rule(
        broken_deployments,
        broken=(
            {"prefect.yaml": _served("flows/gone.py:sync")},
            {"prefect.yaml": _served("flows/a.py:gone"), "flows/a.py": _FLOW},
            {"prefect.yaml": _served("flows/a.py:sync"), "flows/a.py": "import nothing_of_this_name\n" + _FLOW},
            {"prefect.yaml": _served("flows/a.py:sync", "vendor"), "flows/a.py": _FLOW},
        ),
        kept=({"prefect.yaml": _served("flows/a.py:sync"), "flows/a.py": _FLOW},),
    ),
    Rule(
        flows_without_deployment,
        broken=({"prefect.yaml": _served("flows/a.py:sync"), "flows/a.py": _FLOW, "flows/b.py": _FLOW},),
        kept=(
            {"flows/a.py": _FLOW},
            {"prefect.yaml": _served("flows/a.py:f"), "flows/a.py": "from flows.b import sync\n", "flows/b.py": _FLOW},
        ),
    ),
)
