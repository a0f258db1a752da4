"""What stands in the fields of a form, and what is read out of them again: typed parameters, or what is wrong. Pure.

In the end the schema itself judges: no parameters leave here that it refuses.
"""

import json
import re
from collections.abc import Iterable, Mapping
from math import isfinite
from typing import Any, NamedTuple

from jsonschema import Draft202012Validator, ValidationError

from meschain.web.console.fields import Field, Kind, Schema
from meschain.web.console.language import N_, Message
from meschain.web.console.typed import MISSING, NO_CHOICE

_LONGEST_NUMBER = 40
_INTEGER = re.compile(r"[+-]?[0-9]+")
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?")

_UNFIT = Message(N_("This is not as expected; see the note."))
_NOT: Mapping[Kind, Message] = {
    "checkbox": Message(N_("Choose yes or no.")),
    "choice": NO_CHOICE,
    "integer": Message(N_("Give a whole number.")),
    "json": Message(N_("This is not JSON.")),
    "number": Message(N_("Give a number, such as 2.5.")),
    "pairs": Message(N_("Give one to a line, as name: value.")),
}
_WRONG: Mapping[str, str] = {
    "exclusiveMaximum": N_("Give less than %(limit)s."),
    "exclusiveMinimum": N_("Give more than %(limit)s."),
    "maxItems": N_("Give at most %(limit)s."),
    "maxLength": N_("Give at most %(limit)s characters."),
    "maximum": N_("Give %(limit)s or less."),
    "minItems": N_("Give at least %(limit)s."),
    "minLength": N_("Give at least %(limit)s characters."),
    "minimum": N_("Give %(limit)s or more."),
    "multipleOf": N_("Give a multiple of %(limit)s."),
    "uniqueItems": N_("Give each only once."),
}
_LIKE = N_("Give something like %(example)s.")


class Posted(NamedTuple):
    """What was read from a form: parameters, or what is wrong, by the field's name in the form."""

    parameters: dict[str, Any]
    errors: dict[str, Message]


def write_values(fields: Iterable[Field], parameters: Mapping[str, Any] | None = None) -> dict[str, str]:
    """What stands in the form for these parameters, the defaults where none is given; secrets are never written."""
    given = parameters or {}
    values: dict[str, str] = {}
    for each in fields:
        if not each.secret and (each.name in given or each.has_default):
            values[each.key] = _written(each, given.get(each.name, each.default))
    return values


def read_posted(schema: Schema, fields: Iterable[Field], posted: Mapping[str, str]) -> Posted:
    """The parameters that a form gives. What the form did not ask for is left out, whoever posts it."""
    parameters: dict[str, Any] = {}
    errors: dict[str, Message] = {}
    by_name = {each.name: each for each in fields}
    for each in by_name.values():
        try:
            parameters |= _read(each, posted.get(each.key, "").replace("\r\n", "\n"))
        except _Unreadable as unreadable:
            errors[each.key] = unreadable.message
    judge = Draft202012Validator(dict(schema), format_checker=Draft202012Validator.FORMAT_CHECKER)
    for error in judge.iter_errors(parameters):
        wrong = by_name.get(_name_of(error))
        if wrong is not None:
            errors.setdefault(wrong.key, _explained(error, wrong))
    return Posted({} if errors else parameters, errors)


class _Unreadable(Exception):
    """A text that is no value of its field's kind."""

    def __init__(self, message: Message) -> None:
        self.message = message


def _written(each: Field, value: Any) -> str:  # noqa: ANN401  whatever JSON holds
    """How a value is written into its field."""
    if value is None:
        return ""
    if each.kind == "checkbox":
        return "true" if value else ""
    if each.kind == "choice":
        return next((text for text, known in each.choices if known == value and type(known) is type(value)), "")
    if each.kind == "lines":
        return "\n".join(_scalar_text(each.items, one) for one in value)
    if each.kind == "pairs":
        return "\n".join(f"{name}: {_scalar_text(each.items, one)}" for name, one in value.items())
    return _scalar_text(each.kind, value)


def _scalar_text(kind: Kind, value: Any) -> str:  # noqa: ANN401  whatever JSON holds
    return value if isinstance(value, str) and kind != "json" else json.dumps(value, ensure_ascii=False)


def _read(each: Field, text: str) -> dict[str, Any]:
    """The parameter that the text gives; none if nothing was given and nothing has to be."""
    bare = text if each.kind == "password" else text.strip()
    if each.kind == "checkbox":
        return {each.name: _scalar("checkbox", bare or "false")}
    if not bare:
        return _blank(each)
    if each.kind == "choice":
        found = [value for known, value in each.choices if known == bare]
        if not found:
            raise _Unreadable(_NOT["choice"])
        return {each.name: found[0]}
    lines = [line.strip() for line in bare.split("\n") if line.strip()]
    if each.kind == "lines":
        return {each.name: [_scalar(each.items, line) for line in lines]}
    if each.kind == "pairs":
        return {each.name: dict(_pair(each.items, line) for line in lines)}
    return {each.name: _scalar(each.kind, bare)}


def _blank(each: Field) -> dict[str, Any]:
    if each.required:
        raise _Unreadable(MISSING)
    if each.nullable:
        return {each.name: None}
    empty: Mapping[str, Any] = {"lines": [], "pairs": {}, "text": ""}
    return {each.name: empty[each.kind]} if each.has_default and not each.secret and each.kind in empty else {}


def _pair(kind: Kind, line: str) -> tuple[str, Any]:
    name, colon, value = line.partition(":")
    if not colon or not name.strip():
        raise _Unreadable(_NOT["pairs"])
    return name.strip(), _scalar(kind, value.strip())


def _scalar(kind: Kind, text: str) -> Any:  # noqa: ANN401  whatever JSON holds
    """One value from its text."""
    if kind == "checkbox" and text in {"true", "false"}:
        return text == "true"
    if kind == "integer" and _INTEGER.fullmatch(text) and len(text) <= _LONGEST_NUMBER:
        return int(text)
    if kind == "number" and _NUMBER.fullmatch(text) and isfinite(float(text)):
        return float(text)
    if kind == "json":
        try:
            return json.loads(text, parse_constant=_finite, parse_float=_finite)
        except (ValueError, RecursionError):
            raise _Unreadable(_NOT["json"]) from None
    if kind in _NOT:
        raise _Unreadable(_NOT[kind])
    return text


def _finite(text: str) -> float:
    """Infinity and NaN are no JSON, whatever Python says, and neither is what only a larger number could hold."""
    value = float(text)
    if not isfinite(value):
        raise ValueError(text)
    return value


def _name_of(error: ValidationError) -> str:
    """The parameter that an error is about; empty if it is about none."""
    if error.absolute_path:
        return str(error.absolute_path[0])
    if error.validator != "required":
        return ""
    needed: Any = error.validator_value
    given: Any = error.instance
    return next((str(name) for name in needed if name not in given), "")


def _explained(error: ValidationError, wrong: Field) -> Message:
    """A validator's complaint in words."""
    inner = [each for each in error.context or () if each.validator not in {"type", "const"}]
    if error.validator == "anyOf" and len(inner) == 1:
        return _explained(inner[0], wrong)
    if error.validator == "required":
        return MISSING
    if error.validator == "pattern" and wrong.example:
        return Message(_LIKE, {"example": wrong.example})
    text = _WRONG.get(str(error.validator))
    return Message(text, {"limit": error.validator_value}) if text else _UNFIT
