"""The API: a guarded route at most and at 1,000 requests a second, against a bare one; runs started through it."""

from benchmarks.bench import Bench, Work
from benchmarks.figures import Bar, Line

NAME = "api"
RATE, LEAST_SHARE = 1_000, 0.6
P99_MS, MEMORY_MB = 20, 300 * 1.048576
ANSWER_MS, BEGIN_SECONDS = 300, 3.0
QUOTE_MS = 10
_QUOTES = {"seconds": 10.0, "rate": 20}


def measure(bench: Bench) -> list[Line]:
    """Both, each in fresh processes; the soak lasts five minutes with `--full`, half a minute otherwise."""
    seconds = {"peak_seconds": 6.0, "fixed_seconds": 10.0, "rate": RATE, "soak_seconds": 300.0 if bench.full else 30.0}
    served = bench.interleave([Work("guarded GET", "benchmarks.measured.api:serve", seconds)])["guarded GET"]
    started = bench.interleave([Work("runs", "benchmarks.measured.api:start_runs", {"number": 20})])["runs"]
    quoted = bench.interleave([Work("quotes", "benchmarks.measured.api:quote", _QUOTES)])["quotes"]
    bare, guarded = served.median("bare_per_second"), served.median("guarded_per_second")
    p99 = max(float(result["fixed"]["p99_ms"]) for result in served.results)
    soak = max(float(result["soak"]["p99_ms"]) for result in served.results)
    errors = sum(int(result["errors"]) for result in served.results)
    return [
        Line(NAME, "R: a bare route that verifies a token", 1 / bare, 1.0, note=f"{bare:,.0f} requests/s"),
        Line(
            NAME, "guarded GET, at most", 1 / guarded, bare / guarded,
            bars=[Bar("× R", bare / guarded, 1 / LEAST_SHARE), Bar("errors", errors, 0)],
            note=f"{guarded:,.0f} requests/s, {guarded / bare:.0%} of the bare route",
        ),
        Line(
            NAME, f"guarded GET at {RATE:,} requests/s", peak_mb=served.peak_mb,
            bars=[Bar("p99 ms", p99, P99_MS), Bar("MB", served.peak_mb, MEMORY_MB)],
            note=f"p99 of the soak {soak:.1f} ms", detail={"results": served.results},
        ),
        Line(
            NAME, "a quote and the price for a profit, one after another", peak_mb=quoted.peak_mb,
            bars=[
                Bar("p95 ms", quoted.median("p95_ms"), QUOTE_MS),
                Bar("errors", sum(int(result["errors"]) for result in quoted.results), 0),
            ],
            note=f"p95 at {_QUOTES['rate']} a second {quoted.results[-1]['steady']['p95_ms']:.1f} ms",
            detail={"results": quoted.results},
        ),
        Line(
            NAME, "a run is started through the API",
            bars=[
                Bar("p95 ms", started.median("answer_ms_p95"), ANSWER_MS),
                Bar("begins after s", started.median("begin_seconds_max"), BEGIN_SECONDS),
            ],
        ),
    ]  # fmt: skip
