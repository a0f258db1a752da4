"""Core sync: the second version of a feed over the first one. From bytes to the merged lake with its change feed."""

from benchmarks import feeds
from benchmarks.bench import Bench, Runs, standard
from benchmarks.feeds import State
from benchmarks.figures import Bar, Line, line
from benchmarks.floor import r_of

NAME = "core_sync"
LIMIT = {"csv": 2.75, "ndjson": 2.75, "xml": 3.5}
AIM = {"csv": 2.0, "ndjson": 2.0, "xml": 2.75}
PEAK_MB = 500
_VERSIONS = ("first", "second", "stamped", "respelt")
_UNLUCKY = {
    "stamped": "every row says another time of change: all of them changed",
    "respelt": "every record has other bytes that mean the same",
}


def measure(bench: Bench) -> list[Line]:
    """The ordinary day against its bars; the first import and two unlucky days without."""
    floor = feeds.feed(bench, "csv", bench.rows)
    works, states = [r_of(floor)], dict[str, State]()
    for form in standard(bench.formats):
        made = feeds.feed(bench, form, bench.rows, _VERSIONS)
        states[form] = feeds.state(bench, made)
        works += [
            states[form].next(f"{form} {version}", version, expected=version != "stamped") for version in _VERSIONS[1:]
        ]
    runs = bench.interleave(works)
    return [each for form, state in states.items() for each in _lines(form, state, runs)]


def _lines(form: str, state: State, runs: dict[str, Runs]) -> list[Line]:
    floor, sync = runs["R"], runs[f"{form} second"]
    ratio = sync.seconds / floor.seconds
    bars = [
        Bar("× R", ratio, LIMIT[form]),
        Bar("× R", ratio, AIM[form], aim=True),
        Bar("peak MB", sync.peak_mb, PEAK_MB),
    ]
    kept = f"keeping the raw file took {sync.median('fetch_seconds'):.2f} s more"
    first = Runs([state.imported])
    return [
        line(NAME, f"{form}: 5 % changed, 1 % new, 1 % gone", sync, floor, bars, kept),
        *(
            line(NAME, f"{form}: {version}", runs[f"{form} {version}"], floor, (), why)
            for version, why in _UNLUCKY.items()
        ),
        line(NAME, f"{form}: first import", first, floor, (), "measured once"),
    ]
