"""Signed notes, checkpoints of a log and witnesses' cosignatures, as C2SP writes them. Keys as text, nothing stored.

After c2sp.org/signed-note, /tlog-checkpoint and /tlog-cosignature, with Ed25519 alone.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from commerce.errors import Refused
from meschain.audit.merkle import HASH_BYTES

MAX_SIGNATURES = 100
_MARK = "— "
_PRIVATE = "PRIVATE+KEY+"
_KEY_BYTES = 32
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
_SIZE_LIMIT = 1 << 63


class BadNote(Refused):
    """A note, key or checkpoint is not of the form, or a signature on it is wrong or missing."""


class Kind(IntEnum):
    """What a key signs: the first byte of its encoding."""

    NOTE = 0x01
    """The text of a note."""
    COSIGNATURE = 0x04
    """The text of a checkpoint and the time at which a witness saw it."""


@dataclass(frozen=True, slots=True)
class Verifier:
    """The public half of a key: whom a signature is from."""

    name: str
    kind: Kind
    public: bytes

    def __post_init__(self) -> None:
        """Refuse what cannot stand in a note."""
        check_name(self.name)
        if len(self.public) != _KEY_BYTES:
            raise BadNote(f"the key of {self.name} has {len(self.public)} bytes; expected the {_KEY_BYTES} of Ed25519")

    @classmethod
    def parse(cls, vkey: str) -> Self:
        """From a verifier key's text, `name+id+key`."""
        name, _, rest = vkey.partition("+")
        key_id, _, encoded = rest.partition("+")
        key = _decoded(encoded, "the verifier key")
        verifier = cls(name, _kind(key), key[1:])
        if key_id != verifier.key_id.hex():
            raise BadNote(f"the verifier key of {name} is not whole: its id is {key_id!r}, not {verifier.key_id.hex()}")
        return verifier

    @property
    def key_id(self) -> bytes:
        """The four bytes by which signatures name the key; short, so no proof of anything."""
        return hashlib.sha256(f"{self.name}\n".encode() + bytes([self.kind]) + self.public).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{_encoded(bytes([self.kind]) + self.public)}"

    def check(self, text: str, value: bytes) -> None:
        """BadNote unless `value` is this key's signature on `text`."""
        try:
            signed, signature = text.encode(), value
            if self.kind is Kind.COSIGNATURE:
                signed, signature = _cosigned(text, int.from_bytes(value[:8], "big")), value[8:]
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, signed)
        except (InvalidSignature, ValueError):
            raise BadNote(f"the signature of {self.name} is not on this text: one of them was altered") from None


@dataclass(frozen=True, slots=True)
class Signer:
    """A key that signs. Its text is secret: it shows in no representation."""

    name: str
    kind: Kind
    _private: Ed25519PrivateKey = field(repr=False)

    @classmethod
    def generate(cls, name: str, kind: Kind = Kind.NOTE) -> Self:
        """A new key of that name."""
        check_name(name)
        return cls(name, kind, Ed25519PrivateKey.generate())

    @classmethod
    def parse(cls, skey: str) -> Self:
        """From what `secret` gave; an error does not show it."""
        if not skey.startswith(_PRIVATE):
            raise BadNote(f"a signing key begins with {_PRIVATE}")
        name, _, rest = skey.removeprefix(_PRIVATE).partition("+")
        key_id, _, encoded = rest.partition("+")
        key = _decoded(encoded, "the signing key")
        if len(key) != 1 + _KEY_BYTES:
            raise BadNote(f"the signing key of {name!r} is not whole; expected {_KEY_BYTES} bytes of Ed25519")
        signer = cls(check_name(name), _kind(key), Ed25519PrivateKey.from_private_bytes(key[1:]))
        if key_id != signer.verifier.key_id.hex():
            raise BadNote(f"the signing key of {name} is not whole: its id is not that of its key")
        return signer

    def secret(self) -> str:
        """The signing key as text, `PRIVATE+KEY+name+id+key`; to be kept sealed."""
        key = bytes([self.kind]) + self._private.private_bytes_raw()
        return f"{_PRIVATE}{self.name}+{self.verifier.key_id.hex()}+{_encoded(key)}"

    @property
    def verifier(self) -> Verifier:
        """The half that may be given away."""
        return Verifier(self.name, self.kind, self._private.public_key().public_bytes_raw())

    def sign(self, text: str) -> "Signature":
        """The signature on a note's text."""
        if self.kind is not Kind.NOTE:
            raise Refused(f"the key of {self.name} is a witness's; expected one that signs notes")
        return Signature(self.name, self.verifier.key_id, self._private.sign(text.encode()))

    def cosign(self, text: str, at: int) -> "Signature":
        """A witness's signature on a checkpoint's text, seen at that POSIX time."""
        if self.kind is not Kind.COSIGNATURE:
            raise Refused(f"the key of {self.name} signs notes; expected a witness's")
        value = at.to_bytes(8, "big") + self._private.sign(_cosigned(text, at))
        return Signature(self.name, self.verifier.key_id, value)


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature as it stands in a note. A witness's begins with its eight bytes of time."""

    name: str
    key_id: bytes
    value: bytes

    def __str__(self) -> str:
        return f"{_MARK}{self.name} {_encoded(self.key_id + self.value)}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A text, which ends in a newline, and the signatures under it. Nothing of it is to be believed before `verify`."""

    text: str
    signatures: tuple[Signature, ...]

    @classmethod
    def parse(cls, note: str) -> Self:
        """From the whole note; BadNote unless it is of the form."""
        try:
            controls = min(note.encode().replace(b"\n", b" "), default=0) < 0x20
        except UnicodeEncodeError:
            controls = True
        text, blank, signed = note.rpartition("\n\n")
        if controls or not blank or not signed.endswith("\n"):
            raise BadNote("this is no signed note; expected a text, an empty line, and a line for each signature")
        lines = signed.removesuffix("\n").split("\n")
        if len(lines) > MAX_SIGNATURES:
            raise BadNote(f"a note with {len(lines)} signatures is not read; expected at most {MAX_SIGNATURES}")
        return cls(f"{text}\n", tuple(_signature(line) for line in lines))

    def __str__(self) -> str:
        return f"{self.text}\n{''.join(map(str, self.signatures))}"

    def verify(self, verifiers: Iterable[Verifier]) -> list[tuple[Verifier, Signature]]:
        """The signatures of these keys, each of them found good.

        Those of other keys are passed over. BadNote if one of these is wrong, or none is there.
        """
        known: dict[tuple[str, bytes], Verifier] = {}
        for verifier in verifiers:
            if known.setdefault((verifier.name, verifier.key_id), verifier) != verifier:
                raise BadNote(
                    f"two keys of {verifier.name} have one id, {verifier.key_id.hex()}; neither can be trusted"
                )
        found = []
        for signature in self.signatures:
            if by := known.get((signature.name, signature.key_id)):
                by.check(self.text, signature.value)
                found.append((by, signature))
        if not found:
            names = ", ".join(sorted({name for name, _ in known})) or "nobody"
            raise BadNote(f"the note is signed by no key that is known; expected one of {names}")
        return found

    def with_signature(self, signature: Signature) -> "Note":
        """The same note with one more signature, in the place of a former one by the same key."""
        by = (signature.name, signature.key_id)
        others = (former for former in self.signatures if (former.name, former.key_id) != by)
        return Note(self.text, (*others, signature))


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log was at one moment: `origin` says which log, `root` commits to all of its first `size` entries."""

    origin: str
    size: int
    root: bytes

    @classmethod
    def parse(cls, text: str) -> Self:
        """From a note's text; lines behind the third are passed over."""
        lines = text.removesuffix("\n").split("\n")
        if len(lines) < 3 or "" in lines or not text.endswith("\n"):
            raise BadNote("this is no checkpoint; expected three lines: the log's origin, its size and its root")
        origin, size, root = lines[:3]
        if not _SIZE.fullmatch(size) or int(size) >= _SIZE_LIMIT:
            raise BadNote(f"{size[:40]!r} is no size of a log; expected a number below 2^63 without leading zeros")
        decoded = _decoded(root, "the checkpoint's root")
        if len(decoded) != HASH_BYTES:
            raise BadNote(f"the checkpoint's root has {len(decoded)} bytes; expected {HASH_BYTES}")
        return cls(origin, int(size), decoded)

    def __str__(self) -> str:
        return f"{self.origin}\n{self.size}\n{_encoded(self.root)}\n"


