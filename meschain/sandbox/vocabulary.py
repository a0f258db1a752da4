"""The words and kinds of goods the sandbox writes with, from `words.toml` and `categories.toml`. No chance in here."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

_HERE = Path(__file__).parent
_WORDS = tomllib.loads((_HERE / "words.toml").read_text("utf-8"))
_KINDS = tomllib.loads((_HERE / "categories.toml").read_text("utf-8"))


def _phrases(text: str) -> tuple[str, ...]:
    return tuple(phrase.strip() for phrase in text.split("|"))


SENTENCES = tuple(_WORDS["sentences"].splitlines())
SHORT_SENTENCES = tuple(_WORDS["short_sentences"].splitlines())
ADVERBS, VERBS, MADE, COLOURS = (_phrases(_WORDS[name]) for name in ("adverbs", "verbs", "made", "colours"))

DEPARTMENTS = tuple(_WORDS["nouns"])
NOUNS = tuple(tuple(f"{words} {_WORDS['any_nouns']}".split()) for words in _WORDS["nouns"].values())
"""Nouns by department, in the order of `DEPARTMENTS`; so are the adjectives."""
ADJECTIVES = tuple(
    (*f"{words} {_WORDS['any_adjectives']}".split(), *_phrases(_WORDS["adjective_phrases"]))
    for words in _WORDS["adjectives"].values()
)

BRANDS = tuple(start + end for start in _WORDS["brands"]["starts"].split() for end in _WORDS["brands"]["ends"].split())
BRAND_PREFIXES = tuple(int(prefix) for prefix in _WORDS["brands"]["prefixes"].split())
"""GTIN prefixes; brand number b has the one at b modulo their number."""


@dataclass(frozen=True, slots=True)
class Category:
    """One kind of goods. `price` in kuruş with VAT, `mm` the longest side; a size is (label, grams or 0)."""

    path: str
    department: int
    products: tuple[str, ...]
    materials: tuple[str, ...]
    sizes: tuple[tuple[str, int], ...]
    vat: int
    price: tuple[int, int]
    grams: tuple[int, int]
    mm: tuple[int, int]
    share: int
    coloured: bool


def _sizes(name: str) -> tuple[tuple[str, int], ...]:
    sizes = (size.partition("@") for size in _phrases(_KINDS["sizes"][name]))
    return tuple((label, int(grams or 0)) for label, _, grams in sizes)


CATEGORIES = tuple(
    Category(
        path=kind["path"],
        department=DEPARTMENTS.index(kind["department"]),
        products=_phrases(kind["products"]),
        materials=_phrases(kind["materials"]),
        sizes=_sizes(kind["sizes"]),
        vat=kind["vat"],
        price=(kind["price"][0], kind["price"][1]),
        grams=(kind["grams"][0], kind["grams"][1]),
        mm=(kind["mm"][0], kind["mm"][1]),
        share=kind["share"],
        coloured=not kind.get("colourless", False),
    )
    for kind in _KINDS["category"]
)
