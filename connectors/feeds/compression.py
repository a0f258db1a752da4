"""Opens a feed file as the plain byte streams inside it: plain, gzip, zip. Nothing here knows what the bytes mean.

What a file is decides its first bytes, never its name. Streams are expanded while they are read, so memory stays
bounded whatever the archive claims; `max_bytes` bounds what may come out in all.
"""

import io
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from commerce.errors import Permanent

MAX_BYTES = 32 << 30
_CHUNK = 1 << 18
_BUFFER = 1 << 20
"""So much of a stream can be looked at before it is read (`charset.peek`)."""
_GZIP = b"\x1f\x8b"
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_GZIP_WRAPPED = 31
"""zlib's `wbits` for a gzip member: it checks the member's CRC and length itself."""
_FOREIGN = {
    b"Rar!": "RAR",
    b"7z\xbc\xaf": "7-Zip",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"\x28\xb5\x2f\xfd": "Zstandard",
}
_ENCRYPTED = 0x1


@dataclass(slots=True)
class _Allowance:
    """What may still come out of one file."""

    name: str
    limit: int
    used: int = 0

    def spend(self, size: int) -> None:
        self.used += size
        if self.used > self.limit:
            raise Permanent(
                f"{self.name}: expands to more than {self.limit:,} bytes (max_bytes); "
                "raise the limit if the feed is really that large."
            )


def open_members(path: Path, max_bytes: int = MAX_BYTES, name: str = "") -> Iterator[tuple[str, BinaryIO]]:
    """Name and stream of every file in `path`: itself, what gzip holds, or a zip's members sorted by name.

    `name` is what the file is called, if not by the last part of its path.

    A workbook (XLSX) is a zip too and comes out whole. Each stream is closed when the next one is asked for.
    Raises Permanent, now or while a stream is read, for an archive that is cut off, damaged, encrypted or too large.
    """
    name = name or path.name
    with path.open("rb", buffering=_BUFFER) as file:
        magic = _magic(file)
        for mark, kind in _FOREIGN.items():
            if magic.startswith(mark):
                raise Permanent(f"{name}: is packed with {kind}; expected a plain, gzip or zip file.")
        allowance = _Allowance(name, max_bytes)
        if magic.startswith(_ZIP):
            yield from _zip_members(file, allowance)
        else:
            yield name.removesuffix(".gz"), _unzipped(file, allowance, name)


class _Expanding(io.RawIOBase):
    """A raw stream over pieces of expanded bytes."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview[int]") -> int:  # type: ignore[override]  # typeshed wants the union type
        if not self._rest:
            self._rest = memoryview(next(self._pieces, b""))
        taken = min(len(buffer), len(self._rest))
        buffer[:taken] = self._rest[:taken]
        self._rest = self._rest[taken:]
        return taken


def _unzipped(file: BinaryIO, allowance: _Allowance, name: str) -> BinaryIO:
    """`file` itself, or what it holds when it is gzip."""
    if not _magic(file).startswith(_GZIP):
        return file
    return io.BufferedReader(_Expanding(_gunzip(file, allowance, name)), _BUFFER)


def _magic(file: BinaryIO) -> bytes:
    """The first bytes of a stream, which stay to be read."""
    return file.peek(8)[:8] if isinstance(file, io.BufferedReader) else b""


def _gunzip(file: BinaryIO, allowance: _Allowance, name: str) -> Iterator[bytes]:
    """Expand one gzip member after the other; zero bytes behind the last one are padding."""
    member = zlib.decompressobj(_GZIP_WRAPPED)
    packed, place, begun = b"", 0, False
    while True:
        packed = packed or file.read(_CHUNK)
        if not packed:
            break
        if not begun and not packed.lstrip(b"\0"):
            place, packed = place + len(packed), b""
            continue
        begun = True
        try:
            piece = member.decompress(packed, _CHUNK * 4)
        except zlib.error as error:
            raise Permanent(
                f"{name}: the gzip data is damaged near byte {place:,} ({error}); fetch it again."
            ) from error
        rest = member.unused_data if member.eof else member.unconsumed_tail
        place, packed = place + len(packed) - len(rest), rest
        allowance.spend(len(piece))
        if member.eof:
            member, begun = zlib.decompressobj(_GZIP_WRAPPED), False
        if piece:
            yield piece
    if begun:
        raise Permanent(f"{name}: the gzip data is cut off at byte {place:,}, before its end mark; fetch it again.")


def _zip_members(file: BinaryIO, allowance: _Allowance) -> Iterator[tuple[str, BinaryIO]]:
    name = allowance.name
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, ValueError, EOFError) as error:
        size = file.seek(0, io.SEEK_END)
        raise Permanent(
            f"{name}: the zip archive is cut off or damaged: no directory at its end, byte {size:,} ({error}); "
            "fetch it again."
        ) from error
    with archive:
        names = archive.namelist()
        if "[Content_Types].xml" in names and any(member.startswith("xl/") for member in names):
            file.seek(0)
            yield name, file
            return
        members = [member for member in archive.infolist() if _is_feed(member)]
        if not members:
            raise Permanent(f"{name}: the zip archive holds no file; expected the feed in it.")
        for member in sorted(members, key=lambda member: member.filename):
            yield f"{name}/{member.filename.removesuffix('.gz')}", _open_member(archive, member, allowance)


def _is_feed(member: zipfile.ZipInfo) -> bool:
    """Leave out folders and what macOS adds to an archive."""
    last = member.filename.rpartition("/")[2]
    return not (
        member.is_dir() or member.filename.startswith("__MACOSX/") or last.startswith("._") or last == ".DS_Store"
    )


def _open_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, allowance: _Allowance) -> BinaryIO:
    name = f"{allowance.name}/{member.filename}"
    if member.flag_bits & _ENCRYPTED:
        raise Permanent(f"{name}: is encrypted; expected an archive without a password.")
    plain = io.BufferedReader(_Expanding(_inflate(archive, member, allowance, name)), _BUFFER)
    if _magic(plain).startswith(_ZIP):
        raise Permanent(f"{name}: is an archive or a workbook inside a zip; expected it by itself.")
    return _unzipped(plain, allowance, name)


def _inflate(archive: zipfile.ZipFile, member: zipfile.ZipInfo, allowance: _Allowance, name: str) -> Iterator[bytes]:
    place = 0
    try:
        with archive.open(member) as packed:
            while piece := packed.read(_CHUNK):
                place += len(piece)
                allowance.spend(len(piece))
                yield piece
    except NotImplementedError as error:
        raise Permanent(f"{name}: is compressed in a way that is not read ({error}); expected deflate.") from error
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        cause = str(error) or "cut off"
        raise Permanent(f"{name}: the zip data is damaged after byte {place:,} ({cause}); fetch it again.") from error
