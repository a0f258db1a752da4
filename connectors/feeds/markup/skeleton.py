"""What lies around the records of an XML file, read by a real parser (expat) as it comes; records never get here.

It answers the one question on which cutting records by text search stands: is the parser, at this byte, in the
content of the element that holds the records, and not in a comment, a CDATA section or somewhere else?
No entity is ever expanded, no DTD read, nothing fetched: a file that declares an entity is refused.
"""

from pyexpat import ErrorString, ExpatError, ParserCreate
from typing import NoReturn

from commerce.errors import Permanent

_PROBE = "_record_here"
_WEB_PAGE = "XML: this is a web page, not a feed (a login page, an error?)."


class Skeleton:
    """An expat parser that is fed all bytes of a file but those of its records."""

    def __init__(self, record_path: list[str]) -> None:
        self.parent = record_path[:-1]
        self.path: list[str] = []
        """Local names of the elements that are open."""
        self.found: dict[str, int] = {}
        """How often each path of the first few was met: what to show when there are no records."""
        self.offset = 0
        """Byte of the file up to which it was fed or told to pass over."""
        self._scopes: list[dict[str, str]] = [{}]
        self._answer = False
        self._passed = 0
        self._unanswered = 0
        self._parser = ParserCreate("utf-8")
        self._parser.UseForeignDTD(True)  # noqa: FBT003  # expat's own signature; makes it pass over &nbsp; and its like
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._parser.EntityDeclHandler = self._entity

    @property
    def namespaces(self) -> dict[str, str]:
        """Prefix (or `xmlns`) to address of the declarations in force at this place."""
        return {name: uri for scope in self._scopes for name, uri in scope.items()}

    def feed(self, data: bytes) -> None:
        """Read on; raises Permanent where the file is not well-formed outside its records."""
        self._unanswered += len(data)
        self._parse(data)
        self.offset += len(data)

    def skip(self, size: int) -> None:
        """Pass over the bytes of records."""
        self.offset += size
        self._passed += size

    def is_among_records(self) -> bool:
        """Whether an element that began here would be a record: asked by letting one begin.

        Where it is not, the question is so written that it does no harm: in a comment, in CDATA, in an instruction.
        """
        self._answer = False
        if self._parse_probe(f"<{_PROBE}/>".encode()):
            return True
        # From 2.6 expat does not look at a half token again before as much again has come.
        return self._parse_probe(b" " * self._unanswered) if self._unanswered else False

    def close(self) -> None:
        """The file has ended; raises Permanent if it should not have."""
        try:
            self._parser.Parse(b"", True)  # noqa: FBT003  # expat's own signature
        except ExpatError as error:
            self._refuse(error, "the file ends")

    def _parse_probe(self, data: bytes) -> bool:
        self._parse(data)
        self._passed -= len(data)
        if self._answer:
            self._unanswered = 0
        return self._answer and self.path == self.parent

    def _parse(self, data: bytes) -> None:
        try:
            self._parser.Parse(data, False)  # noqa: FBT003  # expat's own signature
        except ExpatError as error:
            self._refuse(error, "the file is not well-formed")

    def _refuse(self, error: ExpatError, what: str) -> NoReturn:
        place = max(self._parser.ErrorByteIndex + self._passed, 0)
        inside = f" inside <{'/'.join(self.path)}>" if self.path else ""
        raise Permanent(f"XML: {what} at byte {place:,}{inside}: {ErrorString(error.code)}.") from error

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if name == _PROBE:
            self._answer = True
            return
        self.path.append(name.rpartition(":")[2])
        self._scopes.append({key: uri for key, uri in attributes.items() if key == "xmlns" or key.startswith("xmlns:")})
        if len(self.path) == 1 and name.lower() == "html":
            raise Permanent(_WEB_PAGE)
        path = "/".join(self.path)
        if path in self.found or len(self.found) < 12:
            self.found[path] = self.found.get(path, 0) + 1

    def _end(self, name: str) -> None:
        if name != _PROBE:
            self.path.pop()
            self._scopes.pop()

    def _doctype(self, name: str, *_: object) -> None:
        if name.lower() == "html":
            raise Permanent(_WEB_PAGE)

    def _entity(self, name: str, *_: object) -> None:
        raise Permanent(f"XML: the file declares the entity {name!r}; feeds with entity declarations are refused.")
