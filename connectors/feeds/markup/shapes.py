"""Reads records of a shape that was seen before without parsing them again.

The shape of a record is what is left of it when the texts of its leaves are taken out: tags and white space. The
first record of a shape goes through the XML parser with a mark in place of each text; where the marks come out is
where the texts of all records of that shape belong. So this gives what the parser gives, three times as fast.
A record with anything unusual in it (illegal characters, unknown references, comments) is left to the parser.
"""

import re
from collections.abc import Callable

from connectors.feeds.markup.flatten import Fields, Value, without_none

_LEAF = re.compile(r"<([^\s<>/!?&\"'=]+)>([^<]*|\s*<!\[CDATA\[(?>.*?\]\]>)\s*)</\1>", re.DOTALL)
_REFERENCE = re.compile(r"&([^;&\s]*;?)")
_NAMED = {"amp;": "&", "lt;": "<", "gt;": ">", "quot;": '"', "apos;": "'", "nbsp;": "\xa0"}
_ILLEGAL = bytes({*range(1, 0x20)} - {0x09, 0x0A, 0x0D})
_MARK = re.compile("\ue000([0-9]+)\ue001")
_MOST = 512

_Place = int | str | None | list["_Place"] | dict[str, "_Place"]
"""The number of the text that goes here, what is the same in all records of the shape, or parts."""


class Shapes:
    """The shapes of a feed's records. `parse` gives the rows of a body, or None if it is not well-formed."""

    def __init__(self, parse: Callable[[bytes], list[Fields] | None]) -> None:
        self._parse = parse
        self._plans: dict[tuple[str, str], list[dict[str, _Place]] | None] = {}

    def rows(self, bodies: list[bytes]) -> list[list[Fields] | None]:
        """The rows of each body, or None where the parser must look."""
        texts = _legal_texts(bodies)
        if texts is None:
            return [self.rows([body])[0] if len(bodies) > 1 else None for body in bodies]
        return [self._rows_of_one(text) for text in texts]

    def _rows_of_one(self, body: str) -> list[Fields] | None:
        parts = _LEAF.split(body)
        shape = "\0".join(parts[::3]), "\0".join(parts[1::3])
        try:
            plan = self._plans[shape]
        except KeyError:
            plan = self._learn(parts[::3], parts[1::3], shape)
        if plan is None:
            return None
        texts = [text.strip() or None for text in parts[2::3]]
        if "&" in body or "]]>" in body:
            try:
                texts = [_text(text) if text and ("&" in text or "]]>" in text) else text for text in texts]
            except ValueError:
                return None
        return [
            {name: texts[place] if type(place) is int else _filled(place, texts) for name, place in row.items()}
            for row in plan
        ]

    def _learn(self, gaps: list[str], names: list[str], shape: tuple[str, str]) -> list[dict[str, _Place]] | None:
        if len(self._plans) >= _MOST:
            return None
        marked = [f"<{name}>\ue000{number}\ue001</{name}>" for number, name in enumerate(names)]
        body = "".join([part for pair in zip(gaps, [*marked, ""], strict=True) for part in pair])
        rows = None if "\ue000" in "".join(gaps) else self._parse(body.encode())
        try:
            plan = None if rows is None else [{name: _place(value) for name, value in row.items()} for row in rows]
        except ValueError:
            plan = None
        self._plans[shape] = plan
        return plan


def _legal_texts(bodies: list[bytes]) -> list[str] | None:
    """The bodies as text with line ends as XML gives them; None if any holds a character that XML does not allow."""
    together = b"\0".join(bodies)
    if len(together.translate(None, _ILLEGAL)) != len(together):
        return None
    try:
        text = together.decode()
    except UnicodeDecodeError:
        return None
    if "\ufffe" in text or "\uffff" in text:
        return None
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    texts = text.split("\0")
    return texts if len(texts) == len(bodies) else None


def _place(value: Value) -> _Place:
    """Where marks are; raises ValueError if one does not stand by itself."""
    if isinstance(value, list):
        return [_place(part) for part in value]
    if isinstance(value, dict):
        return {name: _place(part) for name, part in value.items()}
    if value is None or "\ue000" not in value:
        return value
    mark = _MARK.fullmatch(value)
    if mark is None:
        raise ValueError(value)
    return int(mark[1])


def _filled(place: _Place, texts: list[str | None]) -> Value:
    if isinstance(place, list):
        parts = [_filled(part, texts) for part in place]
        return parts if any(isinstance(part, dict) for part in parts) else without_none(parts)
    if isinstance(place, dict):
        return {name: _filled(part, texts) for name, part in place.items()}
    return texts[place] if isinstance(place, int) else place


def _text(text: str) -> str | None:
    """The text of a leaf as a parser gives it; raises ValueError for what a parser must look at."""
    if text.startswith("<![CDATA["):
        return text[9:-3].strip() or None
    if "]]>" in text:
        raise ValueError(text)
    plain = text.replace("&gt;", ">").replace("&lt;", "<").replace("&quot;", '"').replace("&apos;", "'")
    if plain.count("&") == plain.count("&amp;"):
        return plain.replace("&amp;", "&").strip() or None
    return _REFERENCE.sub(_referred, text).strip() or None


def _referred(match: re.Match[str]) -> str:
    name = match[1]
    if name in _NAMED:
        return _NAMED[name]
    number = name[1:-1]
    if name.startswith("#") and name.endswith(";") and number.isalnum() and number.isascii() and len(number) < 8:
        char = chr(int(number[1:], 16) if number[0] == "x" else int(number))
        if char in "\t\n" or (char >= " " and not "\ud800" <= char <= "\udfff" and char not in "\ufffe\uffff"):
            return char
    raise ValueError(match[0])
