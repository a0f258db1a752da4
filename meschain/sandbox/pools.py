"""Words to choose from, in parts of which a product uses one: its department's or its category's. Whole columns."""

from collections.abc import Iterable, Sequence

import numpy as np
import polars as pl

from meschain.sandbox.draws import Keys, pick


class Pool:
    """Parts of words laid end to end; a word is named by its part and its place in it."""

    def __init__(self, parts: Iterable[Sequence[str]]) -> None:
        parts = list(parts)
        self.words = pl.Series([word for part in parts for word in part], dtype=pl.String)
        self.sizes = np.array([len(part) for part in parts], np.int64)
        self._starts = np.cumsum(self.sizes) - self.sizes

    def take(self, part: Keys, place: Keys) -> pl.Series:
        """The words at `place` of `part`."""
        return self.words[pl.Series(self._starts[part] + place)]

    def choose(self, seed: int, purpose: str, keys: Keys, part: Keys) -> pl.Series:
        """A word of `part` drawn per key. A pool of one part serves all."""
        if len(self.sizes) == 1:
            return self.words[pl.Series(pick(seed, purpose, keys, len(self.words)))]
        return self.take(part, pick(seed, purpose, keys, self.sizes[part]))
