"""What somebody does who can write to the database and knows how the log is made: all of its hashes made anew."""

import json
from typing import Any

from sqlalchemy import delete, select, text, update

from meschain.audit import notes
from meschain.audit.canonical import canonical
from meschain.audit.merkle import Frontier, leaf_hash
from meschain.audit.notes import Signer
from meschain.audit.tables import Checkpoint, Entry, Head, LogKey, Node
from meschain.store.session import transaction
from tests.audit.ledger import Ledger


def rewrite(ledger: Ledger, index: int, *, hashed: bool = True, **changes: Any) -> None:
    """Let an entry's body and columns say something else, and its hash fit if it is to be `hashed`."""
    entry = ledger.entries()[index]
    body = canonical({**json.loads(entry.body), **changes})
    values = {"body": body, **({"leaf_hash": leaf_hash(body.encode())} if hashed else {})}
    columns = {name: value for name, value in changes.items() if name in {"target", "tag"}}
    _guards_off(ledger)
    with transaction(ledger.audit.everywhere) as session:
        session.execute(_free(session))
        session.execute(update(Entry).where(Entry.index == index).values(**values, **columns))


def rebuild(ledger: Ledger) -> list[int]:
    """Make nodes, head and hashes anew from the entries as they stand; gives the sizes of the checkpoints."""
    entries = ledger.entries()
    tree, nodes = Frontier(), []
    for entry in entries:
        nodes += tree.append(leaf_hash(entry.body.encode()))
    _guards_off(ledger)
    with transaction(ledger.audit.everywhere) as session:
        session.execute(_free(session))
        session.execute(delete(Node))
        session.add_all(Node(level=node.level, index=node.number, hash=node.hash) for node in nodes)
        for entry in entries:
            hashed = leaf_hash(entry.body.encode())
            if hashed != entry.leaf_hash:
                session.execute(update(Entry).where(Entry.index == entry.index).values(leaf_hash=hashed))
        session.execute(update(Head).values(size=tree.size, frontier=tree.to_bytes()))
        return list(session.scalars(select(Checkpoint.size).order_by(Checkpoint.size)))


def sign_anew(ledger: Ledger, signer: Signer | None = None) -> None:
    """Sign every checkpoint anew for the log as it stands; with the log's own key if no other is given."""
    entries, tree, roots = ledger.entries(), Frontier(), {}
    for entry in entries:
        tree.append(entry.leaf_hash)
        roots[tree.size] = tree.root()
    _guards_off(ledger)
    with transaction(ledger.audit.everywhere) as session:
        session.execute(_free(session))
        if signer is None:
            signer = Signer.parse(ledger.audit.vault.open(session.scalars(select(LogKey.sealed)).one()))
        for row in session.scalars(select(Checkpoint)):
            signed = notes.Checkpoint(ledger.audit.origin, row.size, roots[row.size])
            row.note = notes.sign_checkpoint(signed, [signer])


def spoil_head(ledger: Ledger, place: int) -> None:
    """Let one of the head's hashes be another one."""
    _guards_off(ledger)
    with transaction(ledger.audit.everywhere) as session:
        session.execute(_free(session))
        head = session.scalars(select(Head)).one()
        frontier = Frontier.from_bytes(head.frontier)
        frontier.hashes[place] = leaf_hash(b"x")
        head.frontier = frontier.to_bytes()


def close_gap(ledger: Ledger, first: int, *, bodies: bool) -> None:
    """Let the entries behind a deleted one move up by one, in their columns and, if wanted, in their `bodies`."""
    moving = [entry for entry in ledger.entries() if entry.index > first]
    _guards_off(ledger)
    with transaction(ledger.audit.everywhere) as session:
        session.execute(_free(session))
        for entry in moving:
            index = entry.index - 1
            values: dict[str, Any] = {"index": index}
            if bodies:
                values["body"] = canonical({**json.loads(entry.body), "index": index})
                values["leaf_hash"] = leaf_hash(values["body"].encode())
            session.execute(update(Entry).where(Entry.index == entry.index).values(values))
            session.execute(
                text('UPDATE audit_payloads SET "index" = :new WHERE "index" = :old'),
                {"new": index, "old": entry.index},
            )


def _guards_off(ledger: Ledger) -> None:
    ledger.alter()


def _free(session: Any) -> Any:
    """On PostgreSQL guards are taken away for one transaction, on SQLite once."""
    postgresql = session.get_bind().dialect.name == "postgresql"
    return text("SET LOCAL session_replication_role = replica" if postgresql else "SELECT 1")
