"""What happens to an assortment from one feed to the next: ordinary change, and the accidents feeds suffer.

Every function gives the next state and the truth about it (`Truth`); the state before stays as it is.
Accidents leave `updated` alone: nobody touched the products, the feed is wrong.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from meschain.sandbox.assortment import Assortment, offers
from meschain.sandbox.draws import pick, sample
from meschain.sandbox.flaws import Flaw
from meschain.sandbox.truth import Truth, compare

DAY = 86_400
Fact = Literal["price", "stock", "wording"]
USUAL_FACTS: tuple[Fact, ...] = ("price", "price", "price", "stock", "stock", "wording")


class Step(NamedTuple):
    """The state after a change and what an importer must find that knew the state before."""

    after: Assortment
    truth: Truth


def evolve(
    before: Assortment,
    seed: int,
    changed: float = 0.05,
    new: float = 0.01,
    gone: float = 0.01,
    facts: Sequence[Fact] = USUAL_FACTS,
) -> Step:
    """A day of ordinary trade: shares of the offers that change one of `facts`, are taken up, or leave.

    Bad rows stay as they are. Exactly the rounded shares of all rows are touched.
    """
    moment = before.moment + DAY
    sound = np.flatnonzero(before.ledger["flaw"].to_numpy() == Flaw.NONE)
    counts = [_share(before, share) for share in (changed, gone, new)]
    leaving = _drawn(seed, f"gone {moment}", sound, counts[1])
    staying = np.setdiff1d(sound, leaving)
    changing = _drawn(seed, f"changed {moment}", staying, counts[0])
    ledger = _changed(before.ledger, changing, seed, moment, facts)
    kept = ledger.filter(~pl.Series(_mask(len(ledger), leaving)))
    taken_up = np.arange(before.next_item, before.next_item + counts[2], dtype=np.int64)
    ledger = pl.concat([kept, offers(before.shop, taken_up, moment, fresh=True)])
    return _step(before, replace(before, ledger=ledger, next_item=before.next_item + counts[2], moment=moment))


def shift_decimals(before: Assortment, seed: int, share: float = 1.0, factor: int = 100) -> Step:
    """The decimal mark got lost: cost and list price of a share of the offers are `factor` times too high."""
    rows = _drawn(seed, "decimal shift", np.arange(len(before)), _share(before, share))
    times = pl.when(pl.Series(_mask(len(before), rows))).then(factor).otherwise(1)
    return _step(before, _with(before, pl.col("cost") * times, pl.col("list_price") * times))


def sell_out(before: Assortment, seed: int, share: float = 0.9) -> Step:
    """A share of the offers is without stock at once."""
    rows = _drawn(seed, "sold out", np.arange(len(before)), _share(before, share))
    stock = pl.when(pl.Series(_mask(len(before), rows))).then(0).otherwise(pl.col("stock"))
    return _step(before, _with(before, stock.cast(pl.Int32).alias("stock")))


def vanish(before: Assortment, seed: int, share: float = 0.6) -> Step:
    """A share of the offers is no longer in the feed, which looks complete."""
    rows = _drawn(seed, "vanished", np.arange(len(before)), _share(before, share))
    return _step(before, replace(before, ledger=before.ledger.filter(~pl.Series(_mask(len(before), rows)))))


def cut_short(before: Assortment, share: float = 0.5) -> Step:
    """The feed ends early, between two rows, as if it were all: only the first part of the offers is there."""
    return _step(before, replace(before, ledger=before.ledger.head(_share(before, share))))


def spoil(before: Assortment, seed: int, flaws: Mapping[Flaw, int]) -> Step:
    """Make so many rows bad in such ways; the truth is that of a first feed."""
    sound = np.flatnonzero(before.ledger["flaw"].to_numpy() == Flaw.NONE)
    rows = _drawn(seed, "flaws", sound, sum(flaws.values()))
    order = np.argsort(pick(seed, "flaw order", rows, 1 << 30), kind="stable")
    column = before.ledger["flaw"].to_numpy().copy()
    column[rows[order]] = np.repeat([int(flaw) for flaw in flaws], list(flaws.values()))
    after = _with(before, pl.Series("flaw", column, dtype=pl.UInt8))
    return Step(after, compare(None, after))


def duplicate(before: Assortment, seed: int, same: int = 0, other_price: int = 0) -> Step:
    """Repeat offers further down: `same` rows word for word, `other_price` rows with a dearer price."""
    rows = _drawn(seed, "duplicates", np.arange(len(before)), same + other_price)
    again = before.ledger[np.sort(rows)].with_row_index("nth")
    dearer = pl.when(pl.col("nth") >= same).then(pl.col("list_price") // 10 + 1).otherwise(0)
    again = again.with_columns(pl.col("list_price") + dearer).drop("nth")
    return _step(before, replace(before, ledger=pl.concat([before.ledger, again])))


def _changed(
    ledger: pl.DataFrame, rows: npt.NDArray[np.intp], seed: int, moment: int, facts: Sequence[Fact]
) -> pl.DataFrame:
    """Change one fact of every row named, so that it really differs, and say when."""
    items = ledger["item"].to_numpy()[rows]
    fact = np.array(facts)[pick(seed, f"fact {moment}", items, len(facts))]
    columns = {name: ledger[name].to_numpy().copy() for name in ("cost", "list_price", "stock", "wording", "updated")}
    percent = pick(seed, f"percent {moment}", items, 27) - 12
    percent += percent >= 0
    for name in ("cost", "list_price"):
        old = columns[name][rows]
        new = old * (100 + percent) // 100
        columns[name][rows] = np.where(fact == "price", np.where(new == old, old + 1, new), old)
    stock = columns["stock"][rows]
    delivered = stock + 1 + pick(seed, f"delivered {moment}", items, 60)
    emptied = (stock > 0) & (pick(seed, f"emptied {moment}", items, 4) == 0)
    columns["stock"][rows] = np.where(fact == "stock", np.where(emptied, 0, delivered), stock)
    columns["wording"][rows] += fact == "wording"
    columns["updated"][rows] = moment - pick(seed, f"hour {moment}", items, DAY)
    return ledger.with_columns(pl.Series(name, values, dtype=ledger.schema[name]) for name, values in columns.items())


def _share(state: Assortment, share: float) -> int:
    return int(len(state) * share + 0.5)


def _drawn(seed: int, purpose: str, rows: npt.NDArray[np.intp], count: int) -> npt.NDArray[np.intp]:
    return rows[sample(seed, purpose, rows.astype(np.int64), count)]


def _mask(length: int, rows: npt.NDArray[np.intp]) -> npt.NDArray[np.bool_]:
    mask = np.zeros(length, np.bool_)
    mask[rows] = True
    return mask


def _with(state: Assortment, *columns: pl.Expr | pl.Series) -> Assortment:
    return replace(state, ledger=state.ledger.with_columns(*columns))


def _step(before: Assortment, after: Assortment) -> Step:
    return Step(after, compare(before, after))