def sign_checkpoint(checkpoint: Checkpoint, signers: Sequence[Signer]) -> str:
    """The checkpoint as a note, signed by each of these keys of the log."""
    return str(Note(str(checkpoint), tuple(signer.sign(str(checkpoint)) for signer in signers)))


def open_checkpoint(note: str, log: Iterable[Verifier]) -> tuple[Checkpoint, Note]:
    """The checkpoint in a note that one of the log's keys signed; BadNote otherwise. The keys bear the log's origin."""
    opened = Note.parse(note)
    checkpoint = Checkpoint.parse(opened.text)
    if all(verifier.name != checkpoint.origin for verifier, _ in opened.verify(log)):
        raise BadNote(f"the checkpoint is of the log {checkpoint.origin}, which has none of the keys given")
    return checkpoint, opened


def witnessed_at(note: Note, witness: Verifier) -> int:
    """POSIX time at which that witness last cosigned the checkpoint; BadNote if it did not or a signature is wrong."""
    if witness.kind is not Kind.COSIGNATURE:
        raise BadNote(f"the key of {witness.name} signs notes; expected a witness's")
    return max(int.from_bytes(signature.value[:8], "big") for _, signature in note.verify([witness]))


def check_name(name: str) -> str:
    """`name` as it is; BadNote unless it can name a key: not empty, no blank, no plus, no control character."""
    if not name or "+" in name or any(char.isspace() or char < " " or "\ud800" <= char <= "\udfff" for char in name):
        raise BadNote(f"{name!r} cannot name a key; expected such as example.com/log, with neither blanks nor plus")
    return name


def _cosigned(text: str, at: int) -> bytes:
    """What a witness signs."""
    if not 0 < at < _SIZE_LIMIT:
        raise BadNote(f"{at} is no time of a cosignature; expected seconds since 1970")
    return f"cosignature/v1\ntime {at}\n{text}".encode()


def _signature(line: str) -> Signature:
    name, blank, encoded = line.removeprefix(_MARK).partition(" ")
    value = _decoded(encoded, "a signature")
    if not line.startswith(_MARK) or not blank or len(value) < 5:
        raise BadNote("a line is no signature; expected a dash, the key's name and the signature")
    return Signature(check_name(name), value[:4], value[4:])


def _kind(key: bytes) -> Kind:
    try:
        return Kind(key[0])
    except (ValueError, IndexError):
        raise BadNote("a key is of an unknown kind; expected Ed25519, for notes (1) or cosignatures (4)") from None


def _encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _decoded(text: str, what: str) -> bytes:
    """Bytes from their one base64 text."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        data = b""
    if _encoded(data) != text:
        raise BadNote(f"{what} is no base64")
    return data
