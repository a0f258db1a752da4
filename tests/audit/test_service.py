"""An act and its entry are there together or not at all; the database refuses whatever would rewrite the log."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from commerce.errors import MesChainError, Refused
from meschain.access.tenants import create_tenant
from meschain.audit.merkle import Frontier, leaf_hash
from meschain.audit.rules import OPERATOR, Actor, Tag
from meschain.audit.service import AuditLog
from meschain.audit.tables import Entry, Head, Payload
from meschain.store.session import reading, transaction
from meschain.store.tenancy import of_every_tenant, of_tenant
from meschain.store.vault import Vault


@pytest.fixture(scope="module")
def log() -> AuditLog:
    return AuditLog(Vault(Fernet.generate_key().decode()))


def entries(engine: Engine) -> list[Entry]:
    with reading(of_every_tenant(engine)) as session:
        return list(session.scalars(select(Entry).order_by(Entry.index)))


def test_entries_are_the_leaves_of_one_tree_and_numbered_within_their_tenant(engine, log):
    one, two = create_tenant(engine, "one").id, create_tenant(engine, "two").id
    for tenant in (one, two, one, None):
        bound = of_tenant(engine, tenant) if tenant else of_every_tenant(engine)
        with transaction(bound) as session:
            log.record(session, Tag.ROLE_CREATED, Actor("user", "u", tenant), target="role x", after={"allow": ["a"]})
            log.record(session, Tag.ROLE_CHANGED, Actor("user", "u", tenant), target="role x")
    written = entries(engine)
    assert [(e.index, e.tenant_id, e.sequence) for e in written] == [
        (0, one, 1), (1, one, 2), (2, two, 1), (3, two, 2), (4, one, 3), (5, one, 4), (6, None, None), (7, None, None),
    ]  # fmt: skip
    tree = Frontier()
    for entry in written:
        assert entry.leaf_hash == leaf_hash(entry.body.encode())
        tree.append(entry.leaf_hash)
    with reading(engine) as session:
        head = session.get_one(Head, 1)
    assert (head.size, head.frontier) == (8, tree.to_bytes())
    assert json.loads(written[0].body)["after"] == {"allow": ["a"]}


def test_what_is_undone_leaves_no_entry(engine, log):
    def act(statement: str) -> None:
        with transaction(of_every_tenant(engine)) as session:
            log.record(session, Tag.ROLE_CREATED, OPERATOR)
            session.execute(text(statement))

    with pytest.raises(MesChainError):
        act("INSERT INTO no_such_table VALUES (1)")
    with pytest.raises(IntegrityError):
        act("INSERT INTO access_tenants (id, slug, name, time_zone) VALUES ('a', NULL, 'a', 'UTC')")
    assert entries(engine) == []


def test_an_entry_that_cannot_be_written_undoes_its_act(engine, log):
    def act() -> None:
        with transaction(of_every_tenant(engine)) as session:
            session.execute(text("UPDATE audit_head SET size = 7"))
            log.record(session, Tag.ROLE_CREATED, OPERATOR, after={"rate": 0.5})

    with pytest.raises(Refused, match="float"):
        act()
    with reading(engine) as session:
        assert session.get_one(Head, 1).size == 0


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entries SET tag = 'x'",
        "DELETE FROM audit_entries",
        "UPDATE audit_payloads SET subject = 'x'",
        "DELETE FROM audit_payloads",
        "UPDATE audit_head SET size = 0",
        "UPDATE audit_head SET frontier = leaf_hash FROM audit_entries",
        "DELETE FROM audit_head",
        "DELETE FROM audit_nodes",
        "DELETE FROM audit_checkpoints",
    ],
)
def test_the_database_refuses_to_rewrite_the_log(engine, log, statement):
    with transaction(of_every_tenant(engine)) as session:
        log.record(session, Tag.LOGIN_FAILED, Actor("user", "u", ip="192.0.2.1"))
        session.execute(text("INSERT INTO audit_nodes VALUES (8, 0, 'x')"))
        session.execute(text("INSERT INTO audit_checkpoints VALUES (1, '2026-01-01', 'x')"))
    with pytest.raises(DBAPIError, match="only ever appended to"), engine.begin() as connection:
        connection.execute(text(statement))


def test_what_is_said_of_a_person_is_readable_with_its_key_only(engine, log):
    actor = Actor("user", "ayse", ip="192.0.2.7", user_agent="Firefox")
    with transaction(of_every_tenant(engine)) as session:
        log.record(session, Tag.USER_CREATED, actor, personal={"mehmet": {"name": "Mehmet Öz"}})
    with reading(of_every_tenant(engine)) as session:
        parts = {part.subject: part.sealed for part in session.scalars(select(Payload))}
        body = session.scalars(select(Entry.body)).one()
        opened = {subject: log.subjects.open(session, subject, sealed) for subject, sealed in parts.items()}
    assert json.loads(json.loads(opened["ayse"])["payload"]) == {"ip": "192.0.2.7", "user_agent": "Firefox"}
    assert json.loads(json.loads(opened["mehmet"])["payload"]) == {"name": "Mehmet Öz"}
    for hidden in ("Mehmet", "192.0.2.7", "Firefox"):
        assert hidden not in body
        assert hidden.encode() not in b"".join(parts.values())
    with transaction(of_every_tenant(engine)) as session:
        assert log.subjects.destroy(session, "mehmet")
        assert not log.subjects.destroy(session, "mehmet")
        log.record(session, Tag.USER_CHANGED, actor, personal={"mehmet": {"name": "Mehmet Öz"}})
    with reading(of_every_tenant(engine)) as session:
        assert log.subjects.open(session, "mehmet", parts["mehmet"]) is None
        assert log.subjects.open(session, "ayse", parts["ayse"]) == opened["ayse"]
        assert session.scalars(select(Payload.subject).where(Payload.index == 1)).all() == ["ayse"]


def test_many_at_once_make_one_log(engine, log):
    tenant = create_tenant(engine, "one").id
    begin = threading.Barrier(6)

    def act(number: int) -> None:
        begin.wait()
        for _ in range(10):
            with transaction(of_tenant(engine, tenant)) as session:
                log.record(session, Tag.ROLE_CHANGED, Actor("user", f"u{number}", tenant, ip="192.0.2.1"))

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(act, range(6)))
    written = entries(engine)
    assert [entry.index for entry in written] == list(range(60))
    assert [entry.sequence for entry in written] == list(range(1, 61))
    tree = Frontier()
    for entry in written:
        tree.append(entry.leaf_hash)
    with reading(engine) as session:
        assert session.get_one(Head, 1).frontier == tree.to_bytes()
