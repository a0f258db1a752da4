"""Runners that share work, are killed and are stopped: nothing runs twice that ended, nothing is lost."""

import signal
from uuid import UUID

import pytest

from meschain.runs import service
from tests.runs.asking import ask
from tests.runs.conftest import PATIENCE


@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
def test_two_runners_share_the_work_and_do_nothing_twice(runners, until):
    runners.start("one")
    runners.start("two")
    until(lambda: len(service.live_runners(runners.store)) == 2)
    flow, numbers = f"tick-{runners.mine}", range(12)
    asked = [ask(runners.store, flow, n=n) for n in numbers]
    ended = [service.wait(runners.store, trigger, seconds=PATIENCE) for trigger in asked]
    assert [(trigger.state, trigger.outcome["n"]) for trigger in ended] == [("finished", n) for n in numbers]
    assert sorted(int(line.split()[1]) for line in runners.lines) == list(numbers)


def test_what_a_runner_leaves_is_done_by_the_next(own_runners, until, prefect):
    runners, flow = own_runners, f"wait-{own_runners.mine}"
    first = runners.start(every=3600)
    asked = ask(runners.store, flow, n=7)
    until(lambda: "wait 7 one" in runners.lines)
    killed = service.get_trigger(runners.store, asked).flow_run_id
    schedule = _schedule(runners, prefect)
    prefect(lambda client: client.update_deployment_schedule(schedule.deployment_id, schedule.id, active=False))
    first.send_signal(signal.SIGKILL)
    first.wait()

    second = runners.start(every=3600)
    until(lambda: runners.lines.count("wait 7 one") == 2)
    assert prefect(lambda client: client.read_flow_run(UUID(killed))).state_name == "Crashed"
    assert not _schedule(runners, prefect).active  # paused by a person, and deployed again since
    second.send_signal(signal.SIGTERM)
    assert second.wait(PATIENCE) == 0
    left = service.get_trigger(runners.store, asked)
    assert (left.state, left.attempts) == ("queued", 1)

    runners.start("two")
    until(lambda: "wait 7 two" in runners.lines)
    runners.go(7)
    ended = service.wait(runners.store, asked, seconds=PATIENCE)
    assert (ended.state, ended.attempts) == ("finished", 2)
    assert runners.lines.count("done 7 two") == 1


def _schedule(runners, prefect):
    name = f"tick-{runners.mine}/scheduled"
    return prefect(lambda client: client.read_deployment_by_name(name)).schedules[0]
