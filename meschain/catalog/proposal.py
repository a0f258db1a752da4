"""Proposes a feed profile from headings and values. What it cannot be certain of it says, instead of guessing."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, get_args

import polars as pl
import yaml

from commerce.errors import BadRecord
from commerce.numbers import DecimalMark, parse_decimal
from connectors.feeds.layout import Layout
from connectors.feeds.protocol import SERVICE_COLUMNS
from meschain.catalog.profile import FeedProfile, OfferField

_NUMBERED = re.compile(r"^(image|resim|picture)s?_?\d*(path|url)?$", re.IGNORECASE)
_CATEGORY_LEVELS = (("maincategory", "category", "subcategory"), ("anakategori", "kategori", "altkategori"))
_AMOUNTS: tuple[OfferField, ...] = ("cost", "list_price", "vat_rate", "stock", "weight", "desi")


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
        name for name in sample.columns if name not in SERVICE_COLUMNS and name != "_rest" and _is_filled(sample[name])
    ]
    preset = _preset(columns)
    body: dict[str, Any] = {"fields": _by_heading(sample, columns)} if preset is None else dict(preset["profile"])
    proposal = Proposal(FeedProfile.model_validate(body), preset["name"] if preset else None)
    if "supplier_sku" not in proposal.profile.fields:
        shown = ", ".join(columns[:12])
        proposal.doubts.append(f"no column is recognisably the supplier's code for an offer (columns: {shown})")
    declared = proposal.profile.decimal
    proposal.profile = _with_decimals(proposal, sample, declared)
    proposal.profile = proposal.profile.model_copy(update={"layout": layout})
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


def _by_heading(sample: pl.DataFrame, columns: list[str]) -> dict[str, dict[str, Any]]:
    """The best column for every field; a column serves one field only."""
    folded: dict[str, list[str]] = {}
    for name in columns:
        for form in dict.fromkeys(
            (fold(name), fold(name.rsplit("/", 1)[-1]), fold(name.rsplit("/", 1)[-1].lstrip("@")))
        ):
            folded.setdefault(form, []).append(name)
    taken: set[str] = set()
    fields: dict[str, dict[str, Any]] = {}
    for offer_field, forms in _headings().items():
        candidates = [name for form in forms for name in folded.get(form, []) if name not in taken]
        if offer_field == "supplier_sku":
            candidates = [name for name in candidates if _is_key(sample[name])]
        if candidates:
            fields[offer_field] = {"from": [candidates[0]]}
            taken.add(candidates[0])
    _join_levels(fields, folded)
    pictures = [name for name in columns if _NUMBERED.match(name.rsplit("/", 1)[-1])]
    if len(pictures) > 1:
        fields["image_urls"] = {"from": pictures, "join": "|"}
    _name_units(fields, sample)
    return fields


def _is_filled(values: pl.Series) -> bool:
    return bool((values.str.strip_chars() != "").any())


def _is_key(values: pl.Series) -> bool:
    """Whether a column can be the key: filled and without repeats, but for a stray duplicate."""
    filled = values.str.strip_chars().replace("", None).drop_nulls()
    return len(filled) > 0 and len(filled) >= 0.95 * len(values) and filled.n_unique() >= 0.9 * len(filled)


def _join_levels(fields: dict[str, dict[str, Any]], folded: dict[str, list[str]]) -> None:
    for levels in _CATEGORY_LEVELS:
        names = [folded[level][0] for level in levels if level in folded]
        if len(names) > 1:
            fields["category"] = {"from": names, "join": " > "}


def _name_units(fields: dict[str, dict[str, Any]], sample: pl.DataFrame) -> None:
    """A weight headed in kilograms becomes a text that says so."""
    if "weight" in fields and fold(fields["weight"]["from"][0]).endswith("kg") and sample.height:
        fields["weight"]["rewrite"] = [{"match": r"(\d)\s*$", "to": "${1} kg"}]


def _with_decimals(proposal: Proposal, sample: pl.DataFrame, usual: DecimalMark | None) -> FeedProfile:
    """Declare the decimal mark that the values prove; else the preset's `usual` one holds, or a doubt is raised."""
    profile = proposal.profile
    proven: dict[OfferField, DecimalMark] = {}
    for name in _AMOUNTS:
        rule = profile.fields.get(name)
        texts = [
            text
            for source in (rule.source if rule else ())
            if source in sample.columns
            for text in _distinct(sample[source])
        ]
        marks = {mark for text in texts if (mark := _certain_mark(text))}
        if len(marks) == 1:
            proven[name] = marks.pop()
        elif usual is None and (open_texts := [text for text in texts if _is_ambiguous(text)]):
            proposal.doubts.append(
                f"{name}: {open_texts[0]!r} may be read with a decimal comma or a decimal point; declare `decimal`"
            )
    if len(set(proven.values())) == 1:
        return profile.model_copy(update={"decimal": next(iter(proven.values()))})
    fields = {
        name: rule.model_copy(update={"decimal": proven[name]}) if name in proven else rule
        for name, rule in profile.fields.items()
    }
    return profile.model_copy(update={"fields": fields})


def _distinct(values: pl.Series) -> list[str]:
    return values.drop_nulls().unique(maintain_order=True).to_list()


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
