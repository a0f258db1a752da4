"""The fields of a form from the JSON Schema of what is asked for: a flow's parameters, a source's options. Pure.

What stands in a field, and what is read out of it again, is the business of `forms`.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

Schema = Mapping[str, Any]
Kind = Literal["checkbox", "choice", "date", "integer", "json", "lines", "number", "pairs", "password", "text"]
"""How a value is asked for: `lines` is a list, one to a line; `pairs` is `name: value`; `json` is anything else."""

PREFIX = "parameter."
"""Stands before a field's name in the form: no parameter can be taken for a field of the page."""
HIDDEN = frozenset({"tenant"})
"""Never asked for: the session says it."""
_KINDS: dict[str, Kind] = {"boolean": "checkbox", "integer": "integer", "number": "number", "string": "text"}
_FORMATS: dict[str, Kind] = {"date": "date", "password": "password"}
_LIMITS = ("minimum", "maximum", "minLength", "maxLength")
_YES_NO = (("yes", True), ("no", False))
_PLAIN_PATTERN = re.compile(r"\^(?:[\w ,:@/-]|\[\^?(?:\\?[\w.:@/-])+\]|\\[.dws-]|[*+?]|\{\d+(?:,\d*)?\})*\$", re.ASCII)
"""Expressions that Python and browsers read alike."""
_MOST_REFERENCES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One thing to ask for."""

    name: str
    kind: Kind
    label: str
    help: str = ""
    required: bool = False
    """A blank is no answer."""
    nullable: bool = False
    """A blank is null."""
    default: Any = None
    has_default: bool = False
    choices: tuple[tuple[str, Any], ...] = ()
    """Text and value of what can be chosen."""
    example: str = ""
    pattern: str = ""
    """For the browser; empty if it would not certainly read it as we do."""
    limits: Mapping[str, Any] = field(default_factory=dict)
    """Of the schema: minimum, maximum, minLength, maxLength."""
    items: Kind = "text"
    """What each of the `lines` or `pairs` is."""
    secret: bool = False
    """Never written into a form."""

    @property
    def key(self) -> str:
        """Its name in the form."""
        return f"{PREFIX}{self.name}"


def read_fields(
    schema: Schema, *, suppliers: Iterable[str] | None = None, hidden: frozenset[str] = HIDDEN
) -> tuple[Field, ...]:
    """The fields for an object's schema, in its order; `suppliers` are what a parameter `supplier` is chosen from."""
    required = frozenset(schema.get("required", ()))
    names = [name for name in schema.get("properties", {}) if name not in hidden]
    fields = tuple(_field(name, schema, needed=name in required) for name in names)
    if suppliers is None:
        return fields
    choices = tuple((slug, slug) for slug in suppliers)
    return tuple(
        replace(each, kind="choice", choices=choices, pattern="") if each.name == "supplier" else each
        for each in fields
    )


def _field(name: str, whole: Schema, *, needed: bool) -> Field:
    given = whole["properties"][name]
    schema, nullable = _without_null(_resolved(given, whole), whole)
    kind, choices = _kind_of(schema)
    if kind == "checkbox" and nullable:
        kind, choices = "choice", _YES_NO
    examples = given.get("examples") or schema.get("examples") or ()
    return Field(
        name=name,
        kind=kind,
        label=_label(str(given.get("title") or name)),
        help=str(given.get("description") or schema.get("description") or ""),
        required=not nullable and kind != "checkbox" and _has_to_be_given(kind, given, schema, needed=needed),
        nullable=nullable,
        default=given.get("default"),
        has_default="default" in given,
        choices=choices,
        example=str(examples[0]) if examples else "",
        pattern=_browser_pattern(str(schema.get("pattern", ""))),
        limits={key: schema[key] for key in _LIMITS if key in schema},
        items=_items_of(schema, whole),
        secret=bool(given.get("secret") or kind == "password"),
    )


def _has_to_be_given(kind: Kind, given: Schema, schema: Schema, *, needed: bool) -> bool:
    """Whether a blank cannot be a value: where a default stands, it can be changed but not taken away."""
    if kind in {"lines", "pairs"}:
        return needed
    blank_fits = not schema.get("minLength") and re.search(str(schema.get("pattern", "")), "") is not None
    return needed or ("default" in given and not (kind in {"text", "password"} and blank_fits))


def _resolved(schema: Schema, whole: Schema) -> Schema:
    """The schema behind a reference within the document, with what stands beside the reference."""
    for _ in range(_MOST_REFERENCES):
        parts = schema.get("allOf", ())
        beside = {key: value for key, value in schema.items() if key not in {"$ref", "allOf"}}
        if "$ref" in schema:
            target: Any = whole
            for step in str(schema["$ref"]).removeprefix("#/").split("/"):
                target = target[step]
            schema = {**target, **beside}
        elif len(parts) == 1:
            schema = {**parts[0], **beside}
        else:
            break
    return schema


def _without_null(schema: Schema, whole: Schema) -> tuple[Schema, bool]:
    """The schema of what is not null, and whether null is a value as well."""
    options = schema.get("anyOf", schema.get("oneOf"))
    if options is None:
        types = schema.get("type")
        if not isinstance(types, list):
            return schema, types == "null" or None in schema.get("enum", ())
        rest = [name for name in types if name != "null"]
        return {**schema, "type": rest[0] if len(rest) == 1 else rest}, "null" in types
    kept = [_resolved(option, whole) for option in options if option.get("type") != "null"]
    beside = {key: value for key, value in schema.items() if key not in {"anyOf", "oneOf"}}
    return ({**kept[0], **beside} if len(kept) == 1 else beside), len(kept) < len(options)


def _kind_of(schema: Schema) -> tuple[Kind, tuple[tuple[str, Any], ...]]:
    values = schema.get("enum", [schema["const"]] if "const" in schema else None)
    if values is not None:
        values = [value for value in values if value is not None]
        plain = all(isinstance(value, str) and value for value in values)
        return "choice", tuple((value if plain else json.dumps(value), value) for value in values)
    kind = schema.get("type")
    if kind == "string":
        return _FORMATS.get(str(schema.get("format")), "text"), ()
    if kind == "array" and isinstance(schema.get("items"), Mapping) and "prefixItems" not in schema:
        return "lines", ()
    if kind == "object" and isinstance(schema.get("additionalProperties"), Mapping) and not schema.get("properties"):
        return "pairs", ()
    return _KINDS.get(str(kind), "json"), ()


def _items_of(schema: Schema, whole: Schema) -> Kind:
    inner = schema.get("items", schema.get("additionalProperties"))
    if not isinstance(inner, Mapping):
        return "text"
    kind, _ = _kind_of(_resolved(inner, whole))
    return kind if kind in {"integer", "number"} else "text" if kind in {"text", "password"} else "json"


def _label(title: str) -> str:
    """`every_supplier` → `Every supplier`."""
    words = title.replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def _browser_pattern(pattern: str) -> str:
    """The pattern as a browser takes it: of the whole text, and with every `-` in brackets that is no range escaped."""
    return re.sub(r"(?<!\\)-\]", r"\\-]", pattern[1:-1]) if _PLAIN_PATTERN.fullmatch(pattern) else ""
