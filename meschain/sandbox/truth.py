"""What a correct import of a feed must come to: counts and codes known from the making, not from reading the feed."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import polars as pl

from meschain.sandbox.assortment import Assortment
from meschain.sandbox.flaws import NAMELESS, Flaw
from meschain.sandbox.gtins import MOST_ITEMS

_FACTS = ("cost", "list_price", "stock", "wording")


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """Expected counts of one feed against the one accepted before it, as a run reports them.

    `read` rows stand in the feed: `accepted` different offers, `quarantined` bad rows, `duplicates` (further rows of an
    offer already there). `missing` offers were accepted before and are in no row that names them; a bad row that
    still names its offer makes it neither changed nor missing.
    """

    read: int
    accepted: int
    quarantined: int
    duplicates: int
    new: int
    changed: int
    unchanged: int
    missing: int
    flaws: dict[Flaw, int] = field(default_factory=dict)
    new_skus: pl.Series = field(default_factory=pl.Series)
    changed_skus: pl.Series = field(default_factory=pl.Series)
    missing_skus: pl.Series = field(default_factory=pl.Series)


def compare(before: Assortment | None, after: Assortment, *, counts_stock: bool = True) -> Truth:
    """The truth about `after` for an importer that last accepted `before`.

    Without `counts_stock` the feed shows only whether there is stock.
    """
    earlier = after.ledger.clear() if before is None else before.ledger
    earlier, later = earlier[_accepted(earlier)], after.ledger
    old, rows = earlier["item"].to_numpy(), later["item"].to_numpy()
    flaw, sound = later["flaw"].to_numpy(), _accepted(later)
    place = np.full(MOST_ITEMS, -1, np.int32)
    place[old] = np.arange(len(old), dtype=np.int32)
    was = place[rows[sound]]
    known = was >= 0
    changed = sound[known][_differs(earlier, later, was[known], sound[known], counts_stock=counts_stock)]
    named = np.zeros(MOST_ITEMS, np.bool_)
    named[rows[~np.isin(flaw, list(NAMELESS))]] = True
    missing = old[~named[old]]
    flaws = {Flaw(code): count for code, count in later["flaw"].value_counts().sort("flaw").iter_rows() if code}
    return Truth(
        read=len(later),
        accepted=len(sound),
        quarantined=sum(flaws.values()),
        duplicates=len(later) - len(sound) - sum(flaws.values()),
        new=int((~known).sum()),
        changed=len(changed),
        unchanged=int(known.sum()) - len(changed),
        missing=len(missing),
        flaws=flaws,
        new_skus=after.shop.codes(rows[sound[~known]]),
        changed_skus=after.shop.codes(rows[changed]),
        missing_skus=after.shop.codes(missing),
    )


def _accepted(ledger: pl.DataFrame) -> npt.NDArray[np.intp]:
    """Places of the rows that are accepted: sound, and the first of their offer."""
    sound = np.flatnonzero(ledger["flaw"].to_numpy() == Flaw.NONE)
    first = np.unique(ledger["item"].to_numpy()[sound], return_index=True)[1]
    return sound[np.sort(first)]


def _differs(
    earlier: pl.DataFrame,
    later: pl.DataFrame,
    was: npt.NDArray[np.int32],
    now: npt.NDArray[np.intp],
    *,
    counts_stock: bool,
) -> npt.NDArray[np.bool_]:
    """Whether the row `now` of the later ledger says something else than the row `was` of the earlier."""
    differs = np.zeros(len(now), np.bool_)
    for fact in _FACTS:
        one, other = earlier[fact].to_numpy()[was], later[fact].to_numpy()[now]
        if fact == "stock" and not counts_stock:
            one, other = one > 0, other > 0
        differs |= one != other
    return differs
