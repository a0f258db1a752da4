"""An implementation by others agrees on roots, proofs and refusals: tamperlog, in Python."""

import tamperlog
from hypothesis import given
from hypothesis import strategies as st
from tamperlog.merkle import consistency_proof, inclusion_proof, merkle_root

from meschain.audit import merkle
from tests.audit.peers import SIZES, agrees, grown, mutilated
from tests.audit.tiny_log import TinyLog


@given(SIZES, st.data())
def test_roots_and_proofs_are_the_same(size, data):
    hashes, root, subtree = grown(size)
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, size))
    assert merkle_root(hashes) == root
    assert inclusion_proof(index, hashes) == merkle.inclusion_proof(index, size, subtree)
    assert consistency_proof(old, hashes) == merkle.consistency_proof(old, size, subtree)


def test_entries_are_hashed_the_same():
    ours, theirs = TinyLog("ab" * 9), tamperlog.AppendOnlyLog()
    for body in ours.bodies:
        theirs.append(body.encode())
    assert theirs.checkpoint().root == merkle.root_of(18, ours.subtree)


@given(SIZES, st.data())
def test_proofs_are_judged_the_same(size, data):
    hashes, root, subtree = grown(size)
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, size))
    proof = data.draw(mutilated(merkle.inclusion_proof(index, size, subtree)))
    case = (index, size, hashes[index], proof, root)
    agrees(lambda: tamperlog.verify_inclusion(*case), lambda: merkle.verify_inclusion(*case))
    proof, former = data.draw(mutilated(merkle.consistency_proof(old, size, subtree))), merkle_root(hashes[:old])
    agrees(
        lambda: tamperlog.verify_consistency(old, former, size, root, proof),
        lambda: merkle.verify_consistency(old, size, former, root, proof),
    )
