"""The safety gate: may this run's changes go on, or must a person look first? Pure decisions over measured numbers."""

from dataclasses import dataclass
from decimal import Decimal

from pydantic import BaseModel, ConfigDict

from meschain.catalog.profile import GateBounds

_SHIFTS = {
    "times_10": "x10",
    "times_100": "x100",
    "times_1000": "x1000",
    "by_10": "÷10",
    "by_100": "÷100",
    "by_1000": "÷1000",
}
_SHIFTED_SHARE = 0.5
"""Share of the changed prices that must move by one power of ten to be called a decimal shift."""


class Measures(BaseModel):
    """What a run would do to its supplier's offers, as `warehouse/sql/sync/measure.sql` counts it."""

    model_config = ConfigDict(frozen=True)

    active_before: int
    priced_before: int
    in_stock_before: int
    known_accepted: int
    known_refused: int
    staged_accepted: int
    staged_refused: int
    noisy: int
    withheld: int
    duplicates: int
    unreadable: int
    """Offers that were active and whose row can no longer be read: they keep their last good values."""
    new: int
    changed: int
    missing: int
    deleted: int
    price_lost: int
    sold_out: int
    price_changes: int
    median_ratio: Decimal | float | None
    times_10: int
    times_100: int
    times_1000: int
    by_10: int
    by_100: int
    by_1000: int

    @property
    def accepted(self) -> int:
        """Rows of the feed that are offers."""
        return self.known_accepted + self.staged_accepted

    @property
    def quarantined(self) -> int:
        """Rows of the feed that were refused whole."""
        return self.known_refused + self.staged_refused

    @property
    def read(self) -> int:
        """Rows of the feed: accepted and quarantined, nothing else."""
        return self.accepted + self.quarantined

    @property
    def unchanged(self) -> int:
        """Accepted rows that change nothing."""
        return self.accepted - self.new - self.changed - self.deleted


@dataclass(frozen=True, slots=True)
class Finding:
    """One reason to hold a run; `share` and `bound` are shares from 0 to 1."""

    rule: str
    affected: int
    of: int
    share: float
    bound: float
    message: str


def judge(measures: Measures, bounds: GateBounds) -> list[Finding]:
    """The reasons to hold the run; none lets it pass. Shares are taken of what the last good run left behind."""
    m = measures
    lost = m.missing + m.deleted + m.unreadable
    rules = [
        ("row_loss", lost, m.active_before, bounds.row_loss, "offers would vanish or can no longer be read"),
        ("price_changes", m.price_changes, m.priced_before, bounds.price_changes, "prices would change"),
        ("price_loss", m.price_lost, m.priced_before, bounds.price_loss, "offers would lose their price"),
        ("out_of_stock", m.sold_out, m.in_stock_before, bounds.out_of_stock, "offers in stock would turn out of stock"),
        ("duplicates", m.duplicates, m.read, bounds.duplicates, "rows repeat a key of the same feed"),
        ("charset_noise", m.noisy, m.read, bounds.charset_noise, "texts look decoded with the wrong charset"),
    ]
    findings = [
        Finding(
            rule,
            affected,
            of,
            affected / of,
            bound,
            f"{affected:,} of {of:,} {what} ({affected / of:.1%}, bound {bound:.0%})",
        )
        for rule, affected, of, bound, what in rules
        if of and affected >= bounds.least_rows and affected / of > bound
    ]
    return [*_nothing_accepted(measures), *_decimal_shift(measures, bounds), *findings]


def _nothing_accepted(m: Measures) -> list[Finding]:
    """A feed of which not a single row can be read is read wrongly, or is another feed."""
    if m.accepted or not m.quarantined:
        return []
    text = f"not one of {m.quarantined:,} rows could be read; see the reasons and mend the profile"
    return [Finding("nothing_accepted", m.quarantined, m.read, 1.0, 0.0, text)]


def _decimal_shift(m: Measures, bounds: GateBounds) -> list[Finding]:
    """A decimal mark that moved: most changed prices are the old ones times one power of ten."""
    name = max(_SHIFTS, key=lambda shift: getattr(m, shift))
    shifted: int = getattr(m, name)
    if not m.price_changes or shifted < bounds.least_rows or shifted / m.price_changes < _SHIFTED_SHARE:
        return []
    share = shifted / m.price_changes
    moved = f"the old ones {_SHIFTS[name]}: a decimal mark may have moved"
    text = f"{shifted:,} of {m.price_changes:,} changed prices are {moved}"
    return [Finding("decimal_shift", shifted, m.price_changes, share, _SHIFTED_SHARE, text)]
