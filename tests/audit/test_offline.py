"""The offline verifier, run by itself: it accepts what is whole, and refuses and locates whatever was tampered with."""

import copy
import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meschain.audit import offline
from meschain.audit.notes import Note, Signer
from tests.architecture.house import imported, parse
from tests.audit.tenant import KEY, LOG, OF_A, PLACE, WITNESS, change, cosigned, refuse, run, spoiled
from tests.audit.tiny_log import ORIGIN, TinyLog


def test_it_leans_on_the_standard_library_alone():
    modules = {name.split(".")[0] for _, name in imported(parse(PLACE))}
    assert modules <= sys.stdlib_module_names
    assert modules >= {"json", "hashlib"}


def test_a_whole_bundle_is_verified():
    status, found = run(LOG.bundle("a"))
    assert (status, found["ok"]) == (0, True)
    assert (found["origin"], found["size"], found["tenant"]) == (ORIGIN, LOG.size, "a")
    assert found["entries"] == len(OF_A)
    assert found["last"]["index"] == OF_A[-1]
    assert found["last"]["sequence"] == len(OF_A)
    shown = sum(index % 3 == 0 for index in OF_A)
    assert found["payloads"] == {"committed": shown, "shown": shown}
    assert (found["since"], found["witnessed"]) == (None, None)


def test_it_tells_people_too():
    bundle, options = LOG.bundle("a", since=20), ("--witness", WITNESS.verifier)
    bundle["entries"][0]["payloads"] = []
    last = json.loads(LOG.bodies[44])
    status, told = run(bundle, *options, since=cosigned(LOG.checkpoint(20)), says="")
    assert status == 0
    assert told.splitlines() == [
        f"Verified. The checkpoint of '{ORIGIN}' over 45 entries is signed by its key.",
        f"All entries 1 to 20 of 'a' are in it; the last is 'catalog:run:approved' at '{last['at']}'.",
        "Of 15 payloads 14 are shown, and are those committed to.",
        "Since the former checkpoint over 20 entries the log has only grown.",
        "The witness saw the log with 20 entries at 2027-01-15T08:00:00+00:00.",
    ]
    del bundle["entries"][3]
    told = f"NOT VERIFIED. Entry {OF_A[4]}: the tenant's number 4 is missing: after 3 comes 5\n"
    assert run(bundle, says="") == (1, told)


@pytest.mark.parametrize("tenant", ["a", "b", "c", "nobody"])
@pytest.mark.parametrize("size", [0, 1, 2, 7, 8, 9, 45])
def test_every_bundle_of_every_size_is_verified(tenant, size):
    bundle = LOG.bundle(tenant, size=size)
    found = offline.verify(bundle, [KEY])
    assert found["entries"] == len(bundle["entries"])
    assert found["ok"]


def test_payloads_may_be_withheld():
    bundle = LOG.bundle("a")
    for entry in bundle["entries"][4:]:
        entry["payloads"] = []
    status, found = run(bundle)
    assert status == 0
    assert 0 < found["payloads"]["shown"] < found["payloads"]["committed"]


def test_a_former_key_of_the_log_is_good_beside_the_new_one():
    new = TinyLog("aab", signers=[Signer.generate(ORIGIN)])
    assert run(new.bundle("a"), "--key", new.keys[0])[0] == 0


TAMPERINGS = {
    "a body": (change("entries", 2, "body", to=lambda text: text.replace("approved", "rejected")), 2, "not what"),
    "a body's blank": (change("entries", 2, "body", to=lambda text: text + " "), 2, "not what the log holds"),
    "a proof": (change("entries", 2, "proof", 1, to=spoiled), 2, "not what the log holds"),
    "a proof cut": (change("entries", 2, "proof", to=lambda proof: proof[:-1]), 2, "proof is too short"),
    "a proof lengthened": (change("entries", 2, "proof", to=lambda proof: [*proof, proof[0]]), 2, "proof is too long"),
    "a proof's end": (change("entries", 2, "proof", 0, to="AAAA"), 2, "not base64 of 32 bytes"),
    "a place": (change("entries", 2, "index", to=OF_A[2] + 1), OF_A[2] + 1, "not what the log holds at its place"),
    "a place outside": (change("entries", 2, "index", to=45), 45, "not in the log of 45 entries"),
    "a negative place": (change("entries", 2, "index", to=-1), -1, "not in the log"),
    "an entry kept back": (lambda bundle: bundle["entries"].pop(2), 3, "number 3 is missing: after 2 comes 4"),
    "the first kept back": (lambda bundle: bundle["entries"].pop(0), 1, "number 1 is missing: after 0 comes 2"),
    "an entry twice": (lambda bundle: bundle["entries"].insert(2, bundle["entries"][1]), 1, "number 2 comes after"),
    "another order": (lambda bundle: bundle["entries"].reverse(), -1, "is missing: after 0 comes"),
    "another's entry": (lambda bundle: bundle["entries"].insert(1, LOG.bundle("b")["entries"][0]), 1, "tenant 'b'"),
    "another tenant": (change("tenant", to="b"), 0, "entry 0 of the tenant 'a'"),
    "a payload": (change("entries", 0, "payloads", 0, "payload", to="{}"), 0, "not the one that the entry"),
    "a salt": (change("entries", 0, "payloads", 0, "salt", to=spoiled), 0, "shown for 'person 0' is not the one"),
    "a short salt": (change("entries", 0, "payloads", 0, "salt", to="AAAA"), 0, "not base64 of 32 bytes"),
    "a subject": (change("entries", 0, "payloads", 0, "subject", to="person 1"), 0, "shown for 'person 1'"),
    "a payload twice": (change("entries", 0, "payloads", to=lambda all_: all_ * 2), 0, "shown for 'person 0'"),
    "an invented payload": (change("entries", 1, "payloads", to=LOG.payloads[0]), 1, "shown for 'person 0'"),
    "the size": (change("checkpoint", to=lambda note: note.replace("\n45\n", "\n44\n")), None, "signature of"),
    "the signature": (change("checkpoint", to=lambda note: note[:-9] + spoiled(note[-9:])), None, "altered"),
    "the log's name": (change("origin", to="log.example/other"), None, "none of 'log.example/other'"),
    "another log's key": (change("checkpoint", to=TinyLog("a" * 45).checkpoint()), None, "not signed by"),
    "no signature": (change("checkpoint", to=lambda note: note[: note.index("—")]), None, "is not signed by the key"),
    "no note": (change("checkpoint", to="hello"), None, "damaged"),
    "another format": (change("format", to="meschain-audit-bundle/2"), None, "not of the format"),
    "no entries": (change("entries", to=None), None, "entries is missing or damaged"),
    "a truth for a number": (change("entries", 0, "index", to=False), None, "index is missing or damaged"),
    "no payloads": (lambda bundle: bundle["entries"][0].pop("payloads"), 0, "payloads is missing or damaged"),
}  # fmt: skip


