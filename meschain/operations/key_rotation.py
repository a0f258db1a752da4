"""Use case: change the key that seals stored secrets.

A new key is put first, everything is sealed anew under it, and the former key goes when nothing needs it any more.
Killed at any moment, it is run again. Processes that run meanwhile see the new key at their next seal. What one of them
had sealed under the former key just before is written within moments; the former key stays for that long, and what came
late is then sealed anew as well.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from cryptography.fernet import Fernet
from sqlalchemy import Column, Table, select, tuple_, update
from sqlalchemy.orm import Session

from commerce.errors import Permanent, Refused, Transient
from meschain.audit.rules import Tag
from meschain.operations.context import KEYS, Operations
from meschain.operations.store_tables import check_known_tables, overwrite_freed, sealed_columns, stored_secrets
from meschain.operations.vault_keys import VaultKeys, fingerprint, present_keys, write_keys
from meschain.store.loading import flush
from meschain.store.session import reading, transaction
from meschain.store.vault import Vault

SETTLE_SECONDS = 60.0
"""For how long the former key stays: longer than any use case takes from sealing a secret to writing it."""
_BATCH = 200
_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Rotation:
    """What was done: the key that seals now, how many secrets were sealed anew, and which former keys went."""

    key: str
    """By what it is recognised."""
    resealed: int
    dropped: list[str]
    unreadable: list[str]
    """Secrets that no key opens: they were lost before."""
    hint: str = ""
    """What is left to do, if something is."""


def rotate(
    operations: Operations, *, settle: float = SETTLE_SECONDS, tell: Callable[[str], None] = lambda _: None
) -> Rotation:
    """Change the vault's key. With keys from the environment, seal everything anew under the first of them.

    Refused when the environment gives one key only, when there is no key yet, or (Busy) when it is under way already.
    """
    with operations.exclusive(KEYS, "key rotation"):
        present = present_keys(operations.settings)
        _check(present)
        if present.origin == "environment":
            return _reseal_given(operations, present)
        file = operations.settings.vault_key_file
        keys = [Fernet.generate_key().decode(), *present.keys]
        write_keys(file, keys)
        resealed = _reseal(operations, keys)
        tell(f"{resealed} secrets are sealed under the new key; the former one stays for {settle:.0f} s")
        time.sleep(settle)
        late, lost = _finish(operations, keys)
        _record(operations, keys[0], resealed + late)
        if lost:
            return Rotation(fingerprint(keys[0]), resealed + late, [], lost, _LOST)
        flush(operations.engine)
        write_keys(file, keys[:1])
        return Rotation(fingerprint(keys[0]), resealed + late, present.fingerprints, [])


_LOST = "no former key was dropped: enter these secrets anew, or bring back the key they need, and run it again"


def _check(present: VaultKeys) -> None:
    if present.origin == "none":
        raise Refused("there is no key yet: it is made with the first secret; nothing is to be changed")
    if present.origin == "environment" and len(present.keys) == 1:
        raise Refused(
            "MESCHAIN_VAULT__KEY gives one key: put a new one and a comma before it, in every process that has it, "
            f"restart them, and run this again. A new one: {Fernet.generate_key().decode()}"
        )


def _reseal_given(operations: Operations, present: VaultKeys) -> Rotation:
    resealed, lost = _finish(operations, present.keys)
    _record(operations, present.keys[0], resealed)
    flush(operations.engine)
    hint = _LOST if lost else "leave only the first key in MESCHAIN_VAULT__KEY, in every process that has it"
    return Rotation(present.fingerprints[0], resealed, [], lost, hint)


def _finish(operations: Operations, keys: Sequence[str]) -> tuple[int, list[str]]:
    """Seal anew until nothing is left under a former key; gives how many that were, and the secrets no key opens."""
    vault, done = Vault(",".join(keys)), 0
    for _ in range(_ATTEMPTS):
        done += _reseal(operations, keys)
        left = dict(_left(operations, keys[0]))
        lost = [place for place, sealed in left.items() if not _opens(vault, sealed)]
        if len(lost) == len(left):
            return done, lost
    raise Transient(
        "secrets keep being sealed under the former key, which stays: restart every process of the installation, then "
        "run this again"
    )


def _record(operations: Operations, key: str, resealed: int) -> None:
    with transaction(operations.everywhere) as session:
        told = {"key": fingerprint(key), "resealed": resealed}
        operations.log.record(session, Tag.VAULT_KEY_ROTATED, operations.actor, target="vault", after=told)


def _reseal(operations: Operations, keys: Sequence[str]) -> int:
    """Seal anew what is not under the first key, a batch per transaction; gives how many secrets that were."""
    vault, first = Vault(",".join(keys)), Vault(keys[0])
    done = 0
    with reading(operations.everywhere) as session:
        check_known_tables(session.connection())
    for table, column in sealed_columns():
        last: tuple[object, ...] | None = None
        while True:
            with transaction(operations.everywhere) as session:
                overwrite_freed(session)
                batch = _batch(session, table, column, last)
                done += sum(_renew(session, table, column, row, vault, first) for row in batch)
            if len(batch) < _BATCH:
                break
            last = batch[-1][:-1]
    return done


Row = tuple[object, ...]
"""A row's key, and then its sealed value."""


def _batch(session: Session, table: Table, column: Column[bytes], last: Row | None) -> list[Row]:
    """The next rows in the order of their key, locked against others."""
    key = list(table.primary_key.columns)
    query = select(*key, column).where(column.is_not(None)).order_by(*key).limit(_BATCH)
    if last is not None:
        query = query.where(tuple_(*key) > last)
    return [tuple(row) for row in session.execute(query.with_for_update())]


def _renew(session: Session, table: Table, column: Column[bytes], row: Row, vault: Vault, first: Vault) -> bool:
    *key, sealed = row
    if not isinstance(sealed, bytes) or _opens(first, sealed) or not _opens(vault, sealed):
        return False
    found = [each == value for each, value in zip(table.primary_key.columns, key, strict=True)]
    session.execute(update(table).where(*found, column == sealed).values({column.name: vault.reseal(sealed)}))
    return True


def _left(operations: Operations, key: str) -> Iterator[tuple[str, bytes]]:
    """The secrets that this key does not open, by their place (`table.column key`)."""
    first = Vault(key)
    with reading(operations.everywhere) as session:
        check_known_tables(session.connection())
        for place, sealed in stored_secrets(session):
            if not _opens(first, sealed):
                yield place, sealed


def _opens(vault: Vault, sealed: bytes) -> bool:
    try:
        vault.open(sealed)
    except Permanent:
        return False
    return True
