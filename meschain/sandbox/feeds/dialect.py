"""What there is to know about a dialect: how to write it and what it can and cannot say."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from meschain.sandbox.assortment import Assortment
from meschain.sandbox.changes import USUAL_FACTS, Fact
from meschain.sandbox.flaws import Flaw
from meschain.sandbox.truth import Truth, compare


@dataclass(frozen=True, slots=True)
class Dialect:
    """One way of writing a feed. `facts` are those whose change shows, `counts_stock` whether quantities do."""

    name: str
    suffix: str
    writer: Callable[[Assortment, Path], None]
    flaws: frozenset[Flaw]
    facts: tuple[Fact, ...] = USUAL_FACTS
    counts_stock: bool = True

    def write(self, assortment: Assortment, path: Path) -> None:
        """Write the feed in bounded memory. Raises ValueError for a flaw that the dialect cannot have."""
        flaws = {Flaw(code) for code in assortment.ledger["flaw"].unique().to_list()} - {Flaw.NONE}
        if unfit := flaws - self.flaws:
            names = ", ".join(sorted(flaw.name for flaw in unfit))
            raise ValueError(f"a feed in the dialect {self.name} cannot have the flaws {names}: leave them out")
        self.writer(assortment, path)

    def truth(self, before: Assortment | None, after: Assortment) -> Truth:
        """What an importer must find in `after` written in this dialect, having accepted `before`."""
        return compare(before, after, counts_stock=self.counts_stock)
