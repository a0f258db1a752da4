"""kill -9 at any moment: the lake shows the old or the new state, the next run puts everything right."""

import random
from pathlib import Path

import pytest

from meschain.settings import Settings
from tests.faults import children, scenes, states
from tests.faults.scenes import Act, Phase, Stage

pytestmark = pytest.mark.acceptance


@pytest.mark.parametrize("name", scenes.ACTS)
def test_a_killed_act_has_happened_wholly_or_not_at_all(name: str, tmp_path: Path, full_size: bool) -> None:
    seed = random.randrange(1_000_000)
    chance = random.Random(seed)
    phases = _phases({"sync": 60 if full_size else 2}.get(name, 12 if full_size else 1))
    stage = Stage(tmp_path, rows=20_000 if full_size else 500, seed=seed)
    act = scenes.rehearse(stage, scenes.ACTS[name](stage))
    tally = {"old": 0, "new": 0, "late": 0, "orphans": 0}
    moments: list[float] = []
    for phase in phases:
        killed = False
        while not killed:
            killed, seconds = scenes.kill_at(act, chance, phase)
            tally["late"] += not killed
            assert tally["late"] < 3 * len(phases), "the act keeps ending before it can be killed"
        moments.append(seconds)
        _check(act, tally)
    print(
        f"\n{name}, seed {seed}: {len(phases)} kills between {min(moments):.2f} and {max(moments):.2f} s "
        f"of {act.seconds:.2f} s (lake written from {act.first_write:.2f} s on); {tally['old']} left the old state, "
        f"{tally['new']} the new one, {tally['late']} more came too late; {tally['orphans']} orphan files were removed"
    )


def _phases(kills: int) -> list[Phase]:
    """Half the kills while the lake is written or just after, the other half anywhere before."""
    phases: list[Phase] = ["reading", "committed", "reading", "writing"] if kills > 2 else ["committed", "reading"]
    return [phases[number % len(phases)] for number in range(kills)]


def _check(act: Act, tally: dict[str, int]) -> None:
    """Look at what the kill left, do the act again, and look whether all is as if there had been no kill."""
    with states.opened(act.stage.settings) as (house, lake):
        seen = states.look(lake, act.since)
        assert seen in (act.before, act.after), _difference(act, seen)
        done = seen == act.after
        tally["new" if done else "old"] += 1
        _finish(act, act.stage.settings, done=done)
        states.check_runs(house, lake)
        assert not states.leftovers(act.stage.settings, house)
        tally["orphans"] += len(states.orphans(lake))
        states.remove_orphans(lake)
        assert not states.orphans(lake)
        seen = states.look(lake, act.since)
        # What is still in quarantine after a retry is read once more, and once more cannot be.
        aside = {"raw.quarantine", "core.feed_runs"} if done and "retry" in act.argv else set()
        assert {name for name in seen if seen[name] != act.after[name]} <= aside, _difference(act, seen)


def _finish(act: Act, settings: Settings, *, done: bool) -> None:
    """The same command again brings it to its end; when the lake has it, it says so or finds nothing to do."""
    ended = children.run(settings, *act.argv)
    if not done:
        assert ended.code == act.code, ended.err
    elif act.argv[1] == "import":
        assert (ended.code, ended.result["status"]) == (act.code, "held" if act.code else "unchanged"), ended.err
    elif act.argv[1] == "retry":
        assert ended.result["accepted"] == 0, ended.err
    else:
        assert ended.code == 1
        assert "only a" in ended.err


def _difference(act: Act, seen: states.Seen) -> str:
    lines = [f"{name}: {seen[name]}, before {act.before[name]}, after {act.after[name]}" for name in seen]
    return "\n".join(lines)
