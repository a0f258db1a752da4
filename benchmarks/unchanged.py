"""The same bytes again: found by their hash before anything is parsed."""

from benchmarks import feeds
from benchmarks.bench import Bench, Work, standard
from benchmarks.figures import Bar, Line, line
from benchmarks.floor import hash_of, r_of

NAME = "unchanged"
FACTOR, CONSTANT_SECONDS = 1.2, 0.2
_SAME = "benchmarks.measured.sync:sync_same"


def measure(bench: Bench) -> list[Line]:
    """The whole use case against hashing the file, which it cannot do without."""
    floor = feeds.feed(bench, "csv", bench.rows)
    works = [r_of(floor)]
    for form in standard(bench.formats):
        made = feeds.feed(bench, form, bench.rows)
        state = feeds.state(bench, made)
        again = Work(f"{form} again", _SAME, {"state": state.folder, "path": made.path("first")})
        works += [hash_of(f"{form} hash", made, "first"), again]
    runs = bench.interleave(works)
    lines = []
    for form in standard(bench.formats):
        same, hashing = runs[f"{form} again"], runs[f"{form} hash"].seconds
        bar = Bar("s", same.seconds, FACTOR * hashing + CONSTANT_SECONDS)
        share = same.median("read_share")
        note = f"0 rows parsed, {share:.2f} × the file read; hashing alone takes {hashing:.3f} s"
        lines.append(line(NAME, f"{form}: the same bytes again", same, runs["R"], [bar], note))
    return lines