@pytest.mark.parametrize("name", TAMPERINGS)
def test_tampering_is_refused_and_located(name):
    act, place, text = TAMPERINGS[name]
    bundle = LOG.bundle("a")
    act(bundle)
    is_number = name in {"a place", "a place outside", "a negative place", "another's entry"}
    refuse(bundle, place if place is None or is_number else OF_A[place], text)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("", "Expecting value"),
        ("[]", "format is missing"),
        ("{" * 9, "Expecting"),
        ("[" * 100_000, ""),
        ("\ud800", "utf-8"),
    ],
)
def test_what_is_no_bundle_is_refused(content, text):
    refuse(content, None, text)


def test_a_name_that_stands_twice_is_refused():
    text = json.dumps(LOG.bundle("a"))
    refuse(text.replace('"tenant":', '"tenant": "b", "tenant":', 1), None, "stands twice")


@pytest.mark.parametrize(
    "key",
    [
        KEY[1:],
        KEY[:-1],
        KEY.replace("+", " "),
        KEY.replace("+", "+0", 1),
        "",
        str(WITNESS.verifier),
        "k+00000000+AQ==",
        "\u0130+1+é",
    ],
    ids=["no begin", "no end", "blanks", "id", "empty", "of a witness", "another", "letters"],
)
def test_a_key_that_is_not_whole_is_refused(key):
    status, found = run(LOG.bundle("a"), key=key)
    assert (status, found["entry"]) == (1, None)


def test_a_key_of_another_name_does_not_speak_for_the_log():
    other, bundle = Signer.generate("log.example/other"), LOG.bundle("a")
    text = Note.parse(bundle["checkpoint"]).text
    bundle["checkpoint"] = str(Note(text, (other.sign(text),)))
    refuse(bundle, None, "not signed by the key that was given", key=str(other.verifier))


def places(value, path=()):
    """Where the single values of a bundle stand."""
    if isinstance(value, dict | list) and value:
        for key, part in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(part, (*path, key))
    else:
        yield path


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda parts: st.lists(parts, max_size=3) | st.dictionaries(st.text(max_size=3), parts, max_size=3),
    max_leaves=4,
)


@given(data=st.data())
def test_whatever_is_put_anywhere_is_refused_in_words(data):
    bundle = LOG.bundle("a", since=20, size=31)
    since = LOG.checkpoint(20)
    assert offline.verify(bundle, [KEY], since=since)["ok"]
    path = data.draw(st.sampled_from(list(places(bundle))))
    value = bundle
    for step in path:
        value = value[step]
    others = ANYTHING
    if isinstance(value, str):
        at = st.integers(0, len(value) - 1)
        others |= st.builds(lambda at, char: value[:at] + char + value[at + 1 :], at, st.characters())
        others |= at.map(lambda at: value[:at] + value[at + 1 :])
    changed = copy.deepcopy(bundle)
    change(*path, to=data.draw(others.filter(lambda other: json.dumps(other) != json.dumps(value))))(changed)
    with pytest.raises((offline.Wrong, ValueError)) as refusal:
        offline.verify(json.loads(json.dumps(changed)), [KEY], since=since)
    assert str(refusal.value)
    if path[0] == "entries" and isinstance(bundle["entries"][path[1]]["index"], int) and path[2:] != ("index",):
        assert refusal.value.entry == bundle["entries"][path[1]]["index"]
