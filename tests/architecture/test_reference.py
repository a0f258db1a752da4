"""The reference pages are what the generator would write now, and the generator says what it is given."""

import importlib.util
from typing import Annotated

import pytest
import typer

from tests.architecture.house import ROOT, grow

FOLDER = ROOT / "docs/reference"
CARD = """
description: Offers as they are.
owner: catalog
grain: a supplier's offer
columns: {supplier: whose, supplier_sku: 'its key, a | b'}
checks: []
"""


@pytest.fixture(scope="module")
def generate():
    """The generator, which is a script and no part of a package."""
    spec = importlib.util.spec_from_file_location("generate", FOLDER / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_pages_have_not_drifted(generate):
    for name, text in generate.pages().items():
        assert (FOLDER / name).read_text(encoding="utf-8") == text, f"{name} is out of date: run `make docs`"


def test_relations_are_described(generate, tmp_path):
    page = "\n".join(generate.relations(grow(tmp_path, {"core/offers.yml": CARD})))
    assert "## core.offers" in page
    assert "| `supplier_sku` | its key, a \\| b |" in page


def test_commands_are_described(generate):
    application = typer.Typer()

    @application.command()
    def show(sku: str, as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False) -> None:
        """Show one offer."""

    application.command("hide", hidden=True)(lambda: None)
    page = "\n".join(generate.commands(application))
    assert "## meschain show SKU" in page
    assert "Show one offer." in page
    assert "| `--json` | For programs. |" in page
    assert "hide" not in page
