"""Parses the bodies of records, cut by `cutter`, into rows: by their shape, else many at once, else one by one.

No DTD, no entity but XML's own five and the names HTML knows (`&nbsp;`, which XML has no name for), no network.
"""

import re
from html.entities import html5

from lxml import etree

from connectors.feeds.markup.cutter import WRAPPER, wrapper
from connectors.feeds.markup.flatten import Fields, flatten
from connectors.feeds.markup.shapes import Shapes

_UNDECLARED = etree.ErrorTypes.NS_ERR_UNDEFINED_NAMESPACE
_XML_OWN = {"amp", "lt", "gt", "quot", "apos"}
_ENTITY = re.compile(rb"<!\[CDATA\[.*?\]\]>|<!--.*?-->|&([A-Za-z][A-Za-z0-9]*);", re.DOTALL)
_FOREIGN_ENTITY = re.compile(rb"&(?!(?:amp|lt|gt|quot|apos);)[A-Za-z]")


class BodyParser:
    """Parses records that are written with one tag under one set of namespace declarations."""

    def __init__(self, tag: bytes, namespaces: dict[str, str], variant_path: list[str]) -> None:
        self._open, self._close = b"<" + tag, b"</" + tag + b">"
        self._begin, self._end = wrapper(namespaces), f"</{WRAPPER}>".encode()
        self._tags = re.compile(rb"</?" + re.escape(tag) + rb"(?=[\s/>])")
        self._variant_path = variant_path
        self._shapes = Shapes(self._rows_of_one)
        self.cause = ""
        """Why the last record that was not well-formed was not."""

    def rows(self, bodies: list[bytes]) -> list[list[Fields] | None]:
        """The rows of each body, None for one that is not exactly one well-formed element."""
        rows: list[list[Fields] | None] = self._shapes.rows(bodies)
        left = [place for place, found in enumerate(rows) if found is None]
        for place, element in zip(left, self._parse([bodies[place] for place in left]), strict=True):
            rows[place] = None if element is None else flatten(element, self._variant_path)
        return rows

    def _rows_of_one(self, body: bytes) -> list[Fields] | None:
        element = self._parse_one(body)
        return None if element is None else flatten(element, self._variant_path)

    def _parse(self, bodies: list[bytes]) -> list[etree._Element | None]:
        """An element for each body.

        Bodies are parsed together only if no record's tag is in them but their own: where one runs over into the
        next (in a comment, in CDATA), two may look like one and another like two, and the number would still be right.
        """
        bodies = [_without_html_entities(body) if _FOREIGN_ENTITY.search(body) else body for body in bodies]
        document = b"".join([piece for body in bodies for piece in (self._open, body, self._close)])
        if len(bodies) > 1 and len(self._tags.findall(document)) == 2 * len(bodies):
            elements = self._elements(document)
            if len(elements) == len(bodies):
                return [*elements]
        return [self._parse_one(body) for body in bodies]

    def _parse_one(self, body: bytes) -> etree._Element | None:
        elements = self._elements(b"".join((self._open, _without_html_entities(body), self._close)))
        return elements[0] if len(elements) == 1 else None

    def _elements(self, document: bytes) -> list[etree._Element]:
        """The elements of which `document` consists, with no text between them; empty when it is not well-formed."""
        whole, parser = self._begin + document + self._end, _parser(recover=False)
        try:
            root = etree.fromstring(whole, parser)
        except etree.XMLSyntaxError as error:
            self.cause = error.msg or "not well-formed"
            if any(entry.type != _UNDECLARED for entry in parser.error_log):
                return []
            root = etree.fromstring(whole, _parser(recover=True))
        elements = list(root)
        return elements if root.text is None and all(element.tail is None for element in elements) else []


def _parser(*, recover: bool) -> etree.XMLParser:
    """`recover` is for names with a prefix that nothing declares: they are clear without it."""
    return etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        remove_comments=True,
        remove_pis=True,
        recover=recover,
    )


def _without_html_entities(body: bytes) -> bytes:
    """Write `&nbsp;` and the other names of HTML as numbers, except in comments and CDATA."""

    def number(match: re.Match[bytes]) -> bytes:
        name = (match[1] or b"").decode()
        if name in _XML_OWN or f"{name};" not in html5:
            return match[0]
        return "".join(f"&#{ord(char)};" for char in html5[f"{name};"]).encode()

    return _ENTITY.sub(number, body) if b"&" in body else body
