"""A witness of a log: remembers the last checkpoint it saw, and cosigns a newer one only if the log merely grew.

It decides and remembers; how the log is asked is the caller's affair. It trusts nothing of the log but its key, needs
none of the log's data, and belongs on another host: whoever controls both could rewrite both.
"""

import os
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from commerce.errors import Permanent, Refused, Transient
from meschain.audit.merkle import EMPTY_ROOT, BadProof, Rewritten, verify_consistency
from meschain.audit.notes import BadNote, Checkpoint, Note, Signer, Verifier, open_checkpoint, witnessed_at
from meschain.store.file_lock import FileLock

_TRIES = 5
_POLL_SECONDS = 0.02

Fetch = Callable[[int], tuple[str, Sequence[bytes]]]
"""Asks the log: given the size of the last checkpoint seen (0 for none), its present one as a note and the consistency
proof from that size."""


class Reason(StrEnum):
    """Why a checkpoint was not cosigned."""

    BAD_PROOF = "bad-proof"
    BAD_SIGNATURE = "bad-signature"
    FORK = "fork"
    MOVED_ON = "moved-on"
    OTHER_LOG = "other-log"
    ROLL_BACK = "roll-back"


class NotWitnessed(Refused):
    """A checkpoint that is not cosigned, with the reason; what the witness remembers is unchanged."""

    def __init__(self, reason: Reason, text: str) -> None:
        super().__init__(text)
        self.reason = reason

    def __reduce__(self) -> tuple[type["NotWitnessed"], tuple[Reason, str]]:
        """Keep the reason when the error crosses a process."""
        return type(self), (self.reason, str(self))


@dataclass(frozen=True, slots=True)
class Witnessed:
    """A checkpoint and what it was compared with: None the first time, when there is nothing to compare it with."""

    note: str
    """The log's note with the witness's signature added."""
    checkpoint: Checkpoint
    former: Checkpoint | None


class Witness:
    """One witness of one log. What it saw last stands in the file `state`: the note, as it cosigned it."""

    def __init__(
        self,
        signer: Signer,
        log: Sequence[Verifier],
        state: Path,
        *,
        clock: Callable[[], float] = time.time,
        wait_seconds: float = 10.0,
    ) -> None:
        self._signer = signer
        self._log = log
        self._state = state
        self._clock = clock
        self._wait_seconds = wait_seconds

    def watch(self, fetch: Fetch) -> Witnessed:
        """Ask the log and witness what it answers; NotWitnessed, saying why, if that must not be.

        The log is asked with no lock held. If another process witnessed a checkpoint meanwhile, it is asked again.
        """
        for _ in range(_TRIES):
            former = self.last()
            size = former.size if former else 0
            note, proof = fetch(size)
            try:
                return self.consider(note, size, proof)
            except NotWitnessed as refusal:
                if refusal.reason is not Reason.MOVED_ON:
                    raise
        raise Transient(f"other processes kept witnessing {self._state} meanwhile; run it again")

    def last(self) -> Checkpoint | None:
        """The last checkpoint cosigned, if there is one; Permanent if the file is not as this witness left it."""
        remembered = self._remembered()
        return remembered[0] if remembered else None

    def _remembered(self) -> tuple[Checkpoint, int] | None:
        """The last checkpoint cosigned, and when."""
        try:
            text = self._state.read_bytes().decode()
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise Permanent(f"what the witness remembers cannot be read from {self._state}: {error}") from error
        try:
            note = Note.parse(text)
            return Checkpoint.parse(note.text), witnessed_at(note, self._signer.verifier)
        except BadNote as error:
            raise Permanent(
                f"{self._state} is not what this witness wrote: {error}; bring the file back, or the key that wrote it "
                "(without the file the witness would accept any log anew)"
            ) from error

    def consider(self, note: str, old_size: int, proof: Sequence[bytes]) -> Witnessed:
        """Cosign the checkpoint and remember it, both or neither; `proof` leads from the log of `old_size` entries."""
        try:
            checkpoint, opened = open_checkpoint(note, self._log)
        except BadNote as error:
            raise NotWitnessed(Reason.BAD_SIGNATURE, str(error)) from error
        with self._alone():
            former, at = self._remembered() or (None, 0)
            try:
                _check(former, checkpoint, old_size, proof)
            except NotWitnessed as refusal:
                if refusal.reason is Reason.FORK:
                    self._keep_evidence(checkpoint, note)
                raise
            cosigned = self._cosigned(opened, max(int(self._clock()), at))
            _replace(self._state, cosigned)
        return Witnessed(cosigned, checkpoint, former)

    def _cosigned(self, note: Note, at: int) -> str:
        """The note with the log's own signatures and ours; what others may have added is theirs to vouch for."""
        of_log = dict(note.verify(self._log))
        return str(Note(note.text, tuple(of_log.values())).with_signature(self._signer.cosign(note.text, at)))

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Check and write as one: otherwise an older checkpoint could follow a newer one."""
        if not self._state.parent.is_dir():
            raise Permanent(f"there is no folder {self._state.parent} for what the witness remembers; make it")
        lock = FileLock(self._state.parent, self._state.name, f"process {os.getpid()}")
        deadline = time.monotonic() + self._wait_seconds
        while not lock.acquire():
            if time.monotonic() > deadline:
                raise Transient(f"{self._state} is in use by {lock.holder() or 'another process'}; run it again")
            time.sleep(_POLL_SECONDS)
        try:
            yield
        finally:
            lock.release()

    def _keep_evidence(self, checkpoint: Checkpoint, note: str) -> None:
        """Two notes of one log that exclude each other prove what it did: the second is kept beside the first."""
        place = self._state.with_name(f"{self._state.name}.fork-{checkpoint.size}-{checkpoint.root.hex()[:16]}")
        if not place.exists():
            _replace(place, note)


def _check(former: Checkpoint | None, new: Checkpoint, old_size: int, proof: Sequence[bytes]) -> None:
    """NotWitnessed unless `new` may follow `former`."""
    if former is None:
        former = Checkpoint(new.origin, 0, EMPTY_ROOT)
    if new.origin != former.origin:
        text = (
            f"the witness has seen the log {former.origin}, and this is {new.origin}; give each log a file of its own"
        )
        raise NotWitnessed(Reason.OTHER_LOG, text)
    if old_size != former.size:
        raise NotWitnessed(
            Reason.MOVED_ON, f"the proof begins at {old_size} entries; expected {former.size}, seen since"
        )
    if new.size < former.size:
        text = f"the log went back from {former.size} entries to {new.size}: it was cut, or the note is an old one"
        raise NotWitnessed(Reason.ROLL_BACK, text)
    if new.size == former.size and new.root != former.root:
        raise NotWitnessed(Reason.FORK, f"the log shows another root for the same {new.size} entries: it was rewritten")
    try:
        verify_consistency(former.size, new.size, former.root, new.root, proof)
    except Rewritten as error:
        raise NotWitnessed(Reason.FORK, f"{error}: it was rewritten") from error
    except BadProof as error:
        raise NotWitnessed(Reason.BAD_PROOF, str(error)) from error


def _replace(path: Path, text: str) -> None:
    """Write the file whole or not at all, and see it to the disk."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        with os.fdopen(file, "wb") as stream:
            stream.write(text.encode())
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)  # the name too: a signature must not outlive the memory of it
        finally:
            os.close(folder)
    except OSError as error:
        raise Permanent(f"{path} cannot be written: {error.strerror}; nothing was cosigned") from error
    finally:
        draft.unlink(missing_ok=True)
