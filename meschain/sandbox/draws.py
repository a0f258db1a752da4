"""Chance that depends on nothing but a seed, a purpose and a key: the same on every machine, in any order or chunk.

Counter-based (the splitmix64 finaliser over the key), so a product's facts need no state and no generator to be
passed along. Not for cryptography; no floats, whose last digit differs between machines.
"""

import hashlib

import numpy as np
import numpy.typing as npt

Keys = npt.NDArray[np.int64]
_STEP = np.uint64(0x9E3779B97F4A7C15)
_MIX = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))


def seed_of(seed: int, purpose: str) -> int:
    """Derive the seed (64 bits) of one purpose from a general one."""
    return int.from_bytes(hashlib.blake2b(f"{seed}:{purpose}".encode(), digest_size=8).digest(), "little")


def draw(seed: int, purpose: str, keys: Keys) -> npt.NDArray[np.uint64]:
    """64 random bits per key."""
    value = (keys.astype(np.uint64) + np.uint64(1)) * _STEP
    value ^= np.uint64(seed_of(seed, purpose))
    value ^= value >> np.uint64(30)
    value *= _MIX[0]
    value ^= value >> np.uint64(27)
    value *= _MIX[1]
    value ^= value >> np.uint64(31)
    return value


def pick(seed: int, purpose: str, keys: Keys, choices: int | Keys) -> Keys:
    """A whole number from 0 up to, not including, `choices` (below 2**31) per key."""
    high = draw(seed, purpose, keys) >> np.uint64(33)
    return (high.astype(np.int64) * choices) >> 31


def sample(seed: int, purpose: str, keys: Keys, count: int) -> npt.NDArray[np.intp]:
    """Exactly `count` positions of `keys`, in their order; the keys are distinct."""
    if not 0 <= count <= len(keys):
        raise ValueError(f"sample of {count} out of {len(keys)}: at most all of them can be taken")
    drawn = draw(seed, purpose, keys)
    return np.sort(np.argsort(drawn, kind="stable")[:count])


def spread(seed: int, purpose: str, keys: Keys, low: Keys, high: Keys) -> Keys:
    """A whole number from `low` (at least 1) to `high` per key, small ones as likely as large: every doubling alike."""
    low = np.maximum(low, 1)
    high = np.maximum(high, low)
    doublings = np.frexp((high - 1) // low)[1].astype(np.int64)  # bits of the ratio, exact for whole numbers
    base = low << pick(seed, f"{purpose} doubling", keys, np.maximum(doublings, 1))
    drawn = base + pick(seed, f"{purpose} step", keys, base)
    return np.where(drawn > high, low + drawn % (high - low + 1), drawn)


def permuted(seed: int, purpose: str, keys: Keys, modulus: int) -> Keys:
    """A number below `modulus` per key (below it too), never the same for two: keys scattered, not hidden."""
    if len(keys) and not (keys.min() >= 0 and keys.max() < modulus):
        raise ValueError(f"keys for {purpose} must lie from 0 to {modulus - 1}")
    # A prime of more than four digits has no divisor in common with the moduli used here, which are smooth.
    return (keys * 7_368_787 + seed_of(seed, purpose) % modulus) % modulus
