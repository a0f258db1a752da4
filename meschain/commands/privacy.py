"""`meschain privacy`: what is kept of a person, for that person, and that it is erased for good."""

from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from commerce.errors import Refused
from meschain.access.personal_export import export_person
from meschain.access.privacy import erase as erase_person
from meschain.access.privacy import find_subject
from meschain.audit.rules import OPERATOR
from meschain.commands.screen import Json, opened_house, show, to_json
from meschain.store.new_file import new_file

app = typer.Typer(no_args_is_help=True, help="Persons: hand out what is kept of one, or erase it for good.")
Subject = Annotated[str, typer.Argument(metavar="SUBJECT", help="E-mail address, or id of the person.")]


@app.command()
def erase(
    subject: Subject,
    yes: Annotated[bool, typer.Option("--yes", help="Really do it: nothing brings the person back.")] = False,
    json: Json = False,
) -> None:
    """Destroy the person's key: nothing that was kept under it can be read any more, and every proof still holds."""
    if not yes:
        raise Refused("nothing was done; say --yes to erase this person for ever")
    with opened_house() as house:
        done = erase_person(house.access, OPERATOR, find_subject(house.access, subject))
    result = {"subject": done.subject, "complete": done.scrubbed.complete, "hint": done.scrubbed.hint}
    told = f"{done.subject} is erased. {done.scrubbed.hint}".strip()
    show(result, json, lambda: told)


@app.command()
def export(
    subject: Subject,
    to: Annotated[Path | None, typer.Option(help="New file to write; else it is printed.")] = None,
    json: Json = False,
) -> None:
    """Everything that is kept of the person, as JSON."""
    with opened_house() as house, new_file(to) if to is not None else nullcontext() as file:
        kept = export_person(house.access, OPERATOR, find_subject(house.access, subject))
        if file is not None:
            file.write(to_json(kept).encode())
    result = {"file": str(to)} if to is not None else kept
    show(result, json or to is None, lambda: f"Everything that is kept is in {to}.")
