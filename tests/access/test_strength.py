"""Passwords that guessing begins with are refused with a reason; ordinary good ones are not."""

import random
import secrets
import string
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commerce.errors import Refused
from meschain.access.strength import check_strength, weaknesses

WORDS = ("Ayşe Yılmaz", "ayse.y@firma-ornek.com", "acme-toys", "Acme Oyuncak A.Ş.")


@pytest.mark.parametrize(
    "password",
    [
        "mavi kaplumbağa uçtu",
        "blue-whale sings at 4",
        "K$9!mQ#2z&Lp",
        "xK3vq9Wm2Lpf",
        "welcome2MyHouse",
        "ÇĞİÖŞÜwkqvzb",
        "корова летит домой",
        "紫色的烏龜在唱歌今晚八點",
        "🦊🐢🌊🔥🍕🚗🎸🏔🦉🌵🍩🧊",
        "x7" + " " * 10 + "Lq2vWm8",
        "z" * 3 + "kvTq8wXm5p",
    ],
)
def test_good_ones(password):
    assert weaknesses(password, WORDS) == []
    check_strength(password, WORDS)


@pytest.mark.parametrize(
    "password",
    [
        "Password1234!",
        "P@ssw0rd2024!!",
        "p4$$w0rd-p4$$w0rd",
        "we1come-we1come",
        "qwertyuiop12",
        "qwertyuıopğü12",
        "poiuytrewq-321",
        "asdfghjklşi1",
        "fgğıodrnhpqw",
        "1q2w3e4r5t6y",
        "1qaz2wsx3edc",
        "zaq1zaq1zaq1",
        "aaaaaaaaaaaa",
        "abcabcabcabc",
        "k9k9k9k9k9k9",
        "abcdefghijkl",
        "Galatasaray1905!",
        "Fenerbahce-Sampiyon",
        "ŞifreŞifreŞifre",
        "şifremsifrem12",
        "İstanbul34istanbul",
        "seniseviyorum1987",
        "iloveyou1234567",
        "correct horse battery staple",
        "p-a-s-s-w-o-r-d-1",
        "a1!a1!a1!a1!",
        "😀" * 12,
    ],
)
def test_common_words_runs_and_repetitions(password):
    (reason,) = weaknesses(password, WORDS)
    assert "counted as one character each" in reason


@pytest.mark.parametrize(
    "password",
    ["483920174628", "+90 532 123 45 67", "12.05.1987-12.05.1990", "1-2-3-4-5-6-7-8", "１２３４５６７８９０１２"],
)
def test_numbers(password):
    (reason,) = weaknesses(password)
    assert "it is a number" in reason


@pytest.mark.parametrize(
    "password",
    [
        "ayşe&bulut&taş&su",
        "AYSE bulut tas su",
        "y1lmaz bulut tas su",
        "yilmaz-köprü-nehir",
        "YILMAZ-köprü-nehir",
        "nehir firma ornek taş",
        "nehir firmaornek taş",
        "köprü Acme Toys nehir",
        "köprü-acmetoys-nehir",
        "oyuncak köprü nehir",
        "köprü MesChain nehir",
        "köprü m3sch41n nehir",
    ],
)
def test_names_that_others_know(password):
    (reason,) = weaknesses(password, WORDS)
    assert "your name or e-mail address" in reason


def test_names_too_short_to_mean_anything_are_passed_over():
    assert weaknesses("kaliteli bir köprü", ["Ali", "Su", "a@b.co"]) == []


def test_length_is_counted_in_characters_as_they_are_kept():
    (short,) = weaknesses("K$9!mQ#2z&L")
    assert short == "it has 11 characters, at least 12 are expected"
    assert weaknesses("K$9!mQ#2z&L" + "ü") == []
    assert weaknesses("K$9!mQ#2z&L" + "u\u0308") == []
    assert "has 11 characters" in weaknesses("K$9!mQ#2z&" + "u\u0308")[0], "composed it is one"
    assert weaknesses("Kv9xmQ2zLp" * 26) == ["it has 260 characters, at most 256 are expected"]
    assert weaknesses("") == [
        "it has 0 characters, at least 12 are expected",
        "it has nothing but blanks and punctuation",
    ]


@pytest.mark.parametrize("sign", ["\0", "\n", "\x7f", "\ud800", "\U0003fffe", "\u0378"])
def test_characters_that_are_no_text(sign):
    (reason,) = weaknesses(f"mavi kaplumbağa {sign} uçtu")
    assert "control character, or one that is not known" in reason


def test_every_reason_is_told_and_nothing_of_the_password():
    with pytest.raises(Refused) as refused:
        check_strength("Ayse1987", WORDS)
    text = str(refused.value)
    assert "8 characters, at least 12" in text
    assert "your name" in text
    assert "counted as one" in text
    assert "ayse" not in text.lower()
    assert "1987" not in text


def test_random_passwords_are_never_refused():
    drawn = random.Random(7)
    for signs in (string.ascii_letters + string.digits, string.ascii_lowercase + string.digits, string.hexdigits):
        for _ in range(500):
            password = "".join(drawn.choices(signs, k=20))
            assert weaknesses(password, WORDS) == [], password
    assert weaknesses(secrets.token_urlsafe(16), WORDS) == []


@given(st.text(max_size=300))
def test_any_text_is_judged(password):
    for reason in weaknesses(password, ["", "-", password]):
        assert reason


@given(st.text("ab1", min_size=200, max_size=256))
def test_judging_takes_no_time(password):
    begun = time.process_time()
    weaknesses(password, WORDS)
    assert time.process_time() - begun < 0.5
