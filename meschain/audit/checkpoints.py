"""Signing the log: its keys, and the checkpoints they sign. Of one size there is one note, ever."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from commerce.errors import Permanent
from meschain.audit import notes
from meschain.audit.context import Audit
from meschain.audit.merkle import BadProof, Frontier, consistency_proof, verify_consistency
from meschain.audit.notes import BadNote, Signer, Verifier
from meschain.audit.rules import Actor, Tag, system
from meschain.audit.tables import Checkpoint, Head, LogKey
from meschain.audit.tree import HEAD, read_head, subtrees
from meschain.store.session import reading, transaction


def checkpoint(audit: Audit) -> Checkpoint:
    """The signed checkpoint of the log as it is now: the stored one if nothing was appended since, else a new one.

    Of several processes at once, one signs for all. Permanent, and nothing is signed, when the log does not continue
    that of its last checkpoint.
    """
    found = _present(audit)
    if found is not None:
        return found
    ensure_log_key(audit)
    with transaction(audit.everywhere) as session:
        frontier = read_head(session, lock=True)
        last = newest_checkpoint(session)
        if last is not None and last.size == frontier.size:
            return last
        keys = _keys(session)
        if last is not None:
            _check_growth(session, [Verifier.parse(key.verifier) for key in keys], last, frontier)
        signer = Signer.parse(audit.vault.open(keys[-1].sealed))
        note = notes.sign_checkpoint(notes.Checkpoint(audit.origin, frontier.size, frontier.root()), [signer])
        made = Checkpoint(size=frontier.size, note=note)
        session.add(made)
    return made


def ensure_log_key(audit: Audit) -> None:
    """Make the log's first key unless there is one; the log itself says so."""
    with reading(audit.everywhere) as session:
        if session.scalars(select(LogKey.verifier).limit(1)).first() is not None:
            return
    with transaction(audit.everywhere) as session:
        read_head(session, lock=True)  # of several processes, one makes it
        if not _keys(session):
            _add_key(session, audit, system("audit"), None)


def rotate_log_key(audit: Audit, actor: Actor) -> Verifier:
    """Sign with a new key from now on; what the former ones have signed can still be verified."""
    with transaction(audit.everywhere) as session:
        read_head(session, lock=True)
        former = _keys(session)
        return _add_key(session, audit, actor, former[-1].verifier if former else None)


def list_verifiers(audit: Audit) -> list[Verifier]:
    """The public halves of the log's keys, the one that signs now last; to be given to whoever verifies the log."""
    with reading(audit.everywhere) as session:
        return [Verifier.parse(key.verifier) for key in _keys(session)]


def newest_checkpoint(session: Session) -> Checkpoint | None:
    """The stored checkpoint of the largest size."""
    return session.scalars(select(Checkpoint).order_by(Checkpoint.size.desc()).limit(1)).one_or_none()


def _present(audit: Audit) -> Checkpoint | None:
    """The newest checkpoint, if the log has not grown since."""
    with reading(audit.everywhere) as session:
        size = session.scalars(select(Head.size).where(Head.id == HEAD)).one()
        return session.get(Checkpoint, size)


def _keys(session: Session) -> list[LogKey]:
    return list(session.scalars(select(LogKey).order_by(LogKey.created_at, LogKey.verifier)))


def _add_key(session: Session, audit: Audit, actor: Actor, former: str | None) -> Verifier:
    signer = Signer.generate(audit.origin)
    made = signer.verifier
    session.add(LogKey(verifier=str(made), sealed=audit.vault.seal(signer.secret())))
    audit.log.record(
        session, Tag.LOG_KEY_ROTATED, actor, target=f"log-key {made.key_id.hex()}",
        before={"verifier": former} if former else None, after={"verifier": str(made)},
    )  # fmt: skip
    return made


def _check_growth(session: Session, keys: Sequence[Verifier], last: Checkpoint, frontier: Frontier) -> None:
    """Permanent unless the log begins with that of its last checkpoint, as far as its own hashes say."""
    try:
        former, _ = notes.open_checkpoint(last.note, keys)
        if former.size > frontier.size:
            raise BadProof(f"the last checkpoint is of {former.size} entries, and the log has {frontier.size}")
        proof = consistency_proof(former.size, frontier.size, subtrees(session))
        verify_consistency(former.size, frontier.size, former.root, frontier.root(), proof)
    except (BadNote, BadProof, Permanent) as error:
        raise Permanent(
            f"the log is not signed, for it does not continue its last checkpoint: {error}; "
            "see what was altered with `meschain audit verify`"
        ) from error
