"""Verifying who has signed: the log's keys, its stored checkpoints, and the copies of checkpoints kept elsewhere."""

from collections.abc import Iterable, Iterator, Sequence
from heapq import merge

from sqlalchemy import select

from commerce.errors import MesChainError, Refused
from meschain.audit.findings import Findings, Kind
from meschain.audit.notes import BadNote, Note, Signer, Verifier, open_checkpoint
from meschain.audit.notes import Checkpoint as Opened
from meschain.audit.streams import Streams
from meschain.audit.tables import Checkpoint, LogKey
from meschain.audit.tree_verification import CHECKPOINTS, Authority
from meschain.store.vault import Vault

KEYS = "audit_signing_keys"


class SignatureVerification:
    """Knows the log's keys: those whose private half the installation's vault opens."""

    def __init__(self, streams: Streams, vault: Vault, origin: str, findings: Findings) -> None:
        self._streams = streams
        self._origin = origin
        self._findings = findings
        rows = list(streams.session.scalars(select(LogKey).order_by(LogKey.created_at, LogKey.verifier)))
        self._stored = {row.verifier for row in rows}
        self.keys = [verifier for row in rows if (verifier := self._genuine(row, vault)) is not None]
        self.newest: str | None = None
        """The last note that was found good."""

    def authorities(self, since: Sequence[str]) -> Iterator[Authority]:
        """All whose signature is good, by size; of one size, those from outside first.

        Refused when one of the copies `since` is none of this log, or no checkpoint at all.
        """
        outside = sorted(self._outside(since), key=lambda authority: authority.size)
        return merge(outside, self._inside(), key=lambda authority: authority.size)

    def finish(self, announced: set[str], *, complete: bool) -> None:
        """Compare the keys with those that the log itself has announced, as far as it is `complete`."""
        for verifier in sorted(self._stored - announced) if complete else ():
            self._findings.add(Kind.INSERTED, KEYS, f"the log never announced the key {verifier}")
        for verifier in sorted(announced - self._stored):
            self._findings.add(Kind.DELETED, KEYS, f"the key {verifier}, which the log announced, is missing")

    def _genuine(self, row: LogKey, vault: Vault) -> Verifier | None:
        try:
            verifier = Signer.parse(vault.open(row.sealed)).verifier
        except MesChainError:
            verifier = None
        if verifier is not None and str(verifier) == row.verifier and verifier.name == self._origin:
            return verifier
        text = f"the private half of the key {row.verifier} is not its own: it was put in by somebody else"
        self._findings.add(Kind.INSERTED, KEYS, text)
        return None

    def _inside(self) -> Iterator[Authority]:
        query = select(Checkpoint.size, Checkpoint.note).order_by(Checkpoint.size)
        for size, note in self._streams.read(query):
            what = f"the checkpoint of {size} entries"
            opened = self._opened(note, what)
            if opened is not None and opened.size != size:
                text = f"{what} holds a note on {opened.size}: it was put in another place"
                self._findings.add(Kind.REORDERED, CHECKPOINTS, text)
            elif opened is not None:
                self.newest = note
                yield Authority(size, opened.root, what)

    def _outside(self, since: Sequence[str]) -> Iterable[Authority]:
        for note in since:
            try:
                claimed = Opened.parse(Note.parse(note).text)
            except BadNote as error:
                raise Refused(f"the copy is no checkpoint of a log: {error}") from error
            if claimed.origin != self._origin:
                raise Refused(f"the copy is of the log {claimed.origin}, and this is {self._origin}; give one of this")
            what = f"the copy of {claimed.size} entries that was kept elsewhere"
            if (opened := self._opened(note, what)) is not None:
                yield Authority(opened.size, opened.root, what, outside=True)

    def _opened(self, note: str, what: str) -> Opened | None:
        try:
            checkpoint, _ = open_checkpoint(note, self.keys)
        except BadNote as error:
            kind = Kind.RESIGNED if self._signed_otherwise(note) else Kind.ALTERED
            why = "signed by a key that is not the log's" if kind is Kind.RESIGNED else str(error)
            self._findings.add(kind, CHECKPOINTS, f"{what} is not to be trusted: {why}")
            return None
        return checkpoint

    def _signed_otherwise(self, note: str) -> bool:
        """Whether the note is in order but for whose key has signed it."""
        try:
            known = {verifier.key_id for verifier in self.keys}
            return all(signature.key_id not in known for signature in Note.parse(note).signatures)
        except BadNote:
            return False
