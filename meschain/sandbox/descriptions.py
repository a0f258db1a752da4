"""Product descriptions of about 300 characters, each really different, written from sentence patterns and word lists.

A pattern holds slots such as `{noun:in}`; every slot draws its own word, so texts compress like real ones (the
tests hold the figure) and not like a small pool of repeated strings.
"""

import re
from functools import cache

import numpy as np
import polars as pl

from meschain.sandbox import vocabulary
from meschain.sandbox.draws import Keys, draw, pick
from meschain.sandbox.pools import Pool
from meschain.sandbox.turkish import capitalised, with_ending

_SLOT = re.compile(r"\{(\w+)(?::(\w+))?\}")
_LETTERS = "ABCDEFGHKLMNPRSTUVYZ"
_PLACES = (*[vocabulary.SENTENCES] * 3, *[vocabulary.SHORT_SENTENCES] * 2)
_WORDS: dict[str, tuple[tuple[str, ...], ...]] = {
    "noun": vocabulary.NOUNS,
    "adjective": vocabulary.ADJECTIVES,
    "adverb": (vocabulary.ADVERBS,),
    "verb": (vocabulary.VERBS,),
    "made": (vocabulary.MADE,),
    "number": (tuple(str(number) for number in range(2, 1000)),),
    "decimal": (tuple(f"{number // 10},{number % 10}" for number in range(11, 1000)),),
    "code": (tuple(first + second for first in _LETTERS for second in _LETTERS),),
}


def describe(seed: int, keys: Keys, departments: Keys) -> pl.Series:
    """Write one description per key; `departments` are indices into `vocabulary.DEPARTMENTS`."""
    sentences = [_sentences(seed, place, keys, departments) for place in range(len(_PLACES))]
    columns = pl.DataFrame([sentence.alias(f"{place}") for place, sentence in enumerate(sentences)])
    return columns.select(pl.concat_str(pl.all(), separator=" ").alias("description")).to_series()


def _sentences(seed: int, place: int, keys: Keys, departments: Keys) -> pl.Series:
    """One sentence per key: the keys are grouped by pattern, written group by group, and put back in order."""
    patterns = _PLACES[place]
    which = pick(seed, f"pattern {place}", keys, len(patterns))
    chance = draw(seed, f"words {place}", keys).view(np.int64)
    order = np.argsort(which, kind="stable")
    ends = np.cumsum(np.bincount(which, minlength=len(patterns)))
    groups = [
        _written(pattern, chance[group], departments[group])
        for pattern, group in zip(patterns, np.split(order, ends[:-1]), strict=True)
    ]
    back = np.empty(len(keys), np.int64)
    back[order] = np.arange(len(keys))
    return pl.concat(groups)[pl.Series(back)]


def _written(pattern: str, chance: Keys, departments: Keys) -> pl.Series:
    """Fill the slots of one pattern: a word per slot and key."""
    words: list[pl.Series] = []
    pieces: list[pl.Expr] = []
    end = 0
    for slot in _SLOT.finditer(pattern):
        pool = _pool(slot[1], slot[2] or "")
        words.append(pool.choose(slot.start(), pattern, chance, departments).alias(f"{slot.start()}"))
        pieces += [pl.lit(pattern[end : slot.start()]), pl.col(f"{slot.start()}")]
        end = slot.end()
    pieces.append(pl.lit(pattern[end:]))
    return pl.DataFrame(words).select(pl.concat_str(pieces)).to_series()


@cache
def _pool(name: str, ending: str) -> Pool:
    """The words a slot may take; a slot written with a capital letter begins a sentence."""
    parts: list[list[str]] = [list(part) for part in _WORDS[name.lower()]]
    if ending:
        parts = [[with_ending(word, ending) for word in part] for part in parts]
    if name[0].isupper():
        parts = [[capitalised(word) for word in part] for part in parts]
    return Pool(parts)
