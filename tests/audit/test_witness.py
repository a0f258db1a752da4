"""A witness cosigns what only grew, says why it does not cosign the rest, and forgets nothing it has signed."""

import os
import pickle
import stat

import pytest

from commerce.errors import Permanent, Transient
from meschain.audit import notes
from meschain.audit.notes import Checkpoint, Kind, Note, Signer, open_checkpoint, witnessed_at
from meschain.audit.witness import NotWitnessed, Reason, Witness
from meschain.store.file_lock import FileLock
from tests.audit.children import witness_all
from tests.audit.tiny_log import ORIGIN, TinyLog
from tests.processes import FORKS, race

KEY = Signer.generate("witness.example/w1", Kind.COSIGNATURE)
NOW = 1_800_000_000


@pytest.fixture
def log():
    return TinyLog("ab" * 10)


@pytest.fixture
def state(tmp_path):
    return tmp_path / "log.note"


@pytest.fixture
def witness(log, state):
    return Witness(KEY, log.keys, state, clock=lambda: NOW + 0.9)


@pytest.fixture
def seen(witness, log):
    """The witness, after it has seen the log with thirteen entries."""
    witness.watch(lambda old: log.answer(old, 13))
    return witness


def other_log(log, changed):
    """The same log, signed by the same key, with another entry at one place."""
    other = TinyLog(signers=log.signers)
    for index, body in enumerate(log.bodies):
        other.append_text(body if index != changed else body.replace("approved", "rejected"))
    return other


def refused(reason, text):
    class Expected:
        def __enter__(self):
            self._raises = pytest.raises(NotWitnessed, match=text)
            self._found = self._raises.__enter__()

        def __exit__(self, *error):
            handled = self._raises.__exit__(*error)
            assert self._found.value.reason is reason
            return handled

    return Expected()


def test_the_first_checkpoint_is_taken_as_it_is(witness, log, state):
    assert witness.last() is None
    result = witness.watch(log.answer)
    assert result.former is None
    assert result.checkpoint == witness.last() == open_checkpoint(log.checkpoint(), log.keys)[0]
    assert state.read_text() == result.note
    assert witnessed_at(Note.parse(result.note), KEY.verifier) == NOW
    assert open_checkpoint(result.note, log.keys)[0].size == 20


def test_a_log_that_grew_is_cosigned_again(seen, log):
    asked = []
    result = seen.watch(lambda old: (asked.append(old), log.answer(old))[1])
    assert asked == [13]
    assert (result.former.size, result.checkpoint.size, seen.last().size) == (13, 20, 20)


def test_an_unchanged_log_is_cosigned_anew(log, state, seen):
    later = Witness(KEY, log.keys, state, clock=lambda: NOW + 60)
    result = later.watch(lambda old: log.answer(old, 13))
    assert witnessed_at(Note.parse(result.note), KEY.verifier) == NOW + 60
    assert len(Note.parse(result.note).signatures) == 2


def test_time_does_not_run_back_when_the_clock_does(log, state, seen):
    result = Witness(KEY, log.keys, state, clock=lambda: NOW - 3600).watch(log.answer)
    assert witnessed_at(Note.parse(result.note), KEY.verifier) == NOW


@pytest.mark.parametrize("size", range(21))
def test_every_growth_is_accepted(size, log, state):
    witness = Witness(KEY, log.keys, state)
    witness.watch(lambda old: log.answer(old, size))
    assert witness.watch(log.answer).checkpoint.size == 20


def test_a_roll_back_is_refused(seen, log, state):
    before = state.read_bytes()
    with refused(Reason.ROLL_BACK, "went back from 13 entries to 12"):
        seen.watch(lambda old: log.answer(old, 12))
    assert state.read_bytes() == before


def test_another_root_for_the_same_size_is_a_fork_and_kept_as_evidence(seen, log, state):
    other = other_log(log, 4)
    before = state.read_bytes()
    for _ in range(2):
        with refused(Reason.FORK, "another root for the same 13 entries"):
            seen.watch(lambda old: other.answer(old, 13))
    (evidence,) = state.parent.glob("log.note.fork-13-*")
    assert evidence.read_text() == other.checkpoint(13)
    assert state.read_bytes() == before
    assert open_checkpoint(evidence.read_text(), log.keys)[0].root != seen.last().root


def test_a_rewritten_beginning_is_a_fork(seen, log, state):
    with refused(Reason.FORK, "first 13 entries of the log of 20 are not those"):
        seen.watch(other_log(log, 4).answer)
    assert len(list(state.parent.glob("log.note.fork-20-*"))) == 1
    assert seen.last().size == 13


def test_what_was_appended_may_be_anything(seen, log):
    assert seen.watch(other_log(log, 13).answer).checkpoint.size == 20


@pytest.mark.parametrize(
    "spoil", [lambda proof: proof[:-1], lambda proof: [*proof, proof[0]], lambda proof: proof[::-1]]
)
def test_a_bad_proof_is_refused_and_accuses_nobody(spoil, seen, log, state):
    note, proof = log.answer(13)
    with refused(Reason.BAD_PROOF, "consistency proof from 13 to 20 entries"):
        seen.consider(note, 13, spoil(proof))
    with refused(Reason.BAD_PROOF, "empty"):
        seen.consider(note, 13, [])
    assert seen.last().size == 13
    assert not list(state.parent.glob("*.fork-*"))


