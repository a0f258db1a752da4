"""The expression that looks for a text finds it in capitals or not, with or without accents, and nothing else."""

import string

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from warehouse.offers import pattern_of

WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\0", exclude_categories=("Z", "C")), min_size=1)
PLAIN = str.maketrans("çğıİöşüÇĞÖŞÜâîû", "cgiIosuCGOSUaiu")


@pytest.fixture(scope="module")
def matches():
    with duckdb.connect() as connection:

        def ask(pattern: str, text: str) -> bool:
            (found,) = connection.execute("SELECT regexp_matches($1, $2)", [text, pattern]).fetchone()
            return bool(found)

        yield ask


@given(before=WORDS, text=WORDS, after=WORDS)
def test_a_part_of_a_text_is_found(matches, before, text, after):
    assert matches(pattern_of(text), f"{before}{text}{after}")


@given(text=st.text("abcçdefgğhıijklmnoöprsştuüvyzABCÇDEFGĞHIİJKLMNOÖPRSŞTUÜVYZâîû0123456789", min_size=1))
def test_capitals_and_accents_do_not_matter(matches, text):
    for written in (text.lower().replace("i̇", "i"), text.upper(), text.translate(PLAIN), text.swapcase()):
        assert matches(pattern_of(written.replace("i̇", "i")), text)
        assert matches(pattern_of(text), written.replace("i̇", "i"))


@pytest.mark.parametrize("sign", string.punctuation)
def test_a_sign_means_itself(matches, sign):
    assert matches(pattern_of(f"a{sign}b"), f"xa{sign}bx")
    assert not matches(pattern_of(f"a{sign}b"), "ab")
    assert not matches(pattern_of(f"a{sign}b"), "axb")


def test_any_space_is_a_space(matches):
    assert matches(pattern_of("  mavi  defter "), "Mavi\u00a0\t Defter")
    assert not matches(pattern_of("mavi defter"), "Mavidefter")
