"""Finds the character encoding of a byte stream by looking at it, and gives the stream as UTF-8.

What a file or a server declares is only a hint here: feeds lie about it. Nothing is dropped or replaced: bytes that
are illegal in the encoding stop the read, except in UTF-8, where they pass so that a format can reject their record.
"""

import codecs
import io
import re
from typing import BinaryIO

import charset_normalizer

from commerce.errors import Permanent

HEAD = 1 << 20
"""How many bytes a look at a file takes."""
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_UTF8 = {"utf-8", "utf-8-sig", "ascii"}
_CHUNK = 1 << 20
_MULTIBYTE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_HIGH = re.compile(rb"[\x80-\xff]+")
_ASIDE = re.compile(rb"[A-Za-z\xe0-\xff][\x9a\x9e\xa3\xa5\xaf\xb3\xb9\xbc\xbe\xbf][a-z\xe0-\xff]")
"""A symbol of the Western code pages between letters: `m³otek` is Polish read wrongly."""
_DECLARATION = re.compile(rb"""\s*<\?xml[^>]*?encoding=["']([A-Za-z0-9._-]+)["']""")
_TELLING = bytes.maketrans(b"\xd0\xf0\xdd\xfd\xde\xfe", b"\0" * 6)
_ENOUGH = 30
_OTHERS = {
    "cp1250", "iso8859_2", "cp1251", "koi8_r", "iso8859_5", "mac_cyrillic", "cp1253", "iso8859_7", "cp1255", "cp1256",
    "iso8859_6", "shift_jis", "cp932", "shift_jis_2004", "euc_jp", "euc_jis_2004", "gb18030", "gbk", "gb2312", "big5",
    "big5hkscs", "euc_kr", "cp949", "cp874",
}  # fmt: skip


def detect(head: bytes) -> str:
    """Python's name for the encoding of a stream that begins with `head` (at most its first MiB)."""
    return _certain(head) or _single_byte(head)


def settle(head: bytes, declared: str) -> str:
    """The encoding to read with when a profile or the file itself declares one: what the bytes prove goes first."""
    return _certain(head) or (declared if _decodes(head, declared) else _single_byte(head))


def is_telling(head: bytes) -> bool:
    """Whether `head` says anything about the encoding: plain ASCII is the same in most of them."""
    return not head.isascii() or b"\0" in head


def _certain(head: bytes) -> str:
    """The encoding that a mark or the structure of the bytes proves, or an empty text. ASCII alone proves nothing."""
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    if b"\0" in head and (wide := _wide(head[:4096])):
        return wide
    if head.isascii():
        return ""
    if _decodes(head, "utf-8"):
        return "utf-8"
    good = len(_MULTIBYTE.findall(head))
    stray = sum(map(len, _HIGH.findall(_MULTIBYTE.sub(b"", head))))
    return "utf-8" if good > stray else ""


def _wide(head: bytes) -> str:
    """UTF-16 or UTF-32 without a mark shows in where the zero bytes are: Latin letters, blanks and digits have them."""
    zeros = [head[place::4].count(0) for place in range(4)]
    quarter, nearly_all = len(head) / 4, 0.9
    if min(zeros[2:]) > quarter * nearly_all and zeros[0] < quarter / 2:
        return "utf-32-le"
    if min(zeros[:2]) > quarter * nearly_all and zeros[3] < quarter / 2:
        return "utf-32-be"
    odd, total = zeros[1] + zeros[3], sum(zeros)
    if total * 50 < len(head):
        return ""
    if odd > total * nearly_all:
        return "utf-16-le"
    return "utf-16-be" if total - odd > total * nearly_all else ""


def _single_byte(head: bytes) -> str:
    """Which code page text is written in that is not Unicode.

    Turkish and Western European share all letters but six: those are ğ ı ş here and ð ý þ there.
    """
    if head.isascii():
        return "utf-8"
    if other := _declared_script(head) or _other_script(head):
        return other
    high = b"".join(_HIGH.findall(head))
    telling = high.translate(_TELLING).count(0)
    turkish = telling + sum(map(high.count, (b"\xe7", b"\xf6", b"\xfc", b"\xc7", b"\xd6", b"\xdc")))
    icelandic = sum(
        map(high.count, (b"\xe6", b"\xe1", b"\xed", b"\xf3", b"\xfa", b"\xc6", b"\xc1", b"\xcd", b"\xd3", b"\xda"))
    )
    is_icelandic = icelandic > turkish - telling and icelandic * 2 > telling
    western = is_icelandic if telling else len(high) >= _ENOUGH
    windows = re.search(rb"[\x80-\x9f]", high) is not None
    names = ("windows-1252", "iso-8859-1") if western else ("windows-1254", "iso-8859-9")
    return names[0] if windows and _decodes(high, names[0]) else names[1]


