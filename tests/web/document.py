"""The OpenAPI document as a reader of it understands it: operations, and examples put together from what it says."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Document = dict[str, Any]


@dataclass(frozen=True)
class Operation:
    """What can be done at an address."""

    method: str
    path: str
    said: dict[str, Any]
    document: Document

    @property
    def name(self) -> str:
        """Method and path."""
        return f"{self.method} {self.path}"

    @property
    def guarded(self) -> bool:
        """Whether one has to say who one is."""
        return bool(self.said["security"])

    @property
    def places(self) -> list[str]:
        """The parameters of the path."""
        return re.findall(r"{(\w+)}", self.path)

    def parameters(self, where: str, *, required: bool = False) -> list[dict[str, Any]]:
        """Parameters in `query` or `header`."""
        found = [each for each in self.said.get("parameters", []) if each["in"] == where]
        return [each for each in found if each.get("required")] if required else found

    def body(self) -> tuple[str, Any] | None:
        """Media type and example of the body that is sent."""
        for kind, media in self.said.get("requestBody", {}).get("content", {}).items():
            return kind, media.get("example", example_of(media["schema"], self.document, self.name))
        return None


def operations_of(document: Document) -> Iterator[Operation]:
    """Every operation of the document."""
    for path, methods in document["paths"].items():
        for method, said in methods.items():
            yield Operation(method.upper(), path, said, document)


class NoExample(Exception):
    """The document gives no example of a part that has to be there."""


def example_of(schema: dict[str, Any], document: Document, name: str) -> Any:
    """An example put together from the document alone; a part that may be left out is, if none is given of it."""
    if "$ref" in schema:
        return example_of(document["components"]["schemas"][schema["$ref"].rpartition("/")[2]], document, name)
    if said := [schema[key] for key in ("default", "const", "example", "minimum") if key in schema]:
        return said[0]
    if said := [each for key in ("examples", "enum") for each in schema.get(key, [])]:
        return said[0]
    if "anyOf" in schema:
        return example_of(schema["anyOf"][0], document, name)
    kind = schema.get("type")
    if kind == "array":
        return [example_of(schema["items"], document, name)]
    if kind == "object":
        return dict(_parts(schema, document, name))
    if kind == "boolean":
        return True
    raise NoExample(f"{name}: {schema}")


def _parts(schema: dict[str, Any], document: Document, name: str) -> Iterator[tuple[str, Any]]:
    for each, part in schema.get("properties", {}).items():
        try:
            yield each, example_of(part, document, f"{name} {each}")
        except NoExample:
            if each in schema.get("required", []):
                raise
