"""An implementation by others agrees on proofs, notes, checkpoints and refusals: metamorphic-log, in Rust."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meschain.audit import merkle
from meschain.audit.notes import Note, Verifier
from tests.audit import reference
from tests.audit.peers import SIZES, agrees, grown, mutilated
from tests.audit.test_notes import ENOCH_LINE, FOO, FOO_NOTE, PETER, PETER_LINE, TEXT
from tests.audit.tiny_log import TinyLog

peer = pytest.importorskip("metamorphic_log", reason="metamorphic-log has no wheel for this machine")


@given(SIZES, st.data())
def test_proofs_are_judged_the_same(size, data):
    hashes, root, subtree = grown(size)
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    proof = data.draw(mutilated(merkle.inclusion_proof(index, size, subtree)))
    case = (index, size, hashes[index], proof, root)
    agrees(lambda: peer.verify_inclusion(*case), lambda: merkle.verify_inclusion(*case))
    proof, former = data.draw(mutilated(merkle.consistency_proof(old, size, subtree))), reference.root(hashes[:old])
    agrees(
        lambda: peer.verify_consistency(old, size, proof, former, root),
        lambda: merkle.verify_consistency(old, size, former, root, proof),
    )


def test_our_checkpoints_are_good_there():
    log = TinyLog("ab" * 20)
    key = str(log.keys[0])
    head = peer.checkpoint_verify(log.checkpoint(), [key])
    assert (head.origin, head.size, head.root) == (log.keys[0].name, 40, merkle.root_of(40, log.subtree))
    for old in range(1, 41):
        note, proof = log.answer(old)
        peer.checkpoint_verify_consistency(log.checkpoint(old), note, [key], proof)
    for index in range(40):
        proof = merkle.inclusion_proof(index, 40, log.subtree)
        leaf = merkle.leaf_hash(log.bodies[index].encode())
        peer.checkpoint_verify_inclusion(log.checkpoint(), [key], index, leaf, proof)
        with pytest.raises(peer.VerifyError):
            peer.checkpoint_verify_inclusion(log.checkpoint(), [key], index, merkle.leaf_hash(b"x"), proof)


@given(data=st.data())
def test_notes_are_judged_the_same(data):
    whole, key = data.draw(
        st.sampled_from(
            [(FOO_NOTE, FOO), (f"{TEXT}\n{PETER_LINE}{ENOCH_LINE}", PETER), (f"{TEXT}\n{ENOCH_LINE}", PETER)]
        )
    )
    at = data.draw(st.integers(0, len(whole) - 1))
    # No "=": theirs takes one for an "A" in the middle of base64, which RFC 4648 does not have.
    char = data.draw(st.sampled_from(["", "\n", "+", "A", " ", "\t", "\x7f", "é", whole[at] * 2]))
    note = f"{whole[:at]}{char}{whole[at + 1 :]}"
    agrees(lambda: peer.verify_signed_note(note, [key]), lambda: Note.parse(note).verify([Verifier.parse(key)]))
