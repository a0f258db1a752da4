"""Whatever somebody alters who can write to the database, and takes its guards away, is found and located."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from cryptography.fernet import Fernet

from commerce.errors import Refused
from meschain.audit.notes import Signer
from meschain.audit.tables import LogKey
from meschain.store.engine import open_engine
from meschain.store.session import transaction
from meschain.store.vault import Vault
from tests.audit import forgery
from tests.audit.copies import copied
from tests.audit.ledger import Ledger
from tests.conftest import STORES

pytestmark = pytest.mark.acceptance

FIRST, SECOND, SIZE = 601, 1201, 1251
"""Sizes of the checkpoints, and of the log: four whole tiles of 256 entries, and a part of one."""
ENTRIES, HEAD, NODES, NOTES = "audit_entries", "audit_head", "audit_nodes", "audit_checkpoints"


@pytest.fixture(scope="module", params=STORES)
def written(request, tmp_path_factory) -> Iterator[Ledger]:
    """A log with two checkpoints; to be copied, never used."""
    template = request.getfixturevalue(f"_{'postgres' if request.param == 'postgresql' else 'sqlite'}_template")
    with copied(request, str(template), tmp_path_factory.mktemp("log")) as url:
        engine = open_engine(url, pooled=False)
        written = Ledger.on(engine, Vault(Fernet.generate_key().decode()))
        for count in (FIRST - 1, SECOND - FIRST):
            written.write(count)
            written.sign()
        written.write(SIZE - SECOND)
        yield written
        engine.dispose()


@pytest.fixture
def ledger(request, written, tmp_path) -> Iterator[Ledger]:
    """A copy of that log."""
    with copied(request, written.audit.engine.url.database, tmp_path) as url:
        engine = open_engine(url)
        yield replace(written, audit=replace(written.audit, engine=engine), notes=list(written.notes))
        engine.dispose()


def found(ledger: Ledger, *since: str) -> list[tuple[str, str, str]]:
    """What a verification finds: kind, table, where."""
    verdict = ledger.verify(*since)
    assert verdict.ok == (not verdict.findings)
    for one in verdict.findings:
        print(one.kind, one.table, one.where, one.text)
    return [(one.kind.value, one.table, one.where) for one in verdict.findings]


def test_a_log_that_nobody_altered_is_in_order(ledger):
    verdict = ledger.verify(*ledger.notes)
    assert (verdict.ok, verdict.entries, verdict.confirmed, verdict.checkpoint) == (True, SIZE, SECOND, ledger.notes[1])
    note = ledger.sign()
    assert (ledger.verify(note).confirmed, ledger.verify().checkpoint) == (SIZE, note)
    ledger.write(5)
    assert ledger.verify(note).ok


class TestChanged:
    def test_a_body(self, ledger):
        ledger.alter("""UPDATE audit_entries SET body = replace(body, '"n":100', '"n":999') WHERE "index" = 100""")
        assert found(ledger) == [("changed", ENTRIES, "entry 100")]

    def test_a_body_in_the_last_part(self, ledger):
        ledger.alter("""UPDATE audit_entries SET body = replace(body, '"n":', '"m":') WHERE "index" = 1240""")
        assert found(ledger) == [("changed", ENTRIES, "entry 1240")]

    def test_a_column(self, ledger):
        ledger.alter("""UPDATE audit_entries SET actor_id = 'nobody', target = 'x' WHERE "index" = 103""")
        assert found(ledger) == [("changed", ENTRIES, "entry 103")]

    def test_a_hash(self, ledger):
        for index in (300, 1240):
            ledger.alter(
                'UPDATE audit_entries SET leaf_hash = (SELECT leaf_hash FROM audit_entries WHERE "index" = 9) '
                f'WHERE "index" = {index}'
            )
        assert found(ledger) == [("changed", ENTRIES, "entry 300"), ("changed", ENTRIES, "entry 1240")]

    def test_a_body_with_its_hash_and_columns(self, ledger):
        forgery.rewrite(ledger, 300, target="role x")
        assert found(ledger) == [("changed", ENTRIES, "entries 256 to 511")]

    def test_a_body_with_its_hash_before_a_checkpoint_in_the_same_tile(self, ledger):
        forgery.rewrite(ledger, 590, target="role x")
        assert found(ledger) == [("changed", ENTRIES, "entries 512 to 600")]

    def test_a_body_with_its_hash_behind_the_last_checkpoint(self, ledger):
        forgery.rewrite(ledger, 1249, target="role x")
        assert found(ledger) == [("changed", ENTRIES, "entries 1248 to 1249")]

    def test_a_body_and_every_hash_over_it(self, ledger):
        forgery.rewrite(ledger, 700, target="role x")
        forgery.rebuild(ledger)
        assert found(ledger) == [("changed", ENTRIES, "entries 601 to 1200")]

    def test_it_and_every_checkpoint_signed_by_another_key(self, ledger):
        forgery.rewrite(ledger, 700, target="role x")
        forgery.rebuild(ledger)
        other = Signer.generate(ledger.audit.origin)
        forgery.sign_anew(ledger, other)
        assert found(ledger) == [("re-signed", NOTES, NOTES)] * 2
        sealed = ledger.audit.vault.seal(Signer.generate(ledger.audit.origin).secret())
        with transaction(ledger.audit.everywhere) as session:
            session.add(LogKey(verifier=str(other.verifier), sealed=sealed))
        assert ("inserted", "audit_signing_keys", "audit_signing_keys") in found(ledger)

    def test_it_and_every_checkpoint_signed_by_the_logs_own_key(self, ledger):
        forgery.rewrite(ledger, 700, target="role x")
        forgery.rebuild(ledger)
        forgery.sign_anew(ledger)
        assert found(ledger, ledger.notes[0]) == []
        assert found(ledger, *ledger.notes) == [("changed", ENTRIES, "entries 601 to 1200")]
        assert found(ledger, ledger.notes[1]) == [("changed", ENTRIES, "entries 0 to 1200")]


class TestDeleted:
    @pytest.mark.parametrize(("first", "last"), [(100, 100), (0, 3), (250, 900), (1210, 1220), (600, 600)])
    def test_entries(self, ledger, first, last):
        ledger.alter(f'DELETE FROM audit_entries WHERE "index" BETWEEN {first} AND {last}')
        where = f"entry {first}" if first == last else f"entries {first} to {last}"
        assert found(ledger) == [("deleted", ENTRIES, where)]

    def test_an_entry_and_the_others_moved_up(self, ledger):
        ledger.alter('DELETE FROM audit_entries WHERE "index" = 100')
        forgery.close_gap(ledger, 100, bodies=False)
        assert found(ledger) == [
            ("reordered", ENTRIES, "entries 100 to 1249"),
            ("deleted", ENTRIES, "entry 102"),
            ("truncated", ENTRIES, "entry 1250"),
        ]

    def test_an_entry_and_the_others_moved_up_and_hashed_anew(self, ledger):
        ledger.alter('DELETE FROM audit_entries WHERE "index" = 100', 'DELETE FROM audit_payloads WHERE "index" = 100')
        forgery.close_gap(ledger, 100, bodies=True)
        assert found(ledger)[:2] == [("deleted", ENTRIES, "entry 102"), ("truncated", ENTRIES, "entry 1250")]
        forgery.rebuild(ledger)
        assert found(ledger) == [("deleted", ENTRIES, "entry 102")]


class TestReordered:
    def test_rows(self, ledger):
        ledger.alter(
            'UPDATE audit_entries SET "index" = 99999 WHERE "index" = 302',
            'UPDATE audit_entries SET "index" = 302 WHERE "index" = 303',
            'UPDATE audit_entries SET "index" = 303 WHERE "index" = 99999',
        )
        assert found(ledger) == [("reordered", ENTRIES, "entry 302"), ("reordered", ENTRIES, "entry 303")]

    def test_entries_with_all_that_they_say_of_themselves(self, ledger):
        one, other = (ledger.entries()[index] for index in (300, 303))
        for index, target in ((300, other.target), (303, one.target)):
            forgery.rewrite(ledger, index, target=target)
        assert found(ledger) == [("changed", ENTRIES, "entries 256 to 511")]


class TestInserted:
    def test_an_entry_behind_the_head(self, ledger):
        ledger.alter(
            "INSERT INTO audit_entries SELECT 1251, tenant_id, 9999, at, tag, actor_kind, actor_id, target, "
            'request_id, flow_run_id, body, leaf_hash FROM audit_entries WHERE "index" = 7'
        )
        assert ("inserted", ENTRIES, "entry 1251") in found(ledger)

    def test_an_entry_among_the_others(self, ledger):
        ledger.alter(
            'UPDATE audit_entries SET "index" = "index" + 100001 WHERE "index" > 402',
            "INSERT INTO audit_entries SELECT 403, tenant_id, 5000, at, tag, actor_kind, actor_id, target, "
            'request_id, flow_run_id, body, leaf_hash FROM audit_entries WHERE "index" = 402',
            'UPDATE audit_entries SET "index" = "index" - 100000 WHERE "index" > 100000',
        )
        assert found(ledger) == [
            ("reordered", ENTRIES, "entries 403 to 1251"),
            ("deleted", ENTRIES, "entry 403"),  # numbers of its tenant seem to be missing before it
            ("reordered", ENTRIES, "entry 406"),
            ("inserted", ENTRIES, "entry 1251"),
        ]

    def test_a_node_a_payload_and_a_key(self, ledger):
        ledger.alter(
            'INSERT INTO audit_nodes SELECT 8, 4, hash FROM audit_nodes WHERE "index" = 0',
            'INSERT INTO audit_nodes SELECT 16, 0, hash FROM audit_nodes WHERE "index" = 0',
        )
        assert found(ledger) == [("truncated", NODES, NODES)] * 2
        ledger.alter("INSERT INTO audit_payloads SELECT 1, subject, tenant_id, sealed FROM audit_payloads LIMIT 1")
        assert ("inserted", "audit_payloads", "entry 1") in found(ledger)


class TestTruncated:
    def test_the_last_entries(self, ledger):
        ledger.alter('DELETE FROM audit_entries WHERE "index" >= 1100')
        assert found(ledger)[0] == ("truncated", ENTRIES, "entries 1100 to 1250")

    def test_them_and_the_head(self, ledger):
        self.cut(ledger, 1100)
        assert found(ledger) == [("truncated", ENTRIES, "entries 1100 to 1200")]

    def test_them_and_the_checkpoint_over_them(self, ledger):
        self.cut(ledger, 1100)
        ledger.alter("DELETE FROM audit_checkpoints WHERE size > 1100")
        assert found(ledger, ledger.notes[0]) == []
        assert found(ledger, ledger.notes[1]) == [("truncated", ENTRIES, "entries 1100 to 1200")]

    def test_what_was_written_since_is_no_substitute(self, ledger):
        self.cut(ledger, 1100)
        ledger.alter("DELETE FROM audit_checkpoints WHERE size > 1100")
        ledger.write(300)
        ledger.sign()
        assert found(ledger) == []
        assert found(ledger, ledger.notes[1]) == [("changed", ENTRIES, "entries 0 to 1200")]

    def cut(self, ledger, size):
        for table in ("entries", "payloads"):
            ledger.alter(f'DELETE FROM audit_{table} WHERE "index" >= {size}')
        forgery.rebuild(ledger)


class TestAltered:
    def test_a_head_that_is_not_of_the_entries(self, ledger):
        ledger.alter("UPDATE audit_head SET size = 1250")
        assert found(ledger) == [("altered", HEAD, HEAD)]
        ledger.alter("UPDATE audit_head SET size = 1251, frontier = (SELECT leaf_hash FROM audit_entries LIMIT 1)")
        assert found(ledger)[0] == ("altered", HEAD, HEAD)
        ledger.alter("DELETE FROM audit_head")
        assert found(ledger) == [("altered", HEAD, HEAD)]

    @pytest.mark.parametrize(
        ("place", "expected"),
        [(0, ("altered", HEAD, HEAD)), (1, ("altered", HEAD, HEAD)), (-1, ("changed", ENTRIES, "entry 1250"))],
    )
    def test_one_of_its_hashes(self, ledger, place, expected):
        forgery.spoil_head(ledger, place)
        assert found(ledger) == [expected]

    def test_a_stored_hash(self, ledger):
        ledger.alter('UPDATE audit_nodes SET hash = (SELECT leaf_hash FROM audit_entries LIMIT 1) WHERE "index" = 1')
        assert found(ledger) == [("altered", NODES, NODES)]
        ledger.alter('DELETE FROM audit_nodes WHERE "index" = 1')
        assert found(ledger) == [("deleted", NODES, NODES)]
        ledger.alter("DELETE FROM audit_nodes")
        assert found(ledger) == [("deleted", NODES, NODES)] * 4

    def test_a_checkpoint(self, ledger):
        ledger.alter("UPDATE audit_checkpoints SET size = 700 WHERE size = 601")
        assert found(ledger) == [("reordered", NOTES, NOTES)]
        ledger.alter("UPDATE audit_checkpoints SET note = replace(note, '601', '602') WHERE size = 700")
        assert found(ledger) == [("altered", NOTES, NOTES)]
        ledger.alter("UPDATE audit_checkpoints SET note = 'nothing' WHERE size = 700")
        assert found(ledger) == [("altered", NOTES, NOTES)]

    def test_the_keys_of_the_log(self, ledger):
        ledger.alter("DELETE FROM audit_signing_keys")
        assert found(ledger) == [
            ("re-signed", NOTES, NOTES),
            ("re-signed", NOTES, NOTES),
            ("deleted", "audit_signing_keys", "audit_signing_keys"),
        ]


class TestPersonal:
    PAYLOADS, KEYS = "audit_payloads", "audit_subject_keys"

    @pytest.mark.parametrize(
        ("statement", "kind"),
        [
            ('DELETE FROM audit_payloads WHERE "index" = 7', "deleted"),
            ("""UPDATE audit_payloads SET subject = 'x' WHERE "index" = 7""", "deleted"),
            ("""UPDATE audit_payloads SET tenant_id = 'x' WHERE "index" = 7""", "changed"),
            (
                (
                    'UPDATE audit_payloads SET sealed = (SELECT sealed FROM audit_payloads AS o WHERE o."index" = 21) '
                    'WHERE "index" = 7'
                ),
                "changed",
            ),
            (
                (
                    'UPDATE audit_payloads SET sealed = (SELECT sealed FROM audit_payloads AS o WHERE o."index" = 14) '
                    'WHERE "index" = 7'
                ),
                "changed",
            ),
        ],
    )
    def test_what_was_said_of_somebody(self, ledger, statement, kind):
        ledger.alter(statement)
        assert (kind, self.PAYLOADS, "entry 7") in found(ledger)

    def test_a_key_that_was_destroyed_without_a_word(self, ledger):
        ledger.alter("UPDATE audit_subject_keys SET sealed = NULL WHERE subject = 'ayse'")
        assert found(ledger) == [("deleted", self.KEYS, self.KEYS)]
        ledger.alter("DELETE FROM audit_subject_keys WHERE subject = 'ayse'")
        assert found(ledger) == [("deleted", self.KEYS, self.KEYS)]


def test_a_copy_has_to_be_one_of_this_log(ledger):
    with pytest.raises(Refused, match="no checkpoint of a log"):
        ledger.verify("x")
    with pytest.raises(Refused, match="is of the log elsewhere"):
        ledger.verify(ledger.notes[0].replace(ledger.audit.origin, "elsewhere"))
    assert found(ledger, ledger.notes[0].replace("601", "600")) == [("altered", NOTES, NOTES)]
