"""Redaction: no secret survives, and what is no secret stays readable."""

from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from connectors.http.redaction import MASK, SHORTEST, Redactor, is_sensitive, redact_headers, redact_url

SECRETS = st.text(st.characters(exclude_categories=("Cs",)), min_size=SHORTEST, max_size=40)
TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=60)
PLAIN = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=6, max_size=30)
NAMES = (
    "key",
    "apiKey",
    "api_key",
    "token",
    "access_token",
    "sig",
    "X-Amz-Signature",
    "password",
    "pwd",
    "sifre",
    "ŞİFRE",
)


@given(SECRETS, TEXT, TEXT)
def test_a_known_secret_never_survives(secret, before, after):
    for clean in (Redactor([secret]).text, Redactor([secret]).foreign):
        shown = clean(f"{before}{secret}{after} {secret.upper()} {quote(secret)} {quote_plus(secret)} {secret!r}")
        assert secret not in shown
        assert quote(secret, safe="") not in shown
        assert repr(secret)[1:-1] not in shown


@given(st.lists(SECRETS, min_size=1, max_size=4), TEXT)
def test_several_secrets_that_overlap_never_survive(secrets, between):
    shown = Redactor(secrets).text(between.join(secrets) + secrets[0][:-1] + "".join(secrets))
    assert not any(secret in shown for secret in secrets)


@given(SECRETS)
def test_a_redacted_header_shows_no_secret(secret):
    headers = {"X-Api-Key": secret, "Authorization": f"Bearer {secret}", "Cookie": secret, "Accept": f"a {secret} b"}
    assert secret not in "".join(Redactor([secret]).headers(headers).values())


@given(PLAIN, PLAIN, PLAIN, st.sampled_from(NAMES), st.booleans())
def test_a_url_shows_neither_login_nor_key(user, password, value, name, semicolon):
    assume(len({user, password, value}) == 3)
    host, path = "feeds.example:8443", "/a/b.xml"
    query = (";" if semicolon else "&").join(("page=2", urlencode({name: value}), "size=9"))
    shown = redact_url(f"https://{user}:{password}@{host}{path}?{query}#{value}")
    assert value not in shown
    assert password not in shown
    assert f"{user}@" not in shown
    assert shown.startswith(f"https://{MASK}@{host}{path}?page=2")
    assert shown.endswith("size=9")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://h.example/f.xml", "https://h.example/f.xml"),
        ("https://h.example/f.xml?kind=full&keyword=a&turkey=", "https://h.example/f.xml?kind=full&keyword=a&turkey="),
        ("http://[::1]:80/f?%74oken=abc", "http://[::1]:80/f?%74oken=***"),
        ("https://h.example/@scope/f", "https://h.example/@scope/f"),
        ("http://u:p/w@h.example/f", "http://***"),
        ("http://u:p?w@h.example/f", "http://***"),
        ("http://u:p@ss@h.example/f", "http://***@h.example/f"),
        ("https://h.example/go?to=http%3A%2F%2Fx.example%2F%3Ftoken%3Dabc", "https://h.example/go?to=***"),
        ("/f.xml?sig=abc", "/f.xml?sig=***"),
        ("not a url", "not a url"),
    ],
)
def test_urls_as_they_come(url, shown):
    assert redact_url(url) == shown


@given(st.text())
def test_any_text_can_be_redacted_and_twice_is_once(text):
    once = redact_url(text)
    assert redact_url(once) == once
    assert isinstance(Redactor().foreign(text), str)


def test_urls_are_redacted_inside_text():
    text = "moved to https://u:pw@h.example/f?apikey=abc123 (see <http://h.example/?token=x>)"
    assert Redactor().text(text) == "moved to https://***@h.example/f?apikey=*** (see <http://h.example/?token=***>)"


@pytest.mark.parametrize(
    "said",
    [
        '{"error": "bad", "api_key": "s3cr3t-value"}',
        "Authorization: Basic s3cr3t-value",
        "invalid token s3cr3t-value",
        "password=s3cr3t-value&user=a",
        '{\\"token\\": \\"s3cr3t-value\\"}',
    ],
)
def test_what_a_server_repeats_under_a_telling_name_is_masked(said):
    assert "s3cr3t-value" not in Redactor().foreign(said)


def test_what_a_server_says_stays_readable():
    said = '{"code": 17, "message": "stock of item 8690 is negative"}'
    assert Redactor(["s3cr3t"]).foreign(said) == said


@pytest.mark.parametrize(
    "name", [*NAMES, "Authorization", "Set-Cookie", "X-Api-Key", "Parola", "consumer_key", "sid", "auth"]
)
def test_names_that_speak_of_secrets(name):
    assert is_sensitive(name)


@pytest.mark.parametrize(
    "name", ["keyword", "page", "kategori", "passage", "author", "signal", "sku", "monkeys", "currency"]
)
def test_names_that_do_not(name):
    assert not is_sensitive(name)


def test_header_lines():
    assert redact_headers({"X-Api-Key": "a", "Accept": "b"}) == {"X-Api-Key": MASK, "Accept": "b"}


def test_short_values_are_not_searched_for_but_known_ones_can_be_added():
    redactor = Redactor(["abc"])
    assert redactor.text("abc abcd") == "abc abcd"
    assert redactor.knowing(["abcd"]).text("abc abcd") == "abc ***"
