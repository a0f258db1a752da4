"""What a call may hold, and where a redirect may lead it."""

import base64

import pytest

from commerce.errors import MesChainError, Refused
from connectors.http.call import Call, first_hop
from connectors.http.failures import HttpPermanent
from connectors.http.login import lift

KEYED = Call(
    "https://feeds.example/a/f.xml?page=1",
    headers={"X-Supplier-Thing": "header-key-1", "If-None-Match": '"v1"', "Cookie": "session-1"},
    query={"apikey": "query-key-1"},
    auth=("user", "password-1"),
    secrets=("header-key-1",),
)


def hop(call: Call = KEYED):
    return first_hop(call, "MesChain")


def test_a_request_carries_what_the_call_says():
    first = hop()
    assert str(first.url) == "https://feeds.example/a/f.xml?page=1&apikey=query-key-1"
    assert first.headers["authorization"] == "Basic " + base64.b64encode(b"user:password-1").decode()
    assert first.headers["user-agent"] == "MesChain"
    assert first.headers["accept-encoding"] == "gzip"
    assert first.shown == "GET https://feeds.example/a/f.xml?page=1&apikey=***"


def test_a_login_in_the_address_becomes_a_header_and_leaves_the_address():
    first = hop(Call("https://us%40er:p%2Fw%21xyz@feeds.example/f#part"))
    assert str(first.url) == "https://feeds.example/f"
    assert base64.b64decode(first.headers["authorization"][6:]) == b"us@er:p/w!xyz"


def test_no_representation_shows_a_secret():
    text = repr(KEYED) + repr(hop())
    assert not any(secret in text for secret in ("header-key-1", "query-key-1", "password-1", "session-1"))


@pytest.mark.parametrize(
    "location", ["/b.xml", "b.xml", "//feeds.example/b.xml", "https://feeds.example:443/b.xml", "?x=1"]
)
def test_a_redirect_within_the_origin_keeps_credentials(location):
    assert hop().follow(location).headers == hop().headers


@pytest.mark.parametrize(
    "location",
    ["https://other.example/f", "https://feeds.example:8443/f", "//cdn.feeds.example/f", "https://feeds.example.evil/"],
)
def test_a_redirect_to_another_origin_takes_no_credentials_along(location):
    headers = hop().follow(location).headers
    assert set(headers) == {"user-agent", "accept", "accept-encoding", "if-none-match"}
    assert "query-key-1" not in str(hop().follow(location).url)


def test_even_a_change_to_https_drops_credentials():
    call = Call("http://feeds.example/f", auth=("user", "password-1"))
    assert "authorization" not in hop(call).follow("https://feeds.example/f").headers


def test_a_login_in_a_redirect_is_not_used():
    following = hop().follow("https://me:secret-9@other.example/f")
    assert str(following.url) == "https://other.example/f"
    assert "authorization" not in following.headers


def test_keys_in_a_redirect_are_secrets_from_then_on():
    following = hop().follow("https://other.example/f?token=one-time-7")
    assert following.redactor.text("you sent one-time-7") == "you sent ***"
    assert "one-time-7" not in following.shown


@pytest.mark.parametrize(
    ("location", "kind"),
    [
        ("http://feeds.example/f", Refused),
        ("ftp://feeds.example/f", Refused),
        ("file:///etc/passwd", Refused),
        ("gopher://127.0.0.1:70/x", Refused),
        ("https://feeds.example:99999999/f", HttpPermanent),
        ("http://[::1", HttpPermanent),
    ],
)
def test_where_no_redirect_may_lead(location, kind):
    with pytest.raises(kind) as caught:
        hop().follow(location)
    assert "query-key-1" not in str(caught.value)


def test_a_write_follows_no_redirect():
    with pytest.raises(HttpPermanent, match="moved to https://other"):
        hop(Call("https://feeds.example/f", method="POST", content=b"{}")).follow("https://other.example/f")


@pytest.mark.parametrize(
    "call",
    [
        Call("feeds.example/f"),
        Call("ftp://feeds.example/f"),
        Call("http:///f"),
        Call("http://feeds.example:70000/f"),
        Call("http://[::1/f"),
        Call("http://feeds.example:port-s3cr3t/f"),
        Call("http://user:s3/cr3t@feeds.example/f"),
        Call("http://feeds.example/f", headers={"X-Key": "s3cr3t\r\nX-Evil: 1"}),
        Call("http://feeds.example/f", headers={"X-Key": "s3cr3t-ş"}),
        Call("http://feeds.example/f", headers={"Host": "s3cr3t.example"}),
        Call("http://feeds.example/f", headers={"Transfer-Encoding": "chunked"}),
    ],
    ids=lambda call: call.method + str(len(call.url)) + "".join(call.headers),
)
def test_a_call_that_cannot_be_sent_is_refused_in_words_without_secrets(call):
    with pytest.raises(MesChainError) as caught:
        hop(call)
    assert "s3cr3t" not in str(caught.value)
    assert "cr3t" not in str(caught.value)


@pytest.mark.parametrize(
    ("method", "again", "expected"), [("get", None, True), ("HEAD", None, True), ("PUT", None, False)]
)
def test_only_reading_is_repeated_unless_said_otherwise(method, again, expected):
    assert Call("http://h/", method=method, again=again).repeatable is expected
    assert Call("http://h/", method=method, again=True).repeatable
    assert not Call("http://h/", method=method, again=False).repeatable


def test_pasted_credentials_are_lifted_out_of_an_address():
    found = lift(" https://us%40er:p%2Fw@h.example:8443/f.php?kind=full%20x&apiKey=a%2Bb&sifre=c+d&k=1#frag ")
    assert found.url == "https://h.example:8443/f.php?kind=full%20x&k=1"
    assert (found.username, found.password, found.query) == ("us@er", "p/w", {"apiKey": "a+b", "sifre": "c d"})
    assert "p/w" not in repr(found)
    assert lift("https://h.example/f").url == "https://h.example/f"


def test_an_address_that_is_none_is_refused_without_showing_it():
    with pytest.raises(ValueError, match="no address") as caught:
        lift("https://user:s3cr3t@h\u2100.example/f")
    assert "s3cr3t" not in str(caught.value)
