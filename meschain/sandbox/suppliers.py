"""The six made-up suppliers of the demo, their first and second feeds, and what importing these must come to.

They sell partly the same products of one world, so offers can be matched; prices and codes are each supplier's own.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from meschain.sandbox import changes
from meschain.sandbox.assortment import Assortment, Shop, assortment
from meschain.sandbox.draws import seed_of
from meschain.sandbox.feeds import ideasoft, json_array, merchant_rss, ndjson, turkish_csv, xlsx
from meschain.sandbox.feeds.dialect import Dialect
from meschain.sandbox.feeds.files import truncate
from meschain.sandbox.flaws import Flaw
from meschain.sandbox.truth import Truth

Status = Literal["applied", "held", "unchanged", "failed"]
Second = Literal["ordinary", "truncated", "decimal shift", "vanished", "unchanged"]


@dataclass(frozen=True, slots=True)
class Supplier:
    """A supplier: how it writes, which products it sells, what is wrong with its first feed and what happens then."""

    slug: str
    name: str
    dialect: Dialect
    offers: int
    first_item: int
    prefix: str
    second: Second
    currencies: tuple[str, ...] = ("TRY",)
    flaws: Mapping[Flaw, int] = field(default_factory=dict)
    over_http: bool = False

    def path(self, folder: Path) -> Path:
        """Where its feed lies in a folder."""
        return folder / f"{self.slug}{self.dialect.suffix}"


@dataclass(frozen=True, slots=True)
class Feed:
    """A written feed and what importing it must come to; `truth` is None where nothing can be read to the end."""

    supplier: Supplier
    path: Path
    status: Status
    truth: Truth | None


SUPPLIERS = (
    Supplier(
        slug="gumra-toptan",
        name="Gümra Toptan",
        dialect=ideasoft.DIALECT,
        offers=12_000,
        first_item=0,
        prefix="GMR-",
        second="truncated",
        flaws={Flaw.NEGATIVE_PRICE: 6, Flaw.AMBIGUOUS_PRICE: 9, Flaw.GARBAGE_PRICE: 5, Flaw.MISSING_SKU: 4},
    ),
    Supplier(
        slug="cinte-dagitim",
        name="Çınte Dağıtım",
        dialect=turkish_csv.DIALECT,
        offers=12_000,
        first_item=8_000,
        prefix="ÇIN-Ş",
        second="decimal shift",
        currencies=("TRY", "TRY", "TRY", "USD"),
        flaws={Flaw.NEGATIVE_PRICE: 3, Flaw.AMBIGUOUS_PRICE: 8, Flaw.MISSING_SKU: 2, Flaw.RAGGED_LINE: 7},
    ),
    Supplier(
        slug="savra-moda",
        name="Şavra Moda",
        dialect=merchant_rss.DIALECT,
        offers=9_000,
        first_item=16_000,
        prefix="SVR",
        second="vanished",
        flaws={Flaw.GARBAGE_PRICE: 6, Flaw.MISSING_SKU: 3},
    ),
    Supplier(
        slug="ulvat-handel",
        name="Ulvat Handel",
        dialect=ndjson.DIALECT,
        offers=9_000,
        first_item=5_000,
        prefix="UH.",
        second="ordinary",
        currencies=("EUR",),
        flaws={Flaw.NEGATIVE_PRICE: 4, Flaw.RAGGED_LINE: 5, Flaw.BAD_CHARSET: 2},
    ),
    Supplier(
        slug="havri-ofis",
        name="Havri Ofis",
        dialect=xlsx.DIALECT,
        offers=4_000,
        first_item=2_000,
        prefix="HVR ",
        second="ordinary",
        flaws={Flaw.GARBAGE_PRICE: 3, Flaw.MISSING_SKU: 2},
    ),
    Supplier(
        slug="zelmi-depo",
        name="Zelmi Depo",
        dialect=json_array.DIALECT,
        offers=8_000,
        first_item=20_000,
        prefix="ZLM_",
        second="unchanged",
        currencies=("USD", "EUR", "TRY"),
        over_http=True,
    ),
)

VANISHED = 0.6
_STATUS: dict[Second, Status] = {
    "ordinary": "applied",
    "truncated": "failed",
    "decimal shift": "held",
    "vanished": "held",
    "unchanged": "unchanged",
}


def write_first(home: Path, seed: int) -> list[Feed]:
    """Write every supplier's first feed to `home/first`; the same seed gives the same bytes."""
    feeds = []
    for supplier in SUPPLIERS:
        state = first_state(supplier, seed)
        path = _write(supplier, state, home / "first")
        _date(path, state)
        feeds.append(Feed(supplier, path, "applied", supplier.dialect.truth(None, state)))
    return feeds


def write_second(home: Path, seed: int) -> list[Feed]:
    """Write every supplier's second feed to `home/second`: ordinary ones and such as must not get through."""
    feeds = []
    for supplier in SUPPLIERS:
        before = first_state(supplier, seed)
        state = second_state(supplier, before, seed)
        path = _write(supplier, state, home / "second")
        truth: Truth | None = supplier.dialect.truth(before, state)
        if supplier.second == "truncated":
            truncate(path)
            truth = None
        _date(path, state)
        feeds.append(Feed(supplier, path, _STATUS[supplier.second], truth))
    return feeds


def first_state(supplier: Supplier, seed: int) -> Assortment:
    """What a supplier offers in its first feed, bad rows included."""
    shop = Shop(
        seed=seed_of(seed, supplier.slug),
        world=seed,
        prefix=supplier.prefix,
        host=f"{supplier.slug}.example",
        currencies=supplier.currencies,
    )
    state = assortment(supplier.offers, shop.seed, shop=shop, first_item=supplier.first_item)
    return changes.spoil(state, shop.seed, supplier.flaws).after


def second_state(supplier: Supplier, before: Assortment, seed: int) -> Assortment:
    """What it offers next: a day of ordinary trade (5 % changed, 1 % new, 1 % gone), and on top what goes wrong."""
    if supplier.second == "unchanged":
        return before
    seed = seed_of(seed, supplier.slug)
    state = changes.evolve(before, seed, facts=supplier.dialect.facts).after
    if supplier.second == "decimal shift":
        return changes.shift_decimals(state, seed).after
    if supplier.second == "vanished":
        return changes.vanish(state, seed, VANISHED).after
    return state


def _write(supplier: Supplier, state: Assortment, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = supplier.path(folder)
    supplier.dialect.write(state, path)
    return path


def _date(path: Path, state: Assortment) -> None:
    """Give the file the time of its making in the story: Last-Modified of a served feed follows from the seed, too."""
    os.utime(path, (state.moment, state.moment))
