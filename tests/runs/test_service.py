"""What is asked for is kept, taken once, and survives those who had it in hand. On both databases."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import Engine, select

from commerce.errors import Refused, Transient
from meschain.access.tenants import create_tenant
from meschain.audit.payloads import Payloads
from meschain.audit.rules import Actor
from meschain.audit.service import AuditLog
from meschain.audit.tables import Entry
from meschain.runs import service
from meschain.runs.outbox import MOST_ATTEMPTS, Outbox
from meschain.store.base import utc_now
from meschain.store.session import reading
from meschain.store.tenancy import of_every_tenant
from meschain.store.vault import Vault
from tests.runs import asking

NO_LEASE = timedelta(0)


@pytest.fixture
def outbox(engine: Engine) -> Outbox:
    outbox = Outbox(engine, "here")
    outbox.register()
    return outbox


@pytest.fixture
def engine(engine: Engine) -> Engine:
    return of_every_tenant(engine)


def ask(engine: Engine, **parameters: object) -> str:
    return asking.ask(engine, "sync-catalog", **parameters)


def test_a_trigger_waits_until_somebody_takes_it(engine, outbox):
    tenant = create_tenant(engine, "acme")
    asked = asking.ask(engine, "sync-catalog", supplier="böcek", tenant_id=tenant.id)
    assert service.get_trigger(engine, asked).state == "queued"
    (taken,) = outbox.claim(5)
    assert (taken.id, taken.parameters, taken.attempts, taken.tenant_id) == (asked, {"supplier": "böcek"}, 1, tenant.id)
    assert outbox.claim(5) == []
    outbox.attach(asked, "flow-run-1")
    assert outbox.finish(asked, "finished", {"name": "Held", "run_id": "r"}, "a lone surrogate \ud800")
    ended = service.wait(engine, asked)
    assert (ended.state, ended.outcome, ended.runner) == ("finished", {"name": "Held", "run_id": "r"}, None)
    assert ended.flow_run_id == "flow-run-1"
    assert ended.started_at <= ended.finished_at


def test_the_oldest_come_first_and_no_more_than_there_is_room_for(engine, outbox):
    asked = [ask(engine, n=n) for n in range(5)]
    assert [taken.id for taken in outbox.claim(2)] == asked[:2]
    assert outbox.claim(0) == []
    assert [taken.id for taken in outbox.claim(9)] == asked[2:]


def test_of_many_runners_one_takes_a_trigger(engine):
    asked = {ask(engine, n=n) for n in range(30)}
    runners = [Outbox(engine, f"runner-{n}") for n in range(6)]
    for runner in runners:
        runner.register()
    begin = threading.Barrier(len(runners))

    def take(runner: Outbox) -> list[str]:
        begin.wait()
        taken: list[str] = []
        while batch := runner.claim(2):
            taken += [trigger.id for trigger in batch]
        return taken

    with ThreadPoolExecutor(len(runners)) as threads:
        taken = [trigger for batch in threads.map(take, runners) for trigger in batch]
    while rest := runners[0].claim(9):  # what was locked by another one at the last look is left for the next
        taken += [trigger.id for trigger in rest]
    assert len(taken) == len(set(taken))
    assert set(taken) == asked


def test_of_many_runners_one_adopts_a_flow_run(engine):
    runners = [Outbox(engine, f"runner-{n}") for n in range(6)]
    for runner in runners:
        runner.register()
    begin = threading.Barrier(len(runners))

    def adopt(runner: Outbox) -> bool:
        begin.wait()
        return runner.adopt("flow-run", "sync-catalog", {}) is not None

    with ThreadPoolExecutor(len(runners)) as threads:
        assert sorted(threads.map(adopt, runners)) == [False] * 5 + [True]


def test_a_flow_run_that_ended_can_be_adopted_again(engine, outbox):
    first = outbox.adopt("flow-run", "sync-catalog", {"supplier": "a"})
    assert outbox.adopt("flow-run", "sync-catalog", {}) is None
    outbox.finish(first.id, "failed", {}, "no")
    again = outbox.adopt("flow-run", "sync-catalog", {"supplier": "b"})
    assert (again.id, again.attempts, again.parameters, again.message) == (first.id, 2, {"supplier": "b"}, None)


def test_what_the_dead_had_in_hand_is_taken_over_once(engine):
    dead, heirs = Outbox(engine, "dead"), [Outbox(engine, f"heir-{n}", lease=NO_LEASE) for n in range(2)]
    for outbox in (dead, *heirs):
        outbox.register()
    asked = ask(engine)
    dead.claim(1)
    assert Outbox(engine, "patient").take_over() == []  # it was seen a moment ago
    assert [trigger.id for trigger in heirs[0].take_over()] == [asked]
    assert not dead.finish(asked, "finished", {}, None)  # it comes back, and has lost it
    heirs[0].put_back(asked, counted=True)
    assert service.get_trigger(engine, asked).state == "queued"
    assert heirs[1].take_over() == []


def test_a_living_runner_is_left_alone(engine, outbox):
    ask(engine)
    outbox.claim(1)
    outbox.beat()
    other = Outbox(engine, "other", lease=timedelta(seconds=30))
    other.register()
    assert other.take_over() == []


def test_what_a_predecessor_of_the_same_name_left_is_found(engine, outbox):
    asked = ask(engine)
    outbox.claim(1)
    again = Outbox(engine, "here")
    again.register()
    assert [trigger.id for trigger in again.take_over()] == [asked]


def test_an_attempt_that_was_nobodys_fault_does_not_count(engine, outbox):
    asked = ask(engine)
    for counted, attempts in ((False, 0), (True, 1)):
        outbox.claim(1)
        outbox.put_back(asked, counted=counted)
        assert service.get_trigger(engine, asked).attempts == attempts
    assert attempts < MOST_ATTEMPTS


def test_waiting_ends_with_a_word_when_nobody_works(engine, monkeypatch):
    monkeypatch.setattr(service, "_PATIENCE_SECONDS", 0.2)
    asked = ask(engine)
    with pytest.raises(Transient, match=rf"`meschain up`.*stays queued \(trigger {asked}\)"):
        service.wait(engine, asked)
    assert service.get_trigger(engine, asked).state == "queued"


def test_waiting_ends_after_its_time(engine, outbox):
    asked, heard = ask(engine), []
    outbox.claim(1)
    with pytest.raises(Transient, match=r"has not ended after 0.2 s; it goes on"):
        service.wait(engine, asked, seconds=0.2, tell=lambda trigger: heard.append(trigger.state))
    assert set(heard) == {"started"}


def test_an_unknown_trigger_is_refused(engine):
    with pytest.raises(Refused, match="no trigger 'x'"):
        service.get_trigger(engine, "x")


def test_who_works_is_known(engine, outbox):
    assert [runner.name for runner in service.live_runners(engine)] == ["here"]
    assert service.live_runners(engine, NO_LEASE) == []
    outbox.sign_off()
    assert service.live_runners(engine) == []


def test_old_triggers_are_cleared_away(engine, outbox):
    old, waiting = ask(engine), ask(engine)
    outbox.claim(1)
    outbox.finish(old, "finished", {}, None)
    gone = Outbox(engine, "gone")
    gone.register()
    gone.sign_off()
    assert service.clear_triggers(engine, utc_now() - timedelta(days=1)) == 0
    outbox.beat()
    assert service.clear_triggers(engine, utc_now() + timedelta(seconds=1)) == 1
    assert [trigger.id for trigger in service.list_triggers(engine)] == [waiting]


def test_what_people_write_is_in_no_leaf_of_the_log_and_goes_with_their_key(engine):
    tenant = create_tenant(engine, "acme").id
    log = AuditLog(Vault(Fernet.generate_key().decode()))
    parameters = {"run": "r-1", "note": "asked Zülfikar Öztürk"}
    with_key = service.trigger(engine, "decide-run", parameters, log=log, actor=Actor("user", "ada", tenant))
    service.trigger(engine, "decide-run", parameters, log=log, actor=Actor("api-key", "robot", tenant))
    with reading(engine) as session:
        bodies = list(session.scalars(select(Entry.body).order_by(Entry.index)))
        assert [("r-1" in body, "Zülfikar" in body) for body in bodies] == [(True, False)] * 2
        found = Payloads(session, log.subjects).of_entries([0, 1])
        assert [[one.payload for one in found.get(index, ())] for index in (0, 1)] == [
            ['{"note":"asked Zülfikar Öztürk"}'],
            [],
        ]
    assert service.get_trigger(engine, with_key.id).parameters == parameters
