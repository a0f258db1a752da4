"""In a log of thousands of entries, what is altered at random places is found, each thing at its own place."""

import random
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import pytest
from cryptography.fernet import Fernet

from meschain.audit.findings import Finding
from meschain.audit.notes import Signer
from meschain.store.engine import open_engine
from meschain.store.vault import Vault
from tests.audit import forgery
from tests.audit.copies import copied
from tests.audit.ledger import Ledger
from tests.conftest import STORES

pytestmark = pytest.mark.acceptance
_APART = 10
_CHECKPOINTS = 8


@pytest.fixture(scope="module")
def size(full_size: bool) -> int:
    """How many entries there are."""
    return 20_000 if full_size else 3_000


@pytest.fixture(scope="module", params=STORES)
def written(request, tmp_path_factory, size) -> Iterator[Ledger]:
    """A log with a checkpoint now and then, the last at its end; to be copied, never used."""
    template = request.getfixturevalue(f"_{'postgres' if request.param == 'postgresql' else 'sqlite'}_template")
    with copied(request, str(template), tmp_path_factory.mktemp("log")) as url:
        engine = open_engine(url, pooled=False)
        written = Ledger.on(engine, Vault(Fernet.generate_key().decode()))
        for _ in range(_CHECKPOINTS):
            written.write(size // _CHECKPOINTS)
            written.sign()
        yield written
        engine.dispose()


@pytest.fixture
def ledger(request, written, tmp_path) -> Iterator[Ledger]:
    """A copy of that log."""
    with copied(request, written.audit.engine.url.database, tmp_path) as url:
        engine = open_engine(url)
        yield replace(written, audit=replace(written.audit, engine=engine), notes=list(written.notes))
        engine.dispose()


@pytest.fixture
def chance() -> random.Random:
    """Chance, with a seed that a failure shows."""
    seed = random.randrange(1_000_000)
    print(f"seed {seed}")
    return random.Random(seed)


@pytest.fixture
def places(chance: random.Random, size: int) -> list[int]:
    """Random places, none beside another, in order."""
    several = chance.sample(range(size // _APART - 1), size // 100)
    return sorted(_APART * each + chance.randrange(_APART - 2) for each in several)


def found(ledger: Ledger) -> list[Finding]:
    return list(ledger.verify().findings)


def told(ledger: Ledger) -> list[tuple[str, str]]:
    """What is found: kind and where."""
    return [(one.kind.value, one.where) for one in found(ledger)]


def test_nothing_is_found_in_a_log_that_nobody_altered(ledger, size):
    verdict = ledger.verify(*ledger.notes)
    assert verdict.findings == ()
    assert verdict.entries == verdict.confirmed
    assert verdict.entries >= size - _CHECKPOINTS


def test_changed(ledger, places):
    listed = ", ".join(map(str, places))
    ledger.alter(
        f"""UPDATE audit_entries SET body = replace(body, '"after":', '"aftar":') WHERE "index" IN ({listed})"""
    )
    assert told(ledger) == [("changed", f"entry {place}") for place in places]


def test_deleted(ledger, places):
    ledger.alter(f'DELETE FROM audit_entries WHERE "index" IN ({", ".join(map(str, places))})')
    assert told(ledger) == [("deleted", f"entry {place}") for place in places]


def test_reordered(ledger, places):
    listed = ", ".join(map(str, places))
    behind = ", ".join(str(place + 1) for place in places)
    ledger.alter(
        f'UPDATE audit_entries SET "index" = "index" + 1000001 WHERE "index" IN ({listed})',
        f'UPDATE audit_entries SET "index" = "index" - 1 WHERE "index" IN ({behind})',
        'UPDATE audit_entries SET "index" = "index" - 1000000 WHERE "index" > 1000000',
    )
    assert told(ledger) == [("reordered", f"entry {each}") for place in places for each in (place, place + 1)]


def test_truncated(ledger, chance, size):
    last = ledger.size() - 1
    place = chance.randrange(1, size - 1)
    ledger.alter(*(f'DELETE FROM audit_{table} WHERE "index" >= {place}' for table in ("entries", "payloads")))
    assert told(ledger)[0] == ("truncated", f"entries {place} to {last}")


def test_truncated_with_every_hash_over_it(ledger, chance, size):
    last = ledger.size() - 1
    place = chance.randrange(1, size - 1)
    ledger.alter(*(f'DELETE FROM audit_{table} WHERE "index" >= {place}' for table in ("entries", "payloads")))
    forgery.rebuild(ledger)
    assert told(ledger)[0] == ("truncated", f"entries {place} to {last}")


def test_changed_with_every_hash_over_it(ledger, chance, size):
    place = chance.randrange(size // _CHECKPOINTS, size - _CHECKPOINTS)
    forgery.rewrite(ledger, place, target="role x")
    signed = [0, *forgery.rebuild(ledger)]
    first, last = next(pair for pair in pairwise(signed) if pair[0] <= place < pair[1])
    assert told(ledger) == [("changed", f"entries {first} to {last - 1}")]


def test_signed_anew_with_another_key(ledger, chance, size):
    place = chance.randrange(size)
    forgery.rewrite(ledger, place, target="role x")
    sizes = forgery.rebuild(ledger)
    forgery.sign_anew(ledger, Signer.generate(ledger.audit.origin))
    findings = found(ledger)
    assert [one.kind.value for one in findings] == ["re-signed"] * len(sizes)
    assert all(str(each) in one.text for each, one in zip(sizes, findings, strict=True))
