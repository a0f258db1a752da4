"""Proposes a feed profile from headings and values. What it cannot be certain of it says, instead of guessing."""

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from itertools import product
from typing import Any, get_args

import polars as pl
import yaml

from commerce.errors import BadRecord
from commerce.numbers import DecimalMark, parse_decimal
from connectors.feeds.layout import Layout
from connectors.feeds.protocol import SERVICE_COLUMNS
from meschain.catalog.normalise import UNITS
from meschain.catalog.profile import FeedProfile, FieldRule, OfferField
from meschain.catalog.texts import UNIT

_NUMBERED = re.compile(r"^(image|resim|picture)s?(url|link)?\d*(path|url)?$")
_CATEGORY_LEVELS = (("maincategory", "category", "subcategory"), ("anakategori", "kategori", "altkategori"))
_OF_THE_PRODUCT: frozenset[OfferField] = frozenset({"title", "brand", "category", "description"})
"""What a variant calls itself is its choice (`XL`, `Red`), not what it is."""
_AMOUNTS: tuple[OfferField, ...] = ("cost", "list_price", "vat_rate", "stock")
_NUMBERS: tuple[OfferField, ...] = (*_AMOUNTS, *UNITS, "desi")
_ENDINGS = {unit: unit for units in UNITS.values() for unit in units} | {"gram": "g", "grams": "g"}
"""Units as a heading ends on them."""


@dataclass(slots=True)
class Proposal:
    """A profile and what speaks against using it unseen; without doubts the import may use it as it is."""

    profile: FeedProfile
    preset: str | None = None
    doubts: list[str] = field(default_factory=list)

    @property
    def certain(self) -> bool:
        """Whether the feed may be imported without a person looking at the profile first."""
        return not self.doubts


def propose(sample: pl.DataFrame, layout: Layout) -> Proposal:
    """A profile for a feed whose first rows are `sample` (text columns as a format gives them)."""
    columns = [
        name
        for name in sample.columns
        if name not in SERVICE_COLUMNS and name != "_rest" and len(_filled(sample[name]))
    ]
    preset = _preset(columns)
    body: dict[str, Any] = (
        {"fields": _by_heading(sample, columns, layout.variant_path)} if preset is None else dict(preset["profile"])
    )
    proposal = Proposal(FeedProfile.model_validate(body), preset["name"] if preset else None)
    if "supplier_sku" not in proposal.profile.fields:
        shown = ", ".join(columns[:12])
        proposal.doubts.append(f"no column is recognisably the supplier's code for an offer (columns: {shown})")
    proposal.profile = _with_decimals(proposal, sample).model_copy(update={"layout": layout})
    return proposal


def fold(heading: str) -> str:
    """A heading without case, accents and anything but letters and digits; dotted and dotless i are one."""
    plain = heading.translate(str.maketrans("ıİI", "iii")).lower()
    stripped = "".join(mark for mark in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(mark))
    return re.sub(r"[^a-z0-9]+", "", stripped)


@cache
def _headings() -> dict[OfferField, list[str]]:
    found = yaml.safe_load(files("meschain.catalog").joinpath("headings.yml").read_text(encoding="utf-8"))
    return {name: found[name] for name in get_args(OfferField) if name in found}


@cache
def _presets() -> list[dict[str, Any]]:
    folder = files("meschain.catalog").joinpath("presets")
    return [yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(folder.iterdir(), key=lambda p: p.name)]


def _preset(columns: Iterable[str]) -> dict[str, Any] | None:
    present = set(columns)
    return next((preset for preset in _presets() if present.issuperset(preset["recognise"])), None)


def _by_heading(sample: pl.DataFrame, columns: list[str], variant_path: str) -> dict[str, dict[str, Any]]:
    """The best columns for every field: a variant's before its product's. A column serves one field only."""
    below = f"{variant_path}/"
    own = {name: name.removeprefix(below) for name in columns if variant_path and name.startswith(below)}
    levels = (own, {name: name for name in columns if name not in own})
    fields: dict[str, dict[str, Any]] = {}
    taken: set[str] = set()
    for offer_field in _headings():
        variants, products = (_candidates(sample, offer_field, level, taken) for level in levels)
        if products and offer_field in _OF_THE_PRODUCT:
            variants = {}
        chosen = _choose(sample, offer_field, variants, products)
        if chosen:
            fields[offer_field] = _rule(chosen, variants | products)
            taken.update(fields[offer_field]["from"])
    _join_levels(fields, columns)
    pictures = [name for name in columns if _NUMBERED.match(fold(_end(name)))]
    if len(pictures) > 1:
        fields["image_urls"] = {"from": pictures, "join": "|"}
    return fields


@cache
def _forms(offer_field: OfferField) -> dict[str, tuple[int, str]]:
    """The headings of a field, each with its rank and the unit that it names, or none."""
    endings = {"": ""} | {ending: unit for ending, unit in _ENDINGS.items() if unit in UNITS.get(offer_field, ())}
    return {
        form + ending: (rank, unit)
        for rank, form in enumerate(_headings()[offer_field])
        for ending, unit in endings.items()
    }


