"""Which records are passed over: exactly the first occurrence of what was accepted before, against a plain model."""

from collections.abc import Iterable

import numpy as np
import xxhash
from hypothesis import given
from hypothesis import strategies as st

from connectors.feeds.known import KnownRecords

records = st.lists(st.sampled_from([b"a", b"b", b"c", b"d", b"", b"a\n"]), max_size=12)
chunks = st.lists(records, max_size=4)


def known_of(accepted: list[bytes], seed: int = 0) -> KnownRecords:
    digests = KnownRecords().digests(accepted, seed)
    return KnownRecords(digests[:, 0].astype(np.uint32), digests[:, 1].copy())


def pairs(texts: Iterable[bytes]) -> set[tuple[int, int]]:
    return {(hi, lo) for hi, lo in KnownRecords().digests(list(texts), 0).tolist()}


def absent(known: KnownRecords) -> list[tuple[int, int]]:
    hi, lo = known.absent()
    return list(zip(hi.tolist(), lo.tolist(), strict=True))


def read(known: KnownRecords, feed: list[list[bytes]]) -> list[tuple[int, bytes]]:
    """Ask about every record of a feed; number and bytes of those that have to be parsed."""
    parsed, number = [], 0
    for chunk in feed:
        mask = known.new(known.digests(chunk, 0))
        parsed += [(number + place, record) for place, record in enumerate(chunk) if mask[place]]
        number += len(chunk)
    return parsed


def expected(accepted: list[bytes], feed: list[list[bytes]]) -> tuple[list[tuple[int, bytes]], set[bytes]]:
    """The same by a set and a loop: what is parsed, and what is passed over."""
    parsed: list[tuple[int, bytes]] = []
    seen: set[bytes] = set()
    for number, record in enumerate(record for chunk in feed for record in chunk):
        if record in accepted and record not in seen:
            seen.add(record)
        else:
            parsed.append((number, record))
    return parsed, seen


@given(records, chunks)
def test_passes_over_the_first_occurrence_of_what_is_known(accepted: list[bytes], feed: list[list[bytes]]) -> None:
    known = known_of(accepted)
    assert len(known) == len(set(accepted))
    parsed, seen = expected(accepted, feed)
    assert read(known, feed) == parsed
    assert sorted(absent(known)) == sorted(pairs(set(accepted) - seen))


@given(records, records, records, st.integers(0, 12))
def test_take_back_from_a_record_on(accepted: list[bytes], before: list[bytes], chunk: list[bytes], count: int) -> None:
    """As if the last records of the last chunk had never been asked for; those of an earlier chunk stay."""
    count = min(count, len(chunk))
    known = known_of(accepted)
    read(known, [before, chunk])
    known.take_back(count)
    fresh = known_of(accepted)
    read(fresh, [before, chunk[: len(chunk) - count]])
    assert absent(known) == absent(fresh)


def test_another_seed_knows_nothing() -> None:
    known = known_of([b"a"], seed=1)
    assert known.new(known.digests([b"a"], 2)).all()
    assert not known.new(known.digests([b"a"], 1)).any()


def test_the_seed_comes_from_context_and_profile() -> None:
    assert KnownRecords(seed=1).seed(b"heading") == KnownRecords(seed=1).seed(b"heading")
    assert len({KnownRecords(seed=seed).seed(text) for seed in (0, 1) for text in (b"sku", b"code", b"")}) == 6


@given(st.lists(st.binary(max_size=40), max_size=5), st.integers(0, 2**64 - 1))
def test_digests_are_the_lower_bits_of_xxh3_the_high_ones_first(texts: list[bytes], seed: int) -> None:
    digests = KnownRecords().digests(texts, seed)
    assert digests.dtype == np.uint64
    assert digests.shape == (len(texts), 2)
    for (hi, lo), text in zip(digests.tolist(), texts, strict=True):
        assert hi * 2**64 + lo == xxhash.xxh3_128_intdigest(text, seed=seed) % 2**96


def test_both_parts_have_to_agree() -> None:
    digest = KnownRecords().digests([b"a"], 0)
    hi, lo = digest[:, 0].astype(np.uint32), digest[:, 1]
    others = [KnownRecords(hi + np.uint32(1), lo), KnownRecords(hi, lo + np.uint64(1))]
    assert [known.new(digest).all() for known in others] == [True, True]


def test_many_records_are_asked_in_a_moment() -> None:
    """The shape of the cost: one search per chunk, no loop over records."""
    rng = np.random.default_rng(5)
    lo, hi = rng.integers(0, 2**64, 300_000, np.uint64), rng.integers(0, 2**32, 300_000, np.uint64)
    known = KnownRecords(hi.astype(np.uint32), lo)
    feed = np.stack([hi, lo], axis=1)[rng.permutation(len(lo))]
    for start in range(0, len(feed), 20_000):
        assert not known.new(feed[start : start + 20_000]).any()
    assert len(known.absent()[0]) == 0
