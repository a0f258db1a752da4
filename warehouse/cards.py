"""Cards of the relations: what a relation is, what its columns mean, what must hold. Reads and validates; runs nothing.

A card lies beside its relation, `sql/<layer>/<name>.yml`. A check says in `rule` what holds, in `severity` whether a
violation fails or only warns, and in `kind` how it is found out: one of the classes below, a closed vocabulary.
"""

from functools import cache
from importlib.resources import files
from typing import Annotated, ClassVar, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from commerce.errors import Permanent
from warehouse import statements

Severity = Literal["fail", "warn"]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Text = Annotated[str, Field(min_length=1)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Rule(_Part):
    name: Name
    rule: Text
    """What holds, as a sentence for whoever reads the report."""
    severity: Severity


class _ColumnRule(_Rule):
    column: Name

    @property
    def about(self) -> tuple[str, ...]:
        """Columns that an example of a violation should show."""
        return (self.column,)


class NotNull(_ColumnRule):
    """The column is never empty."""

    kind: Literal["not_null"]


class InSet(_ColumnRule):
    """The column has one of these values, or none."""

    kind: Literal["in_set"]
    values: Annotated[tuple[str, ...], Field(min_length=1)]


class Between(_ColumnRule):
    """The column is a number within bounds, or empty; `min` and `max` may be reached, `above` and `below` may not."""

    kind: Literal["between"]
    min: float | None = None
    max: float | None = None
    above: float | None = None
    below: float | None = None

    @model_validator(mode="after")
    def _bounded(self) -> "Between":
        lower, upper = (self.min, self.above), (self.max, self.below)
        if not any(bound is not None for bound in lower + upper) or None not in lower or None not in upper:
            raise ValueError("between wants min or above, max or below, and at least one of them")
        return self


class Unique(_Rule):
    """No two rows have the same values in these columns; empty counts as a value."""

    kind: Literal["unique"]
    columns: Annotated[tuple[Name, ...], Field(min_length=1)]

    @property
    def about(self) -> tuple[str, ...]:
        """Columns that an example of a violation should show."""
        return self.columns


class Holds(_Rule):
    """A condition over the columns of one row that is never false; it may be unknown, as in an SQL CHECK.

    All conditions of a card are evaluated in one pass over the relation.
    """

    kind: Literal["holds"]
    condition: Text
    columns: Annotated[tuple[Name, ...], Field(min_length=1)]
    """What the condition is about."""

    @property
    def about(self) -> tuple[str, ...]:
        """Columns that an example of a violation should show."""
        return self.columns


class RowQuery(_Rule):
    """A query over `{batch}`, the rows in question, that must return none: for what needs other relations."""

    kind: Literal["row_query"]
    query: Annotated[str, Field(pattern=r"\{batch\}")]
    about: ClassVar[tuple[str, ...]] = ()


class NotEmpty(_Rule):
    """There is at least one row."""

    kind: Literal["not_empty"]
    about: ClassVar[tuple[str, ...]] = ()


Check = Annotated[NotNull | InSet | Between | Unique | Holds | RowQuery | NotEmpty, Field(discriminator="kind")]


class Card(_Part):
    """What is known of a relation beside its definition."""

    relation: Annotated[str, Field(pattern=r"^[a-z]+\.[a-z_]+$")]
    description: Text
    owner: Text
    kind: Literal["table", "view"]
    grain: Text
    """What one row stands for."""
    key: Annotated[tuple[Name, ...], Field(min_length=1)]
    """Columns that name a row to a person; whether they are unique is for a check to say."""
    pii: tuple[Name, ...]
    """Columns with personal data; the lake is meant to have none."""
    columns: dict[Name, Text]
    checks: Annotated[tuple[Check, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _consistent(self) -> "Card":
        names = [check.name for check in self.checks]
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            raise ValueError(f"checks named twice: {', '.join(sorted(twice))}")
        used = {*self.key, *self.pii, *(column for check in self.checks for column in check.about)}
        if used - self.columns.keys():
            raise ValueError(f"no such columns: {', '.join(sorted(used - self.columns.keys()))}")
        return self


def parse_card(relation: str, text: str) -> Card:
    """The card written in `text` (YAML); Permanent with every mistake in it."""
    try:
        body = yaml.safe_load(text)
        return Card.model_validate({**body, "relation": relation} if isinstance(body, dict) else body)
    except (yaml.YAMLError, ValidationError) as error:
        raise Permanent(f"The card of {relation} cannot be used: {error}") from error


@cache
def card_of(relation: str) -> Card:
    """The card of a relation such as `core.offers`."""
    path = files("warehouse").joinpath("sql", *relation.split(".")[:1], f"{relation.partition('.')[2]}.yml")
    if not path.is_file():
        raise Permanent(f"There is no relation {relation}, or it has no card.")
    return parse_card(relation, path.read_text(encoding="utf-8"))


def all_cards() -> list[Card]:
    """The cards of all relations, in the order in which the relations are created."""
    return [card_of(name.replace("/", ".")) for name in statements.relations()]