def _candidates(
    sample: pl.DataFrame, offer_field: OfferField, headings: Mapping[str, str], taken: Collection[str]
) -> dict[str, str]:
    """Columns that a field may come from, best first, each with the unit in its heading.

    A whole name goes before the end of a path, for that is the name of something else: `brand/name` is no title. A
    measure of which neither the heading nor every text names the unit is left out: it could be a thousandfold.
    """
    forms = _forms(offer_field)
    found: list[tuple[int, int, str, str]] = []
    for name, heading in headings.items():
        parts = (fold(heading), fold(_end(heading)))
        place = next((place for place, part in enumerate(parts) if part in forms), None)
        if place is not None and name not in taken:
            found.append((place, *forms[parts[place]], name))
    ranked = {name: unit for _, _, unit, name in sorted(found, key=lambda hit: hit[:2])}
    units = UNITS.get(offer_field)
    return {name: unit for name, unit in ranked.items() if unit or not units or _name_units(sample[name], units)}


def _choose(
    sample: pl.DataFrame, offer_field: OfferField, variants: Iterable[str], products: Iterable[str]
) -> list[str]:
    """One column of each level, or of one of them; for the key the best ones whose texts tell offers apart."""
    for choice in product((*variants, None), (*products, None)):
        chosen = [name for name in choice if name is not None]
        if not chosen or offer_field != "supplier_sku" or _is_key(sample, chosen):
            return chosen
    return []


def _rule(chosen: list[str], units: Mapping[str, str]) -> dict[str, Any]:
    """The rule of a field; a unit that stands in the heading is written behind numbers without one."""
    unit = units[chosen[0]]
    sources = [name for name in chosen if units[name] == unit]
    if unit in {"", FeedProfile().weight_unit, FeedProfile().length_unit}:
        return {"from": sources}
    return {"from": sources, "rewrite": [{"match": r"(\d)\s*$", "to": f"${{1}} {unit}"}]}


def _end(path: str) -> str:
    return path.rsplit("/", 1)[-1]


def _filled(values: pl.Series) -> pl.Series:
    """The texts that say something, trimmed."""
    return values.str.strip_chars().replace("", None).drop_nulls()


def _is_key(sample: pl.DataFrame, names: list[str]) -> bool:
    """Whether these columns together can be the key: filled and without repeats, but for a stray duplicate."""
    first_filled = pl.coalesce(pl.col(name).str.strip_chars().replace("", None) for name in names)
    filled = sample.select(first_filled).to_series().drop_nulls()
    return len(filled) > 0 and len(filled) >= 0.95 * len(sample) and filled.n_unique() >= 0.9 * len(filled)


def _name_units(values: pl.Series, units: Collection[str]) -> bool:
    return bool(_filled(values).str.extract(UNIT, 2).str.to_lowercase().is_in(list(units)).fill_null(value=False).all())


def _join_levels(fields: dict[str, dict[str, Any]], columns: list[str]) -> None:
    named = {fold(_end(name)): name for name in reversed(columns)} | {fold(name): name for name in reversed(columns)}
    for levels in _CATEGORY_LEVELS:
        names = [named[level] for level in levels if level in named]
        if len(names) > 1:
            fields["category"] = {"from": names, "join": " > "}


def _with_decimals(proposal: Proposal, sample: pl.DataFrame) -> FeedProfile:
    """Declare the decimal mark that the values prove, or raise a doubt where they prove none.

    A preset's own mark needs no proof, unless the values prove another one. What a measure proves holds for it alone:
    who enters weights is not who exports prices.
    """
    profile, usual = proposal.profile, proposal.profile.decimal
    texts = {name: _numbers(sample, name, profile.fields[name]) for name in _NUMBERS if name in profile.fields}
    marks = {name: {mark for text in found if (mark := _certain_mark(text))} for name, found in texts.items()}
    proven = {name: next(iter(found)) for name, found in marks.items() if len(found) == 1}
    holds = usual is not None and set(proven.values()) <= {usual}
    for name, found in texts.items():
        ambiguous = next((text for text in found if _is_ambiguous(text)), None)
        if ambiguous and name not in proven and not holds:
            proposal.doubts.append(
                f"{name}: {ambiguous!r} may be read with a decimal comma or a decimal point; declare `decimal`"
            )
    general = {mark for name, mark in proven.items() if name in _AMOUNTS}
    decimal = general.pop() if len(general) == 1 else usual
    fields = {
        name: rule.model_copy(update={"decimal": proven[name]}) if proven.get(name, decimal) != decimal else rule
        for name, rule in profile.fields.items()
    }
    return profile.model_copy(update={"decimal": decimal, "fields": fields})


def _numbers(sample: pl.DataFrame, name: OfferField, rule: FieldRule) -> list[str]:
    """The different texts of a field of numbers, those of a measure without their unit."""
    columns = [sample[source] for source in rule.source if source in sample.columns]
    texts = pl.concat(columns).drop_nulls() if columns else pl.Series(dtype=pl.String)
    return (texts.str.replace(UNIT, "${1}") if name in UNITS else texts).unique(maintain_order=True).to_list()


def _certain_mark(text: str) -> DecimalMark | None:
    """The decimal mark that a text proves: it can be read with this one and not with the other."""
    marks: tuple[DecimalMark, DecimalMark] = (",", ".")
    readable = [mark for mark in marks if _reads(text, mark)]
    return readable[0] if len(readable) == 1 and ("," in text or "." in text) else None


def _reads(text: str, mark: DecimalMark) -> bool:
    try:
        return parse_decimal(text, decimal=mark, signed=True) is not None
    except BadRecord:
        return False


def _is_ambiguous(text: str) -> bool:
    try:
        parse_decimal(text, signed=True)
    except BadRecord as error:
        return error.reason == "ambiguous_number"
    return False
