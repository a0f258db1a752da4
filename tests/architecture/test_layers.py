"""Who may know whom: the import contracts of pyproject.toml hold, cover every room, and each notices its violation."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.architecture.house import ROOMS, ROOT, Tree, files, grow

PROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
CONTRACTS = tomllib.loads(PROJECT)["tool"]["importlinter"]["contracts"]
PRESENT = tuple(tomllib.loads(PROJECT)["tool"]["importlinter"]["root_packages"])
LAYERS, INSIDE, ROUTES, PREFECT, HTTP = (contract["name"] for contract in CONTRACTS)

VIOLATIONS: list[tuple[str, Tree]] = [
    (LAYERS, {"commerce/a.py": "import warehouse\n"}),
    (LAYERS, {"connectors/a.py": "import warehouse\n"}),
    (LAYERS, {"warehouse/a.py": "from meschain import store\n"}),
    (LAYERS, {"meschain/web/a.py": "import flows\n", "meschain/web/__init__.py": ""}),
    (LAYERS, {"tasks/a.py": "import flows\n"}),
    (INSIDE, {"meschain/store/a.py": "import meschain.catalog\n"}),
    (INSIDE, {"meschain/settings.py": "import meschain.store\n"}),
    (INSIDE, {"meschain/shiny/__init__.py": ""}),
    (ROUTES, {"meschain/catalog/service.py": "import meschain.catalog.api\n", "meschain/catalog/api.py": ""}),
    (PREFECT, {"meschain/catalog/a.py": "import prefect\n"}),
    (PREFECT, {"warehouse/a.py": "from prefect import task\n"}),
    (HTTP, {"meschain/catalog/a.py": "import httpx\n"}),
]
ALLOWED: Tree = {
    "flows/a.py": "import prefect, tasks, meschain.wiring\n",
    "meschain/cli.py": "import meschain.sandbox\n",
    "meschain/wiring.py": "import meschain.runs, connectors.http, warehouse, commerce\n",
    "meschain/runs/a.py": "import prefect.client.orchestration\nimport meschain.store\n",
    "meschain/catalog/api.py": "import meschain.access, meschain.operations\n",
    "meschain/web/__init__.py": "import meschain.catalog.api\n",
    "connectors/http/a.py": "import httpx\n",
}


@pytest.fixture
def small_house(tmp_path):
    """A tree with every room and nothing in them, under the contracts of this one."""
    rooms = ("access", "catalog", "operations", "runs", "sandbox", "store")
    packages = [*PRESENT, *(f"meschain/{room}" for room in rooms), "connectors/http"]
    empty = {f"{package}/__init__.py": "" for package in packages}
    return grow(tmp_path, {**empty, "pyproject.toml": PROJECT})


def lint(root: Path) -> tuple[bool, str]:
    """Run import-linter in `root`: whether every contract is kept, and what it said."""
    code = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    command = [sys.executable, "-c", code, "--no-cache", "--no-logo"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=120, check=False)
    return done.returncode == 0, done.stdout + done.stderr


def test_the_house_keeps_its_contracts():
    kept, said = lint(ROOT)
    assert kept, said


@pytest.mark.parametrize(("contract", "tree"), VIOLATIONS)
def test_a_violation_is_noticed(small_house, contract, tree):
    kept, said = lint(grow(small_house, tree))
    assert not kept
    assert f"{contract} BROKEN" in said


def test_what_the_design_allows_passes(small_house):
    kept, said = lint(grow(small_house, ALLOWED))
    assert kept, said


def test_every_room_is_under_contract():
    assert set(PRESENT) == {room for room in ROOMS if any(files(ROOT, room, suffix=".py"))}


def test_every_contract_has_a_violation():
    assert {contract for contract, _ in VIOLATIONS} == {contract["name"] for contract in CONTRACTS}
