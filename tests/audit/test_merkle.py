"""The tree is RFC 6962's: reference vectors, the RFC's own definitions as a double, every altered proof refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commerce.errors import Permanent, Refused
from meschain.audit import merkle
from meschain.audit.merkle import EMPTY_ROOT, BadProof, Frontier, Rewritten, leaf_hash
from tests.audit import reference
from tests.audit.reference import Store, leaves

# The entries of Certificate Transparency's reference tests, the roots of their first 1 to 8, and their inner nodes.
ENTRIES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
INCLUSION = {  # (index, size) → path
    (0, 1): [],
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
    (1, 5): [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
CONSISTENCY = {  # (old size, new size) → proof
    (1, 1): [],
    (1, 8): INCLUSION[0, 8],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
SMALL = 66
"""Beyond this many entries no new shape of a small proof appears."""


def grown(hashes):
    """A frontier over those leaves, and the store that its tiles went to."""
    frontier, store = Frontier(), Store(hashes)
    for hash_ in hashes:
        store.keep(frontier.append(hash_))
    return frontier, store


def subtree_of(hashes):
    store = grown(hashes)[1]
    return merkle.stored_subtrees(store.read_leaves, store.read_nodes)


@pytest.fixture(scope="module")
def many():
    """A log with tiles of two levels, the last of each not full; its subtree hashes and its store."""
    hashes = leaves(2 * 65536 + 3 * 256 + 77)
    frontier, store = grown(hashes)
    return frontier, store


@pytest.fixture(scope="module")
def roots():
    """Roots of the first 0, 1, … entries of `leaves`, as the RFC defines them."""
    hashes = leaves(SMALL)
    return [reference.root(hashes[:size]) for size in range(SMALL + 1)]


class TestReferenceVectors:
    hashes = tuple(leaf_hash(bytes.fromhex(entry)) for entry in ENTRIES)

    def test_roots(self):
        frontier = Frontier()
        found = [frontier.root().hex()]
        for hash_ in self.hashes:
            frontier.append(hash_)
            found.append(frontier.root().hex())
        assert found == ROOTS
        assert [merkle.root_of(size, subtree_of(self.hashes)).hex() for size in range(9)] == ROOTS

    @pytest.mark.parametrize(("place", "expected"), INCLUSION.items())
    def test_inclusion(self, place, expected):
        index, size = place
        proof = merkle.inclusion_proof(index, size, subtree_of(self.hashes))
        assert [hash_.hex() for hash_ in proof] == expected
        merkle.verify_inclusion(index, size, self.hashes[index], proof, bytes.fromhex(ROOTS[size]))

    @pytest.mark.parametrize(("sizes", "expected"), CONSISTENCY.items())
    def test_consistency(self, sizes, expected):
        old, new = sizes
        proof = merkle.consistency_proof(old, new, subtree_of(self.hashes))
        assert [hash_.hex() for hash_ in proof] == expected
        merkle.verify_consistency(old, new, bytes.fromhex(ROOTS[old]), bytes.fromhex(ROOTS[new]), proof)

    def test_the_example_of_the_rfc(self):
        """RFC 6962 §2.1.3: seven entries, nodes called a to l."""
        a, b, c, d, e, f, j = hashes = leaves(7)
        g, h, i = merkle.node_hash(a, b), merkle.node_hash(c, d), merkle.node_hash(e, f)
        k, last = merkle.node_hash(g, h), merkle.node_hash(i, j)
        of = subtree_of(hashes)
        paths = {0: [b, h, last], 3: [c, g, last], 4: [f, j, k], 6: [i, k]}
        assert {index: merkle.inclusion_proof(index, 7, of) for index in paths} == paths
        proofs = {3: [c, d, g, last], 4: [last], 6: [i, j, k]}
        assert {size: merkle.consistency_proof(size, 7, of) for size in proofs} == proofs


def test_every_small_proof_is_the_rfcs_and_verifies(roots):
    hashes = leaves(SMALL)
    of = subtree_of(hashes)
    for size in range(1, SMALL + 1):
        assert merkle.root_of(size, of) == roots[size]
        for index in range(size):
            proof = merkle.inclusion_proof(index, size, of)
            assert proof == reference.path(index, hashes[:size])
            merkle.verify_inclusion(index, size, hashes[index], proof, roots[size])
        for old in range(1, size + 1):
            proof = merkle.consistency_proof(old, size, of)
            assert proof == reference.proof(old, hashes[:size])
            merkle.verify_consistency(old, size, roots[old], roots[size], proof)


@given(data=st.data())
def test_every_proof_from_tiles_is_the_rfcs(data):
    size = data.draw(st.integers(1, 1500))
    hashes = leaves(size)
    frontier, store = grown(hashes)
    assert frontier.root() == reference.root(hashes)
    of = merkle.stored_subtrees(store.read_leaves, store.read_nodes)
    index, past = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    assert merkle.inclusion_proof(index, size, of) == reference.path(index, hashes)
    assert merkle.consistency_proof(past, size, of) == reference.proof(past, hashes)
    if index < past:
        assert merkle.inclusion_proof(index, past, of) == reference.path(index, hashes[:past])


def test_tiles_are_the_subtrees_of_levels_8_and_16(many):
    frontier, store = many
    assert {level: sorted(kept) for level, kept in store.nodes.items()} == {8: [*range(515)], 16: [0, 1]}
    assert store.nodes[8][7] == reference.root(store.hashes[7 * 256 : 8 * 256])
    assert store.nodes[16][1] == reference.root(store.hashes[65536:131072])
    assert frontier.size == len(store.hashes)
    assert len(frontier.hashes) == frontier.size.bit_count()


@given(data=st.data())
def test_a_proof_reads_two_tiles_of_a_level_at_most(many, data):
    frontier, store = many
    size = data.draw(st.integers(1, frontier.size))
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    of = merkle.stored_subtrees(store.read_leaves, store.read_nodes)
    root = merkle.root_of(size, of)
    for prove in (
        lambda of: merkle.verify_inclusion(
            index, size, store.hashes[index], merkle.inclusion_proof(index, size, of), root
        ),
        lambda of: merkle.verify_consistency(
            old, size, merkle.root_of(old, of), root, merkle.consistency_proof(old, size, of)
        ),
    ):
        store.reads.clear()
        prove(merkle.stored_subtrees(store.read_leaves, store.read_nodes))
        assert all(end - begin == 256 and begin % 256 == 0 for _, begin, end in store.reads)
        levels = [level for level, _, _ in store.reads]
        assert all(levels.count(level) <= 2 for level in (0, 8, 16))


def test_the_root_of_a_large_log_is_that_of_its_frontier(many):
    frontier, store = many
    assert merkle.root_of(frontier.size, merkle.stored_subtrees(store.read_leaves, store.read_nodes)) == frontier.root()


@given(st.integers(0, 700), st.integers(0, 40))
def test_a_frontier_goes_on_where_it_was_written_down(size, more):
    hashes = leaves(size + more)
    whole, _ = grown(hashes)
    part, _ = grown(hashes[:size])
    again = Frontier.from_bytes(part.to_bytes())
    assert again == part
    for hash_ in hashes[size:]:
        again.append(hash_)
    assert again == whole
    assert len(whole.to_bytes()) == 8 + 32 * whole.size.bit_count()


@pytest.mark.parametrize("change", [lambda data: data[:-1], lambda data: data + b"\0", lambda _: b"", lambda _: b"\1"])
def test_a_damaged_frontier_is_refused(change):
    with pytest.raises(Permanent, match="frontier is damaged"):
        Frontier.from_bytes(change(grown(leaves(5))[0].to_bytes()))


def altered(proof):
    """Proofs that differ from a good one: a bit, a hash more or less, two exchanged."""
    for place, hash_ in enumerate(proof):
        for byte, bit in ((0, 0), (31, 7)):
            changed = bytearray(hash_)
            changed[byte] ^= 1 << bit
            yield [*proof[:place], bytes(changed), *proof[place + 1 :]]
        yield proof[:place] + proof[place + 1 :]
        yield [*proof[:place], hash_, *proof[place:]]
        yield [*proof[:place], hash_[:-1], *proof[place + 1 :]]
        yield [*proof[:place], hash_ + b"\0", *proof[place + 1 :]]
        if place and proof[place - 1] != hash_:
            yield [*proof[: place - 1], hash_, proof[place - 1], *proof[place + 1 :]]
    yield [*proof, b"\0" * 32]
    yield [b"\0" * 32, *proof]
    yield [*proof, b""]


@given(data=st.data())
def test_every_altered_inclusion_proof_is_refused(data):
    size = data.draw(st.integers(1, 600))
    index = data.draw(st.integers(0, size - 1))
    hashes = leaves(size)
    proof, root = merkle.inclusion_proof(index, size, subtree_of(hashes)), grown(hashes)[0].root()
    wrong = [(index, size, hashes[index], changed, root) for changed in altered(proof)]
    wrong += [
        (other, size, hashes[index], proof, root) for other in {index - 1, index + 1, index ^ 2, -1, size} - {index}
    ]
    wrong += [(index, size, leaf_hash(b"another"), proof, root), (index, size, hashes[index], proof, EMPTY_ROOT)]
    wrong += [(index, size, hashes[index] + b"\0", proof, root), (index, size, hashes[index], proof, root[:-1])]
    wrong += [(index, size + 1, hashes[index], proof, reference.root(leaves(size + 1))), (0, 0, root, [], EMPTY_ROOT)]
    for case in wrong:
        with pytest.raises(BadProof):
            merkle.verify_inclusion(*case)


@given(data=st.data())
def test_every_altered_consistency_proof_is_refused(data):
    new = data.draw(st.integers(2, 600))
    old = data.draw(st.integers(1, new - 1))
    hashes = leaves(new)
    proof, roots = (
        merkle.consistency_proof(old, new, subtree_of(hashes)),
        [grown(hashes[:n])[0].root() for n in (old, new)],
    )
    wrong = [(old, new, *roots, changed) for changed in altered(proof)]
    wrong += [(old, new, roots[1], roots[0], proof), (new, old, *roots, proof), (old, new, roots[0], EMPTY_ROOT, proof)]
    wrong += [(old, new, EMPTY_ROOT, roots[1], proof), (old, new, *roots, []), (-1, new, *roots, proof)]
    wrong += [(0, new, EMPTY_ROOT, roots[1], proof), (0, new, *roots, []), (new, new, *roots, [])]
    wrong += [(new, new, roots[1], roots[1], proof), (old, new, roots[0][1:], roots[1], proof)]
    for case in wrong:
        with pytest.raises(BadProof):
            merkle.verify_consistency(*case)


def test_a_proof_of_another_length_is_called_so():
    hashes = leaves(7)
    root, proof = grown(hashes)[0].root(), merkle.inclusion_proof(2, 7, subtree_of(hashes))
    with pytest.raises(BadProof, match="inclusion proof of entry 2 in a log of 7 is too long: 4 hashes, expected 3"):
        merkle.verify_inclusion(2, 7, hashes[2], [*proof, root], root)
    with pytest.raises(BadProof, match="too short: 2 hashes"):
        merkle.verify_inclusion(2, 7, hashes[2], proof[:2], root)


def test_the_border_between_two_hashes_cannot_be_moved():
    left, right = leaves(2)
    with pytest.raises(BadProof, match="a hash of 31 bytes"):
        merkle.verify_inclusion(0, 2, left[:31], [left[31:] + right], merkle.node_hash(left, right))


@given(data=st.data())
def test_a_rewritten_beginning_is_told_from_a_bad_proof(data):
    """The honest proof of a log that was rewritten convicts it, but where the old tree is a node of its own."""
    new = data.draw(st.integers(3, 300))
    old = data.draw(st.integers(2, new - 1))
    hashes = leaves(new)
    former = grown(hashes[:old])[0].root()
    hashes[data.draw(st.integers(0, old - 1))] = leaf_hash(b"rewritten")
    proof = merkle.consistency_proof(old, new, subtree_of(hashes))
    expected = BadProof if old.bit_count() == 1 else Rewritten
    with pytest.raises(BadProof, match="rewritten" if expected is BadProof else f"first {old} entries") as refusal:
        merkle.verify_consistency(old, new, former, grown(hashes)[0].root(), proof)
    assert type(refusal.value) is expected


def test_what_needs_no_proof(roots):
    merkle.verify_consistency(0, 5, EMPTY_ROOT, roots[5], [])
    merkle.verify_consistency(0, 0, EMPTY_ROOT, EMPTY_ROOT, [])
    merkle.verify_consistency(5, 5, roots[5], roots[5], [])
    of = subtree_of(leaves(5))
    assert merkle.consistency_proof(0, 5, of) == merkle.consistency_proof(5, 5, of) == []
    assert merkle.root_of(0, of) == EMPTY_ROOT == Frontier().root()
    with pytest.raises(Rewritten, match="different roots"):
        merkle.verify_consistency(5, 5, roots[5], roots[4], [])


@pytest.mark.parametrize(
    ("ask", "text"),
    [
        (lambda of: merkle.inclusion_proof(5, 5, of), "entry 5 is not in a log of 5 entries"),
        (lambda of: merkle.inclusion_proof(-1, 5, of), "entry -1"),
        (lambda of: merkle.consistency_proof(6, 5, of), "cannot have grown from 6"),
        (lambda of: merkle.consistency_proof(-1, 5, of), "cannot have grown from -1"),
    ],
)
def test_what_cannot_be_proved_is_refused(ask, text):
    with pytest.raises(Refused, match=text):
        ask(subtree_of(leaves(5)))


def test_hashes_that_are_gone_are_named():
    _, store = grown(leaves(600))
    del store.hashes[599:]
    del store.nodes[8][1]
    of = merkle.stored_subtrees(store.read_leaves, store.read_nodes)
    with pytest.raises(Permanent, match="lacks hashes of entries 599 to 599: it was cut or damaged"):
        of(0, 599)
    with pytest.raises(Permanent, match="entries 256 to 511"):
        merkle.inclusion_proof(0, 600, of)
