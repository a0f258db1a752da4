"""A runner as a process, on a real Prefect server: whatever asks for a run gets one, and its end is written down."""

import subprocess
import sys
from uuid import UUID

import pytest

from meschain.runs import service
from tests.prefect_server import SETTINGS
from tests.runs import asking
from tests.runs.conftest import PATIENCE, PROJECT


@pytest.fixture(scope="module")
def runner(own_runners, until):
    """One runner for this module, at work."""
    own_runners.start(every=2)
    until(lambda: service.live_runners(own_runners.store))
    return own_runners


def ask(runner, flow: str, **parameters: object) -> str:
    return asking.ask(runner.store, f"{flow}-{runner.mine}", **parameters)


def test_the_scheduler_really_schedules(runner, until, prefect):
    until(lambda: "tick 0 one" in runner.lines)
    deployed = prefect(lambda client: client.read_deployment_by_name(f"tick-{runner.mine}/scheduled"))
    for schedule in deployed.schedules:
        prefect(lambda client: client.update_deployment_schedule(deployed.id, schedule.id, active=False))  # noqa: B023  called within the turn
    ran = [trigger for trigger in service.list_triggers(runner.store, 99) if trigger.origin == "prefect"]
    assert ran


def test_a_trigger_is_told_what_its_flow_came_to(runner):
    ended = service.wait(runner.store, ask(runner, "tick", n=7), seconds=PATIENCE)
    assert (ended.state, ended.outcome, ended.message) == ("finished", {"name": "Held", "n": 7}, "tick 7")


def test_errors_and_misfits_end_as_failed(runner):
    failing, misfit = ask(runner, "fail", words="the feed is empty"), ask(runner, "fail", word=1)
    unknown = asking.ask(runner.store, "no-such-flow")
    ended = {trigger: service.wait(runner.store, trigger, seconds=PATIENCE) for trigger in (failing, misfit, unknown)}
    assert {trigger.state for trigger in ended.values()} == {"failed"}
    assert "the feed is empty" in ended[failing].message
    assert "'words' is a required property" in ended[misfit].message
    assert "there is no flow 'no-such-flow'; there are: fail-" in ended[unknown].message


def test_a_run_asked_for_in_prefect_runs_here(runner, until):
    """What the UI's Quick run does, by Prefect's own command."""
    command = [sys.executable, "-m", "prefect", "deployment", "run", f"tick-{runner.mine}/tick", "--param", "n=42"]
    subprocess.run(command, cwd=PROJECT, env=SETTINGS.child_environment(), check=True, capture_output=True)
    until(lambda: "tick 42 one" in runner.lines)
    until(lambda: _kept(runner, 42) == ("prefect", "finished"))


def _kept(runner, n: int) -> tuple[str, str]:
    kept = [trigger for trigger in service.list_triggers(runner.store, 99) if trigger.parameters.get("n") == n]
    return (kept[0].origin, kept[0].state) if kept else ("", "")


def test_a_run_that_is_cancelled_in_the_ui_ends(runner, until, prefect):
    from prefect.states import Cancelling  # noqa: PLC0415  after its settings, see tests.prefect_server

    asked = ask(runner, "wait", n=3)
    until(lambda: "wait 3 one" in runner.lines)
    run = UUID(service.get_trigger(runner.store, asked).flow_run_id)
    prefect(lambda client: client.set_flow_run_state(run, Cancelling(), force=True))
    assert service.wait(runner.store, asked, seconds=PATIENCE).state == "cancelled"
    assert prefect(lambda client: client.read_flow_run(run)).state_name == "Cancelled"
    assert "done 3 one" not in runner.lines


def test_a_name_is_used_once_at_a_time(runner):
    assert runner.start().wait(PATIENCE) != 0


def test_nothing_is_lost_while_the_server_is_away(runner, server, until):
    with server.away():
        asked = [ask(runner, "tick", n=n) for n in (91, 92)]
        until(lambda: service.get_trigger(runner.store, asked[0]).state == "started")  # it was tried, in vain
    ended = [service.wait(runner.store, trigger, seconds=PATIENCE) for trigger in asked]
    assert [(trigger.state, trigger.outcome["n"]) for trigger in ended] == [("finished", 91), ("finished", 92)]
    assert [runner.lines.count(f"tick {n} one") for n in (91, 92)] == [1, 1]