@pytest.mark.parametrize(
    ("spoil", "text"),
    [
        (lambda note: note.replace("\n20\n", "\n21\n"), f"signature of {ORIGIN} is not on this text"),
        (lambda note: TinyLog("ab" * 10).checkpoint(), "no key that is known"),
        (lambda note: note.split("\n\n", maxsplit=1)[0], "no signed note"),
        (lambda note: note.replace(ORIGIN, "log.example/other"), "no key that is known"),
    ],
)
def test_a_bad_signature_is_refused(spoil, text, seen, log):
    note, proof = log.answer(13)
    with refused(Reason.BAD_SIGNATURE, text):
        seen.consider(spoil(note), 13, proof)
    assert seen.last().size == 13


def test_a_checkpoint_of_the_empty_log_has_the_empty_root(witness, log):
    note = notes.sign_checkpoint(Checkpoint(ORIGIN, 0, b"\0" * 32), log.signers)
    with refused(Reason.FORK, "another root for the same 0 entries"):
        witness.consider(note, 0, [])


def test_a_file_is_of_one_log(log, state, seen):
    other = TinyLog("a", signers=[Signer.generate("log.example/other")])
    with refused(Reason.OTHER_LOG, "give each log a file of its own"):
        Witness(KEY, other.keys, state).consider(other.checkpoint(), 13, [])


def test_a_proof_from_elsewhere_asks_for_another(seen, log):
    with refused(Reason.MOVED_ON, "begins at 5 entries; expected 13"):
        seen.consider(*[log.answer(5)[0], 5, log.answer(5)[1]])


def test_the_log_is_asked_again_when_another_process_was_faster(seen, log, state):
    asked = []

    def fetch(old):
        asked.append(old)
        if old == 13:
            Witness(KEY, log.keys, state).watch(lambda known: log.answer(known, 18))
            return log.answer(old, 15)  # older than what the other has just seen: no roll-back
        return log.answer(old)

    assert seen.watch(fetch).checkpoint.size == 20
    assert asked == [13, 18]


def test_who_never_comes_first_gives_up(log, state):
    sizes = iter(range(1, 20))

    def fetch(old):
        Witness(KEY, log.keys, state).watch(lambda known: log.answer(known, next(sizes)))
        return log.answer(old)

    with pytest.raises(Transient, match="run it again"):
        Witness(KEY, log.keys, state).watch(fetch)


def test_signatures_of_others_are_not_passed_on(witness, log):
    note = Note.parse(log.checkpoint())
    many = [Signer.generate(f"other{number}").sign(note.text) for number in range(99)]
    result = witness.consider(str(Note(note.text, (*note.signatures, *many))), 0, [])
    assert [signature.name for signature in Note.parse(result.note).signatures] == [ORIGIN, KEY.name]
    assert witness.last() == result.checkpoint


@pytest.mark.parametrize(
    "spoil", [lambda text: "", lambda text: text.replace("\n13\n", "\n12\n"), lambda text: text.rsplit("— ", 1)[0]]
)
def test_a_changed_memory_is_not_believed(spoil, seen, log, state):
    state.write_text(spoil(state.read_text()))
    with pytest.raises(Permanent, match="is not what this witness wrote"):
        seen.watch(log.answer)
    with pytest.raises(Permanent, match="bring the file back"):
        seen.last()


def test_a_memory_that_cannot_be_read_or_written_says_so(log, tmp_path):
    (tmp_path / "folder").mkdir()
    with pytest.raises(Permanent, match="cannot be read"):
        Witness(KEY, log.keys, tmp_path / "folder").last()
    with pytest.raises(Permanent, match=r"there is no folder .*missing"):
        Witness(KEY, log.keys, tmp_path / "missing" / "state").watch(log.answer)


def test_nothing_is_cosigned_that_cannot_be_remembered(witness, log, state, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Permanent, match="No space left on device; nothing was cosigned"):
        witness.watch(log.answer)
    assert [path.suffix for path in state.parent.iterdir()] == [".lock"]


def test_what_is_cosigned_is_on_the_disk_before_it_is_given_away(witness, log, state, monkeypatch):
    synced = []
    monkeypatch.setattr(os, "fsync", lambda file: synced.append((stat.S_ISDIR(os.fstat(file).st_mode), state.exists())))
    witness.watch(log.answer)
    assert synced == [(False, False), (True, True)]


def test_a_held_memory_is_waited_for_no_longer_than_told(log, state):
    lock = FileLock(state.parent, state.name, "process 7")
    assert lock.acquire()
    with pytest.raises(Transient, match="in use by process 7; run it again"):
        Witness(KEY, log.keys, state, wait_seconds=0.05).watch(log.answer)
    lock.release()


def test_two_processes_at_once_never_go_back(log, state):
    """Their steps are one chain: nobody goes on from where the other has already gone on from."""
    offers = {(old, new): log.answer(old, new) for new in range(21) for old in range(new + 1)}
    steps = FORKS.SimpleQueue()
    race(witness_all, [(KEY.secret(), str(log.keys[0]), state, offers, steps)] * 2)
    grown = sorted((old, new) for old, new in [*steps.get(), *steps.get()] if new > old)
    assert [old for old, _ in grown] == [0, *(new for _, new in grown[:-1])]
    assert Witness(KEY, log.keys, state).last().size == grown[-1][1] == 20
    assert {path.suffix for path in state.parent.iterdir()} == {".note", ".lock"}


def test_a_refusal_keeps_its_reason_across_processes():
    refusal = pickle.loads(pickle.dumps(NotWitnessed(Reason.FORK, "text")))  # noqa: S301  our own
    assert (refusal.reason, str(refusal)) == (Reason.FORK, "text")
