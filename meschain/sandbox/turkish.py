"""Turkish endings by vowel harmony, enough to make believable product texts. Not a grammar."""

_HARMONY = {"a": "ı", "ı": "ı", "o": "u", "u": "u", "e": "i", "i": "i", "ö": "ü", "ü": "ü"}
_BACK = "aıou"
_HARD = "fstkçşhp"
_SOFTENED = {"k": "ğ", "p": "b", "ç": "c"}


def with_ending(word: str, ending: str) -> str:
    """Attach one of `with`, `without`, `plural`, `of`, `its`, `in`, `from`, `to`, `object` to a noun."""
    vowel = next(letter for letter in reversed(word) if letter in _HARMONY)
    narrow, wide = _HARMONY[vowel], "a" if vowel in _BACK else "e"
    hard = "t" if word[-1] in _HARD else "d"
    if ending == "with":
        return f"{word}l{narrow}"
    if ending == "without":
        return f"{word}s{narrow}z"
    if ending == "plural":
        return f"{word}l{wide}r"
    if ending == "in":
        return f"{word}{hard}{wide}"
    if ending == "from":
        return f"{word}{hard}{wide}n"
    return _before_vowel(word, ending, narrow, wide)


def _before_vowel(word: str, ending: str, narrow: str, wide: str) -> str:
    """The endings that begin with a vowel: a word ending in one takes a buffer letter, a hard one may soften."""
    if word[-1] in _HARMONY:
        buffered = {"of": f"n{narrow}n", "its": f"s{narrow}", "to": f"y{wide}", "object": f"y{narrow}"}
        return word + buffered[ending]
    syllables = sum(letter in _HARMONY for letter in word)
    stem = word[:-1] + _SOFTENED.get(word[-1], word[-1]) if syllables > 1 else word
    return stem + {"of": f"{narrow}n", "its": narrow, "to": wide, "object": narrow}[ending]


def capitalised(text: str) -> str:
    """Begin with a capital: i becomes İ and ı becomes I, which `str.upper` does not know."""
    return text[:1].translate({ord("i"): "İ", ord("ı"): "I"}).upper() + text[1:]
