"""Writes the reference pages from the code: settings, commands, relations. Knows the form of the pages, no facts."""

import importlib
import logging
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import typer
import yaml
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from meschain.settings import list_variables

log = logging.getLogger("docs")
HERE = Path(__file__).parent
CARDS = HERE.parents[1] / "warehouse" / "sql"
LAYERS = ("raw", "staging", "core", "marts", "features")
WRITTEN = "<!-- Written by `make docs` from the code: change the code, not this page. -->"


def pages() -> dict[str, str]:
    """Text of every page by file name."""
    return {
        "settings.md": _page("Settings", settings(list_variables())),
        "commands.md": _page("Commands", commands(_application())),
        "relations.md": _page("Relations", relations(CARDS)),
    }


def settings(variables: dict[str, FieldInfo]) -> Iterator[str]:
    """The settings as a table."""
    yield "Every setting is an environment variable; none has to be set. `meschain doctor` says what holds."
    rows = ((f"`{name}`", _default(field), field.description or "") for name, field in variables.items())
    yield _table(("variable", "default", "meaning"), rows)


def commands(application: typer.Typer | None) -> Iterator[str]:
    """Every command with its arguments and options."""
    if application is None:
        return
    yield "Every command knows `--help`; a command that prints a result knows `--json`. Errors go to stderr."
    yield from _command(typer.main.get_command(application), ["meschain"])


def relations(folder: Path) -> Iterator[str]:
    """Every relation of a tenant's lake, from its card."""
    yield "The relations of a tenant's lake, as their cards describe them. Ask them with `meschain sql`."
    for layer in LAYERS:
        for path in sorted((folder / layer).glob("*.yml")):
            card = yaml.safe_load(path.read_text(encoding="utf-8"))
            yield f"## {layer}.{path.stem}"
            yield str(card["description"]).strip()
            yield f"One row: {str(card['grain']).strip()}  \nOwner: {card['owner']}"
            yield _table(("column", "meaning"), ((f"`{name}`", text) for name, text in _columns(card["columns"])))


def _application() -> typer.Typer | None:
    """The command line's typer application; None as long as there is none."""
    try:
        return importlib.import_module("meschain.cli").app
    except ModuleNotFoundError as error:
        if error.name != "meschain.cli":
            raise
        return None


def _command(command: Any, path: list[str]) -> Iterator[str]:
    """A click command or group; told by its attributes, since typer brings a click of its own."""
    for name, inner in sorted(getattr(command, "commands", {}).items()):
        if not inner.hidden:
            yield from _command(inner, [*path, name])
    if hasattr(command, "commands"):
        return
    shown = [parameter for parameter in command.params if not getattr(parameter, "hidden", False)]
    arguments = [parameter for parameter in shown if parameter.param_type_name == "argument"]
    options = [parameter for parameter in shown if parameter.param_type_name == "option"]
    yield "## " + " ".join([*path, *map(_placeholder, arguments)])
    yield (command.help or "").strip()
    if options:
        yield _table(("option", "meaning"), ((f"`{_switches(option)}`", option.help or "") for option in options))


def _placeholder(argument: Any) -> str:
    name = (argument.metavar or argument.name).upper() + ("..." if argument.nargs == -1 else "")
    return name if argument.required else f"[{name}]"


def _switches(option: Any) -> str:
    return ", ".join([*option.opts, *option.secondary_opts])


def _columns(columns: object) -> Iterator[tuple[str, str]]:
    """Name and meaning of a card's columns, given as a mapping or as a list of mappings."""
    pairs = columns.items() if isinstance(columns, dict) else ((column["name"], column) for column in columns)
    for name, said in pairs:
        yield str(name), str(said["description"] if isinstance(said, dict) else said).strip()


def _default(field: FieldInfo) -> str:
    value = field.get_default()
    text = value.get_secret_value() if isinstance(value, SecretStr) else str(value)
    return f"`{text}`" if text else ""


def _table(heading: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [heading, tuple("---" for _ in heading), *rows]
    return "\n".join(
        "| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in line) + " |" for line in lines
    )


def _page(title: str, blocks: Iterable[str]) -> str:
    return "\n\n".join([f"# {title}", WRITTEN, *(block for block in blocks if block)]) + "\n"


def main() -> None:
    """Write the pages beside this file."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(message)s")
    for name, text in pages().items():
        path = HERE / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            log.info("Wrote %s", path.name)


if __name__ == "__main__":
    main()
