"""The offline verifier on logs that lie under a good signature, on a log's growth, and on its witness."""

import pytest

from meschain.audit import offline
from meschain.audit.notes import Note
from tests.audit.tenant import KEY, LOG, WITNESS, change, cosigned, refuse, run, spoiled
from tests.audit.tiny_log import TinyLog, base64_of


class TestLogsThatLie:
    """The signature is good and every proof too: what is wrong is what the log itself says."""

    @pytest.mark.parametrize(
        ("changes", "text"),
        [
            ({"index": 1}, "that of entry 1 of the tenant 'a'"),
            ({"sequence": 1}, "number 1 comes after its number 1: repeated, or out of order"),
            ({"sequence": 3}, "number 2 is missing: after 1 comes 3"),
            ({"sequence": True}, "sequence is missing or damaged"),
            ({"at": None}, "at is missing or damaged"),
            ({"commitments": {}}, "commitments is missing or damaged"),
            ({"commitments": [{"subject": "x"}]}, "commitment is missing or damaged"),
        ],
    )
    def test_about_an_entry(self, changes, text):
        log = TinyLog("ab")
        log.append("a", **changes)
        refuse(log.bundle("a"), 2, text, key=str(log.keys[0]))

    @pytest.mark.parametrize(
        ("act", "text"),
        [
            (lambda body: body.replace(",", ", "), "not canonical JSON"),
            (lambda body: body.replace('"tag":', '"tag":"x","tag":'), "stands twice"),
            (lambda body: body.replace("ş", "\\u015f"), "not canonical JSON"),
            (lambda body: body.replace('"index":0', '"index":0.0'), "index is missing or damaged"),
            (lambda body: body.replace('"index":0', '"index":00'), "Expecting"),
        ],
    )
    def test_about_how_it_is_written(self, act, text):
        log = TinyLog(signers=LOG.signers)
        log.append_text(act(LOG.bodies[0]))
        bundle = LOG.bundle("a", size=1)
        bundle["checkpoint"] = log.checkpoint()
        bundle["entries"][0]["body"] = log.bodies[0]
        refuse(bundle, 0, text)

    def test_about_the_order(self):
        """The tenant's second entry stands before its first."""
        log = TinyLog()
        log.append("a", sequence=2)
        log.append("a", sequence=1)
        bundle = log.bundle("a")
        bundle["entries"].reverse()
        refuse(bundle, 0, "number 2 comes after its number 1: repeated, or out of order", key=str(log.keys[0]))


class TestGrowth:
    @pytest.mark.parametrize("old", range(46))
    def test_it_is_verified_from_every_size(self, old):
        found = offline.verify(LOG.bundle("a", since=old), [KEY], since=LOG.checkpoint(old))
        assert found["since"] == old

    @pytest.mark.parametrize("old", [0, 45])
    def test_no_proof_is_asked_for_where_there_is_nothing_to_prove(self, old):
        assert run(LOG.bundle("a"), since=LOG.checkpoint(old))[0] == 0

    @pytest.mark.parametrize(
        ("act", "text"),
        [
            (change("consistency", to=None), "does not prove how the log grew from 20 entries; ask for one"),
            (change("consistency", "from", to=19), "does not prove how the log grew from 20 entries"),
            (change("consistency", "from", to=None), "from is missing or damaged"),
            (change("consistency", "proof", 0, to=spoiled), "does not begin with the former one of 20 entries"),
            (change("consistency", "proof", -1, to=spoiled), "does not begin with the former one of 20 entries"),
            (change("consistency", "proof", to=lambda proof: proof[:-1]), "too short"),
            (change("consistency", "proof", to=[]), "too short"),
            (change("consistency", "proof", to=lambda proof: [*proof, proof[0]]), "too long"),
        ],
    )
    def test_a_proof_that_was_tampered_with(self, act, text):
        bundle = LOG.bundle("a", since=20)
        act(bundle)
        refuse(bundle, None, text, since=LOG.checkpoint(20))

    @pytest.mark.parametrize("old", [1, 8, 20, 31, 32])
    def test_a_log_that_was_rewritten(self, old):
        former = TinyLog(signers=LOG.signers)
        for body in LOG.bodies:
            former.append_text(body.replace("approved", "rejected"))
        text = f"does not begin with the former one of {old} entries"
        refuse(LOG.bundle("a", since=old), None, text, since=former.checkpoint(old))
        text = "two checkpoints of 45 entries have different roots"
        refuse(LOG.bundle("a", since=old), None, text, since=former.checkpoint())

    def test_a_log_that_was_cut(self):
        refuse(LOG.bundle("a", size=44), None, "had 45 entries and now has 44", since=LOG.checkpoint())

    def test_a_former_checkpoint_that_the_log_did_not_sign(self):
        text = "the former checkpoint is not signed by the key"
        refuse(LOG.bundle("a", since=20), None, text, since=TinyLog("ab" * 10).checkpoint())


class TestWitness:
    def test_either_checkpoint_may_bear_its_signature(self):
        bundle, options = LOG.bundle("a", since=20), ("--witness", WITNESS.verifier)
        since = cosigned(LOG.checkpoint(20), 7)
        assert run(bundle, *options, since=since)[1]["witnessed"] == {"size": 20, "at": 7}
        bundle["checkpoint"] = cosigned(bundle["checkpoint"], 9)
        assert run(bundle, *options, since=since)[1]["witnessed"] == {"size": 45, "at": 9}
        assert run(bundle, *options)[1]["witnessed"] == {"size": 45, "at": 9}
        assert run(bundle)[1]["witnessed"] is None

    def test_without_it_the_bundle_is_refused(self):
        refuse(LOG.bundle("a"), None, "has cosigned no checkpoint that was given", "--witness", WITNESS.verifier)
        refuse(LOG.bundle("a"), None, "not the key of a witness", "--witness", KEY)

    @pytest.mark.parametrize("at", [1 << 37, 1 << 62])
    def test_a_time_that_cannot_be_is_refused(self, at):
        bundle = LOG.bundle("a")
        bundle["checkpoint"] = cosigned(bundle["checkpoint"], at)
        refuse(bundle, None, "one of them was altered", "--witness", WITNESS.verifier)

    def test_a_signature_for_another_time_is_refused(self):
        bundle = LOG.bundle("a")
        note = Note.parse(bundle["checkpoint"])
        value = bytearray(WITNESS.cosign(note.text, 256).value)
        value[7] = 1
        bundle["checkpoint"] += f"— {WITNESS.name} {base64_of(WITNESS.verifier.key_id + bytes(value))}\n"
        refuse(bundle, None, f"signature of '{WITNESS.name}' is not on", "--witness", WITNESS.verifier)