def _declared_script(head: bytes) -> str:
    """What an XML declaration says, believed only where it names another script and the bytes allow it."""
    found = _DECLARATION.match(head)
    try:
        name = codecs.lookup(found[1].decode()).name.replace("-", "_") if found else ""
    except LookupError:
        return ""
    return name if name in _OTHERS and _decodes(head, name) else ""


def _other_script(head: bytes) -> str:
    """Another script's code page, when the text does not look like Western letters at all.

    `charset_normalizer` is asked only then: among the Latin pages it guesses (Turkish is `mac_latin2` to it).
    """
    runs = _HIGH.findall(head)
    total = sum(map(len, runs))
    in_words = sum(len(run) for run in runs if len(run) >= 3)
    aside = len(_ASIDE.findall(head))
    if in_words * 3 < total and aside * 10 < len(runs):
        return ""
    lines = b"\n".join([line for line in head.split(b"\n") if not line.isascii()])[: 1 << 15]
    best = charset_normalizer.from_bytes(lines[: lines.rfind(b"\n") + 1] or lines).best()
    return best.encoding if best is not None and best.encoding in _OTHERS and _decodes(head, best.encoding) else ""


def _decodes(head: bytes, encoding: str) -> bool:
    """Whether every byte is legal; a head of full size may stop in the middle of a character."""
    try:
        codecs.getincrementaldecoder(encoding)().decode(head, final=len(head) < HEAD)
    except (LookupError, UnicodeError):
        return False
    return True


def peek(file: BinaryIO) -> bytes:
    """What of the first MiB can be seen without reading on."""
    return file.peek(HEAD)[:HEAD] if isinstance(file, io.BufferedReader) else b""


def utf8_stream(file: BinaryIO, encoding: str) -> BinaryIO:
    """`file` as UTF-8 without a byte order mark; `file` itself when it is UTF-8 already.

    Raises Permanent while it is read, naming the byte, where bytes are illegal in `encoding` (never for UTF-8).
    """
    buffered = file if isinstance(file, io.BufferedReader) else io.BufferedReader(file)  # type: ignore[type-var]  # any raw stream will do
    if codecs.lookup(encoding).name in _UTF8:
        if buffered.peek(3)[:3] == codecs.BOM_UTF8:
            buffered.read(3)
        return buffered
    return io.BufferedReader(_Transcoding(buffered, encoding), _CHUNK)


class _Transcoding(io.RawIOBase):
    """A raw stream of UTF-8 over a stream in another encoding."""

    def __init__(self, file: BinaryIO, encoding: str) -> None:
        self._file = file
        self._encoding = encoding
        self._decoder = codecs.getincrementaldecoder(encoding)()
        self._place = 0
        self._rest = memoryview(b"")
        self._first = True

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview[int]") -> int:  # type: ignore[override]  # typeshed wants the union type
        while not self._rest:
            chunk = self._file.read(_CHUNK)
            self._rest = memoryview(self._decode(chunk).encode())
            if not chunk:
                break
        taken = min(len(buffer), len(self._rest))
        buffer[:taken] = self._rest[:taken]
        self._rest = self._rest[taken:]
        return taken

    def _decode(self, chunk: bytes) -> str:
        held = len(self._decoder.getstate()[0])
        try:
            text = self._decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            place = self._place - held + error.start
            raise Permanent(
                f"Byte {place:,} (0x{error.object[error.start]:02x}) is not {self._encoding} text ({error.reason}); "
                "declare the right encoding in the feed profile."
            ) from error
        self._place += len(chunk)
        if self._first and text:
            self._first = False
            text = text.removeprefix("\ufeff")
        return text
