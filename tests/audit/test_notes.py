"""Notes, checkpoints and cosignatures are C2SP's: the specifications' examples, Go's vectors, one from real life."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commerce.errors import Refused
from meschain.audit.notes import (
    BadNote,
    Checkpoint,
    Kind,
    Note,
    Signer,
    Verifier,
    check_name,
    open_checkpoint,
    sign_checkpoint,
    witnessed_at,
)

# c2sp.org/signed-note, its example.
FOO = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
FOO_NOTE = (
    "This is an example message.\n\n— example.com/foo "
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)
# The tests of Go's golang.org/x/mod/sumdb/note, where the format comes from.
PETER_SECRET = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
ENOCH = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
PETER_LINE = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
ENOCH_LINE = (
    "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n"
)
SPOILED_LINE = f"{PETER_LINE[:60]}ABCD{PETER_LINE[60:]}"
# A checkpoint that a public Certificate Transparency log and its witnesses signed, and keys that they published.
REAL = """\
arche2025h1.staging.ct.transparency.dev
1432088532
U7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=

— arche2025h1.staging.ct.transparency.dev zTM8sQAAAZ5W0WdjBAMARjBEAiBjW5IQf9pvsYLfQFX6hoGREPMHbdQ3urbllzalApkptQIgIpwtE\
roeW2BXaHAI4kJXFbon5Ch9MNL5zRNZ55lvGt0=
— arche2025h1.staging.ct.transparency.dev ui8GwCF1+kWqZrxGdhj4aX3gcw7XUlXQQabg/27lefwhUkzbC3NygNI75MdhL1bfTW9g8Ei59\
RA23oHP7Ry1k3ZFWwQ=
— remora.n621.de 2net5wAAAABqEiEgPlfF3V06o0Y+fHM+J5J9s27wgxxcOVSpZ\
/2g/KSiXCg9DEZI+aVCIobWX9sXTynk5XeU/zZ0WBxtqB0DrAWfBw==
"""
REAL_LOG = "arche2025h1.staging.ct.transparency.dev+ba2f06c0+AU0vHmlGCS/PdN8b2OaGmKprLI8HKM+dJ472xgFYh15f"
REAL_WITNESS = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2"
# c2sp.org/tlog-cosignature, its example; the keys are not given.
COSIGNED = """\
example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5\
/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+\
mbIUBkBIfZ+qnA==
"""
ROOT = base64.b64decode("CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=")
LOG = Signer.generate("example.com/log")
WITNESS = Signer.generate("witness.example.com/w1", Kind.COSIGNATURE)


def verify(note, *keys):
    return [verifier.name for verifier, _ in Note.parse(note).verify([Verifier.parse(key) for key in keys])]


def test_the_example_of_the_specification():
    assert verify(FOO_NOTE, FOO) == ["example.com/foo"]
    assert str(Note.parse(FOO_NOTE)) == FOO_NOTE
    assert str(Verifier.parse(FOO)) == FOO


def test_the_vectors_of_go():
    signer = Signer.parse(PETER_SECRET)
    assert signer.secret() == PETER_SECRET
    assert str(signer.verifier) == PETER
    assert str(signer.sign(TEXT)) == PETER_LINE
    note = f"{TEXT}\n{PETER_LINE}{ENOCH_LINE}"
    assert verify(note, PETER) == ["PeterNeumann"]
    assert verify(note, PETER, ENOCH, ENOCH) == ["PeterNeumann", "EnochRoot"]
    with pytest.raises(BadNote, match=r"no key that is known; expected one of example.com/foo"):
        verify(note, FOO)
    with pytest.raises(BadNote, match="expected one of nobody"):
        verify(note)


@pytest.mark.parametrize(
    "note",
    [
        TEXT,
        TEXT + "\n",
        "",
        f"{TEXT}\n{PETER_LINE[:-1]}",
        f"\x01{TEXT}\n{PETER_LINE}",
        f"{TEXT}\r\n{PETER_LINE}",
        f"\ud800{TEXT}\n{PETER_LINE}",
        f"{TEXT}\n{PETER_LINE.replace('PeterNeumann', 'Bad Name')}",
        f"{TEXT}\n{PETER_LINE.replace('PeterNeumann', 'Bad+Name')}",
        f"{TEXT}\n{PETER_LINE.replace('PeterNeumann', '')}",
        f"{TEXT}\n{PETER_LINE.replace('— ', '- ')}",
        f"{TEXT}\n{PETER_LINE}Unexpected line.\n",
        f"{TEXT}\n— PeterNeumann x08gow==\n",
        f"{TEXT}\n— PeterNeumann\n",
        f"{TEXT}\n{PETER_LINE.replace('JnAM=', 'JnAN=')}",
        f"{TEXT}\n{PETER_LINE * 101}",
    ],
)
def test_what_is_no_note(note):
    with pytest.raises(BadNote):
        Note.parse(note)


def test_a_note_may_have_blank_lines_and_a_hundred_signatures():
    assert Note.parse(f"\n\n{TEXT}\n{PETER_LINE * 100}").text == f"\n\n{TEXT}"


@pytest.mark.parametrize(
    "note",
    [
        f"{TEXT}\n{PETER_LINE}{ENOCH_LINE}".replace("problem", "Problem", 1),
        f"{TEXT}\n{ENOCH_LINE}{SPOILED_LINE}",
        f"{TEXT}\n{PETER_LINE}{SPOILED_LINE}",
    ],
)
def test_one_wrong_signature_of_a_known_key_spoils_the_note(note):
    with pytest.raises(BadNote, match="the signature of PeterNeumann is not on this text"):
        verify(note, PETER, *([ENOCH] if TEXT in note else []))


def test_a_key_with_the_name_or_id_of_another_is_another():
    assert verify(f"{TEXT}\n{PETER_LINE}{ENOCH_LINE.replace('EnochRoot', 'PeterNeumann')}", PETER) == ["PeterNeumann"]
    assert verify(f"{TEXT}\n{PETER_LINE}{ENOCH_LINE.replace('rwz+', 'x08g')}", PETER, ENOCH) == ["PeterNeumann"]


def test_two_keys_of_one_name_and_id_are_refused():
    """The id has four bytes: such a pair can be made."""
    one = Verifier.parse(PETER)

    class Twin(Verifier):
        key_id = one.key_id

    with pytest.raises(BadNote, match="two keys of PeterNeumann have one id"):
        Note.parse(f"{TEXT}\n{PETER_LINE}").verify([one, Twin("PeterNeumann", Kind.NOTE, b"\0" * 32)])


@pytest.mark.parametrize("key", [PETER, REAL_WITNESS])
def test_every_mangled_verifier_key_is_refused(key):
    mangled = {key[begin:end] for begin in range(len(key) + 1) for end in range(begin, len(key) + 1)} - {key}
    mangled |= {f"{key[:at]}{chr(ord(key[at]) + 1)}{key[at + 1 :]}" for at in range(len(key))}
    for one in mangled:
        with pytest.raises(BadNote):
            Verifier.parse(one)


def test_every_mangled_signing_key_is_refused_and_not_shown():
    key = PETER_SECRET
    mangled = {key[begin:end] for begin in range(len(key) + 1) for end in range(begin, len(key) + 1)} - {key}
    mangled |= {f"{key[:at]}{chr(ord(key[at]) + 1)}{key[at + 1 :]}" for at in range(len(key))}
    for one in mangled:
        with pytest.raises(BadNote) as refusal:
            Signer.parse(one)
        assert key[-20:] not in str(refusal.value)


@pytest.mark.parametrize(
    "key",
    [
        "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",  # too long, its id is right
        "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",  # of an unknown kind, its id is right
        "PeterNeumann+C74F20A3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a3+",
    ],
)
def test_other_wrong_verifier_keys(key):
    with pytest.raises(BadNote):
        Verifier.parse(key)


@pytest.mark.parametrize(
    "name", ["", "a b", "a+b", "a\tb", "a\u00a0b", "a\u2003b", "a\u3000b", "a\n", "a\x00", "\udcff"]
)
def test_what_cannot_name_a_key(name):
    for act in (check_name, Signer.generate, lambda name: Verifier(name, Kind.NOTE, b"\0" * 32)):
        with pytest.raises(BadNote, match="cannot name a key"):
            act(name)


def test_no_representation_of_a_signer_shows_its_key():
    signer = Signer.parse(PETER_SECRET)
    raw = base64.b64decode(PETER_SECRET.split("+", 4)[4])[1:]
    for text in (repr(signer), str(signer)):
        assert PETER_SECRET not in text
        assert raw.hex() not in text


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]) | st.just("\n")), st.sampled_from(list(Kind)))
def test_what_was_signed_is_found_good_and_what_was_altered_is_not(text, kind):
    text += "\n"
    signer = Signer.generate("a", kind)
    signature = signer.sign(text) if kind is Kind.NOTE else signer.cosign(text, 1)
    note = Note.parse(str(Note(text, (signature,))))
    assert note == Note(text, (signature,))
    assert note.verify([signer.verifier]) == [(signer.verifier, signature)]
    assert Signer.parse(signer.secret()).verifier == Verifier.parse(str(signer.verifier)) == signer.verifier
    with pytest.raises(BadNote):
        Note(f"x{text}", note.signatures).verify([signer.verifier])


class TestCheckpoints:
    def test_one_from_real_life(self):
        log, witness = Verifier.parse(REAL_LOG), Verifier.parse(REAL_WITNESS)
        checkpoint, note = open_checkpoint(REAL, [log])
        assert (checkpoint.origin, checkpoint.size) == (log.name, 1432088532)
        assert str(checkpoint) == note.text
        assert witnessed_at(note, witness) == 0x6A122120
        with pytest.raises(BadNote, match="the signature of arche2025h1"):
            open_checkpoint(REAL.replace("1432088532", "1432088533"), [log])
        with pytest.raises(BadNote, match=r"the signature of remora.n621.de"):
            witnessed_at(Note.parse(REAL.replace("AABqEiEg", "AABqEiEh")), witness)

    def test_the_example_of_the_specification(self):
        note = Note.parse(COSIGNED)
        assert Checkpoint.parse(note.text) == Checkpoint("example.com/behind-the-sofa", 20852163, ROOT)
        assert int.from_bytes(note.signatures[1].value[:8], "big") == 1679315147
        assert [len(signature.value) for signature in note.signatures] == [64, 72]

    def test_a_signed_checkpoint_has_three_lines(self):
        checkpoint = Checkpoint("example.com/log", 12, ROOT)
        signed = sign_checkpoint(checkpoint, [LOG])
        assert signed.startswith(f"example.com/log\n12\n{base64.b64encode(ROOT).decode()}\n\n— example.com/log ")
        assert open_checkpoint(signed, [LOG.verifier])[0] == checkpoint

    def test_a_changed_key_signs_beside_the_former_one(self):
        new = Signer.generate("example.com/log")
        signed = sign_checkpoint(Checkpoint("example.com/log", 12, ROOT), [LOG, new])
        for keys in ([LOG.verifier], [new.verifier], [LOG.verifier, new.verifier]):
            assert open_checkpoint(signed, keys)[0].size == 12

    def test_further_lines_are_passed_over_but_signed(self):
        text = f"{Checkpoint('example.com/log', 12, ROOT)}an extension\n"
        note = str(Note(text, (LOG.sign(text),)))
        assert open_checkpoint(note, [LOG.verifier])[0].size == 12
        with pytest.raises(BadNote, match="not on this text"):
            open_checkpoint(note.replace("an ext", "an Ext"), [LOG.verifier])

    @pytest.mark.parametrize(
        "text",
        [
            "Log\n12\n",
            f"\n12\n{'A' * 43}=\n",
            f"Log\n12\n{'A' * 43}=",
            f"Log\n\n{'A' * 43}=\n",
            f"Log\n12\n{'A' * 43}=\n\n",
            f"Log\n12\n{'A' * 43}=\n\nmore\n",
            f"Log\nbananas\n{'A' * 43}=\n",
            f"Log\n-34\n{'A' * 43}=\n",
            f"Log\n012\n{'A' * 43}=\n",
            f"Log\n+12\n{'A' * 43}=\n",
            f"Log\n1_2\n{'A' * 43}=\n",
            f"Log\n١٢\n{'A' * 43}=\n",
            f"Log\n9223372036854775808\n{'A' * 43}=\n",
            f"Log\n3438945738945739845734895735\n{'A' * 43}=\n",
            "Log\n12\nThisIsn'tBase64\n",
            "Log\n12\nYmFuYW5hcw==\n",
            f"Log\n12\n{'A' * 42}B=\n",
        ],
    )
    def test_what_is_no_checkpoint(self, text):
        with pytest.raises(BadNote):
            Checkpoint.parse(text)

    def test_a_checkpoint_of_another_log_under_a_known_key_is_refused(self):
        other = str(Checkpoint("example.com/other", 12, ROOT))
        with pytest.raises(BadNote, match=r"of the log example.com/other, which has none of the keys"):
            open_checkpoint(str(Note(other, (LOG.sign(other),))), [LOG.verifier])


class TestCosignatures:
    checkpoint = Checkpoint("example.com/log", 12, ROOT)

    def cosigned(self, *times):
        text = str(self.checkpoint)
        return Note(text, (LOG.sign(text), *(WITNESS.cosign(text, at) for at in times)))

    def test_the_newest_counts(self):
        assert witnessed_at(self.cosigned(5, 9, 7), WITNESS.verifier) == 9

    def test_one_key_has_one_line_when_it_is_added(self):
        note = self.cosigned(5).with_signature(WITNESS.cosign(str(self.checkpoint), 6))
        assert note == self.cosigned(6)
        assert witnessed_at(Note.parse(str(note)), WITNESS.verifier) == 6

    def test_a_checkpoint_without_it_is_refused(self):
        with pytest.raises(BadNote, match=r"expected one of witness.example.com/w1"):
            witnessed_at(self.cosigned(), WITNESS.verifier)

    @pytest.mark.parametrize("change", [(8, 1), (0, 1), (7, 255), (40, 1)])
    def test_time_and_signature_belong_together(self, change):
        place, bits = change
        note = self.cosigned(5)
        value = bytearray(note.signatures[1].value)
        value[place] ^= bits
        spoiled = type(note.signatures[1])(WITNESS.name, WITNESS.verifier.key_id, bytes(value))
        with pytest.raises(BadNote):
            witnessed_at(note.with_signature(spoiled), WITNESS.verifier)

    @pytest.mark.parametrize("value", [b"\1", b"\0" * 7 + b"\1", b"\0" * 8 + b"\1" * 64])
    def test_a_signature_too_short_or_without_time_is_refused(self, value):
        spoiled = self.cosigned().with_signature(type(LOG.sign("\n"))(WITNESS.name, WITNESS.verifier.key_id, value))
        with pytest.raises(BadNote):
            witnessed_at(spoiled, WITNESS.verifier)

    @pytest.mark.parametrize("at", [0, -1, 1 << 63])
    def test_what_is_no_time(self, at):
        with pytest.raises((BadNote, OverflowError)):
            WITNESS.cosign(str(self.checkpoint), at)

    def test_a_key_signs_only_what_it_is_for(self):
        text = str(self.checkpoint)
        with pytest.raises(Refused, match="expected one that signs notes"):
            WITNESS.sign(text)
        with pytest.raises(Refused, match="expected a witness's"):
            LOG.cosign(text, 5)
        with pytest.raises(BadNote, match="expected a witness's"):
            witnessed_at(self.cosigned(5), LOG.verifier)
