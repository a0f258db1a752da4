"""Which records are passed over: exactly the first occurrence of what was accepted before, against a plain model."""

from collections.abc import Iterable

import numpy as np
import xxhash
from hypothesis import given
from hypothesis import strategies as st

from connectors.feeds.known import KnownRecords, place_of

records = st.lists(st.sampled_from([b"a", b"b", b"c", b"d", b"", b"a\n"]), max_size=12)
feeds = st.lists(st.lists(records, max_size=4), max_size=3)
"""Files of chunks of records."""


def known_of(accepted: list[bytes], seed: int = 0) -> KnownRecords:
    digests = KnownRecords().digests(accepted, seed)
    return KnownRecords(digests[:, 0].copy(), digests[:, 1].copy())


def pairs(known: KnownRecords, texts: Iterable[bytes]) -> list[tuple[int, int]]:
    return [(hi, lo) for hi, lo in known.digests(list(texts), 0).tolist()]


def seen(known: KnownRecords, accepted: list[bytes]) -> dict[bytes, int]:
    """Where each accepted record was seen; none of those that were not."""
    texts = sorted(set(accepted))
    digests = known.digests(texts, 0)
    places = known.seen_at(digests[:, 0], digests[:, 1]) if texts else np.empty(0, np.int64)
    return {text: place for text, place in zip(texts, places.tolist(), strict=True) if place}


def read(known: KnownRecords, feed: list[list[list[bytes]]]) -> list[tuple[int, int, bytes]]:
    """Ask about every record of a feed; file, row and bytes of those that have to be parsed."""
    parsed = []
    for file, chunks in enumerate(feed):
        known.begin_file(file)
        row = 1
        for chunk in chunks:
            rows = np.arange(row, row + len(chunk), dtype=np.int64)
            row += len(chunk)
            mask = known.new(known.digests(chunk, 0), rows)
            parsed += [(file, int(number), chunk[place]) for place, number in enumerate(rows) if mask[place]]
    return parsed


def expected(
    accepted: list[bytes], feed: list[list[list[bytes]]]
) -> tuple[list[tuple[int, int, bytes]], dict[bytes, int]]:
    """The same by a set and a loop: what is parsed, and the place of what is passed over."""
    parsed: list[tuple[int, int, bytes]] = []
    places: dict[bytes, int] = {}
    for file, chunks in enumerate(feed):
        for number, record in enumerate([record for chunk in chunks for record in chunk], start=1):
            if record in accepted and record not in places:
                places[record] = file * 2**40 + number
            else:
                parsed.append((file, number, record))
    return parsed, places


@given(records, feeds)
def test_passes_over_the_first_occurrence_of_what_is_known(
    accepted: list[bytes], feed: list[list[list[bytes]]]
) -> None:
    known = known_of(accepted)
    assert len(known) == len(set(accepted))
    parsed, places = expected(accepted, feed)
    assert read(known, feed) == parsed
    assert seen(known, accepted) == places
    hi, lo = known.absent()
    assert sorted(zip(hi.tolist(), lo.tolist(), strict=True)) == sorted(pairs(known, set(accepted) - set(places)))


@given(records, feeds)
def test_after_forgetting_everything_is_new_and_absent(accepted: list[bytes], feed: list[list[list[bytes]]]) -> None:
    known = known_of(accepted)
    read(known, feed)
    known.forget()
    assert seen(known, accepted) == {}
    assert len(read(known, feed)) == sum(len(chunk) for chunks in feed for chunk in chunks)
    assert len(known.absent()[0]) == len(set(accepted))


@given(records, records, st.integers(1, 13))
def test_take_back_from_a_row_on(accepted: list[bytes], feed: list[bytes], row: int) -> None:
    """As if the records from that row on had never been asked for; those of an earlier file stay."""
    known = known_of(accepted)
    read(known, [[feed[:4]], [feed]])
    known.take_back(row)
    fresh = known_of(accepted)
    read(fresh, [[feed[:4]], [feed[: row - 1]]])
    assert seen(known, accepted) == seen(fresh, accepted)


def test_rows_of_an_archive_count_on() -> None:
    known = known_of([b"a", b"b"])
    known.begin_file(2, rows_before=10)
    known.new(known.digests([b"b"], 0), np.array([1], np.int64))
    assert seen(known, [b"a", b"b"]) == {b"b": 2 * 2**40 + 11}
    known.take_back(1)
    assert seen(known, [b"a", b"b"]) == {}


def test_another_seed_knows_nothing() -> None:
    known = known_of([b"a"], seed=1)
    assert known.new(known.digests([b"a"], 2), np.array([1], np.int64)).all()
    assert not known.new(known.digests([b"a"], 1), np.array([1], np.int64)).any()


def test_the_seed_comes_from_context_and_profile() -> None:
    assert KnownRecords(seed=1).seed(b"heading") == KnownRecords(seed=1).seed(b"heading")
    assert len({KnownRecords(seed=seed).seed(text) for seed in (0, 1) for text in (b"sku", b"code", b"")}) == 6


@given(st.lists(st.binary(max_size=40), max_size=5), st.integers(0, 2**64 - 1))
def test_digests_are_xxh3_with_the_high_half_first(texts: list[bytes], seed: int) -> None:
    digests = KnownRecords().digests(texts, seed)
    assert digests.dtype == np.uint64
    assert digests.shape == (len(texts), 2)
    for (hi, lo), text in zip(digests.tolist(), texts, strict=True):
        assert hi * 2**64 + lo == xxhash.xxh3_128_intdigest(text, seed=seed)


def test_both_halves_have_to_agree() -> None:
    digest = KnownRecords().digests([b"a"], 0)
    other_hi = KnownRecords(digest[:, 0] + np.uint64(1), digest[:, 1])
    other_lo = KnownRecords(digest[:, 0], digest[:, 1] + np.uint64(1))
    for known in (other_hi, other_lo):
        assert known.new(digest, np.array([1], np.int64)).all()


@given(st.integers(0, 1000), st.integers(1, 2**40 - 1), st.integers(0, 1000), st.integers(1, 2**40 - 1))
def test_places_order_by_file_then_row(file: int, row: int, other_file: int, other_row: int) -> None:
    places = [int(place_of(f, np.array([r], np.int64))[0]) for f, r in ((file, row), (other_file, other_row))]
    assert (places[0] < places[1]) == ((file, row) < (other_file, other_row))


def test_many_records_are_asked_in_a_moment() -> None:
    """The shape of the cost: one sorted search per chunk, no loop over records."""
    rng = np.random.default_rng(5)
    digests = rng.integers(0, 2**64, (300_000, 2), np.uint64)
    known = KnownRecords(digests[:, 0].copy(), digests[:, 1].copy())
    feed = digests[rng.permutation(len(digests))]
    for start in range(0, len(feed), 20_000):
        assert not known.new(feed[start : start + 20_000], np.arange(start + 1, start + 20_001, dtype=np.int64)).any()
    assert len(known.absent()[0]) == 0
