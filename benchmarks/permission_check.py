"""Permission checks: 1,000 tenants with 100 grants each, against looking the answer up in a set.

Seconds are those of a million checks, so that they are microseconds of one.
"""

from importlib.util import find_spec

from benchmarks.bench import Bench, Runs, Work
from benchmarks.figures import Bar, Line, line

NAME = "permission_check"
TENANTS, GRANTS = 1_000, 100
LIMIT_MICROSECONDS = 50
_MILLION = 1_000_000
_WARM, _COLD, _PEER = 100_000, 10_000, 100
_ONE, _MANY = 1, 20
_PEOPLE = {_ONE: "one subject has all 100 grants", _MANY: "20 subjects, 5 grants each"}
_PEER_TENANTS = (1, 20)


def measure(bench: Bench) -> list[Line]:
    """Warm, from kept policies; cold, each compiled from its grants first; and pycasbin where it is installed."""
    peers = [_peer(bench, tenants) for tenants in _PEER_TENANTS if find_spec("casbin")]
    measured = bench.interleave([*_works(bench, _ONE), *_works(bench, _MANY), *peers])
    runs = {name: _of_a_million(found) for name, found in measured.items()}
    lines = []
    for subjects, who in _PEOPLE.items():
        floor, warm, cold = (runs[f"{name}, {subjects}"] for name in ("R", "warm", "cold"))
        promise = Bar("µs", cold.seconds, LIMIT_MICROSECONDS, aim=subjects == _ONE)  # nobody has a hundred
        lines += [
            line(NAME, f"R: the answer from a set, {who}", floor, floor, note="10⁶ checks: s is µs per check"),
            line(NAME, f"policy kept, {who}", warm, floor, [Bar("µs", warm.seconds, LIMIT_MICROSECONDS)]),
            line(NAME, f"policy compiled anew, {who}", cold, floor, [promise]),
        ]
    for tenants in _PEER_TENANTS if peers else ():
        name = f"pycasbin, {tenants * GRANTS:,} grants in an enforcer"
        lines.append(line(NAME, name, runs[f"pycasbin, {tenants}"], runs[f"R, {_ONE}"]))
    return lines


def _works(bench: Bench, subjects: int) -> list[Work]:
    world = {"tenants": TENANTS, "grants": GRANTS, "subjects": subjects, "seed": bench.seed}
    functions = {"R": ("look_up", _WARM), "warm": ("check_warm", _WARM), "cold": ("check_cold", _COLD)}
    return [
        Work(f"{name}, {subjects}", f"benchmarks.measured.permissions:{function}", {**world, "checks": checks})
        for name, (function, checks) in functions.items()
    ]


def _peer(bench: Bench, tenants: int) -> Work:
    world = {"tenants": tenants, "grants": GRANTS, "checks": _PEER, "seed": bench.seed}
    return Work(f"pycasbin, {tenants}", "benchmarks.measured.casbin_checks:check", world)


def _of_a_million(runs: Runs) -> Runs:
    times = ("seconds", "cpu_seconds")
    return Runs([
        {**result, **{name: result[name] / result["checks"] * _MILLION for name in times}} for result in runs.results
    ])  # fmt: skip
