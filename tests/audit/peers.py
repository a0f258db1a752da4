"""What a comparison with another implementation of the tree needs: logs, harmed proofs, two verdicts."""

import functools

from hypothesis import strategies as st

from commerce.errors import Refused
from meschain.audit import merkle
from tests.audit.reference import Store, leaves

SIZES = st.integers(1, 300)


def agrees(theirs, ours):
    """See both accept, or both refuse."""
    refusals = []
    for verify, kind in ((theirs, Exception), (ours, Refused)):
        try:
            verify()
        except kind as refusal:
            refusals.append(repr(refusal))
        else:
            refusals.append(None)
    assert (refusals[0] is None) == (refusals[1] is None), refusals


@functools.cache
def grown(size):
    """Leaf hashes, root and stored subtrees of a log."""
    frontier, store = merkle.Frontier(), Store(leaves(size))
    for hash_ in store.hashes:
        store.keep(frontier.append(hash_))
    return store.hashes, frontier.root(), merkle.stored_subtrees(store.read_leaves, store.read_nodes)


@st.composite
def mutilated(draw, proof):
    """The proof, with or without some harm done to it."""
    proof = list(proof)
    for _ in range(draw(st.integers(0, 2))):
        place = draw(st.integers(0, max(len(proof) - 1, 0)))
        harm = draw(st.sampled_from(["alter", "drop", "repeat", "add"]))
        if harm == "add" or not proof:
            proof.insert(place, draw(st.binary(min_size=32, max_size=32)))
        elif harm == "drop":
            del proof[place]
        elif harm == "repeat":
            proof.insert(place, proof[place])
        else:
            proof[place] = bytes([proof[place][0] ^ 1]) + proof[place][1:]
    return proof
