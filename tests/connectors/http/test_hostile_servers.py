"""Servers that break off, stall, drip or never end: each is stopped in time, with words that say what happened."""

import socket
import threading
import time

import pytest

from connectors.http.call import Call
from connectors.http.failures import HttpPermanent, HttpTransient
from tests.connectors.loopback import speaking

OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\n"
SOON = 8.0
"""Seconds within which every one of these must be over, on a busy machine too."""


@pytest.fixture(autouse=True)
def _in_time():
    begun = time.monotonic()
    yield
    assert time.monotonic() - begun < SOON


def drip(connection: socket.socket, piece: bytes = b"x") -> None:
    """Send a little for ever, until the client leaves."""
    never = threading.Event()
    while not never.wait(0.01):
        connection.sendall(piece)


def flood(connection: socket.socket) -> None:
    """Send as fast as it goes, until the client leaves."""
    while True:
        connection.sendall(b"y" * 65536)


def ask(new_client, script, *, settings=None, **call):
    with speaking(script) as server:
        try:
            return new_client(**{"attempts": 1, **(settings or {})}).request(Call(server.url(), **call))
        finally:
            ask.seen = len(server.seen)


def test_a_server_that_dies_mid_body_is_transient_and_the_bytes_are_named(new_client):
    def script(connection):
        connection.sendall(OK + b"Content-Length: 5000\r\n\r\n" + b"x" * 1234)

    with pytest.raises(HttpTransient, match="ended after 1,234 of 5,000 bytes"):
        ask(new_client, script)
    with pytest.raises(HttpTransient, match="gave up after 3 attempts"):
        ask(new_client, script, settings={"attempts": 3})
    assert ask.seen == 3


def test_a_connection_reset_mid_body(new_client):
    def script(connection):
        connection.sendall(OK + b"Content-Length: 5000\r\n\r\n" + b"x" * 10)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    with pytest.raises(HttpTransient, match=r"after \d+ of 5,000 bytes"):
        ask(new_client, script)


def test_a_chunked_body_without_its_end(new_client):
    with pytest.raises(HttpTransient, match="ended after 5 bytes; the rest never came"):
        ask(new_client, lambda c: c.sendall(OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n"))


def test_a_body_without_length_ends_with_the_connection(new_client):
    assert ask(new_client, lambda c: c.sendall(OK + b"\r\nall of it")).content == b"all of it"


def test_an_endless_body_is_stopped_by_the_byte_bound(new_client):
    def script(connection):
        connection.sendall(OK + b"\r\n")
        flood(connection)

    with pytest.raises(HttpPermanent, match="sends more, but 3,000,000 are allowed"):
        ask(new_client, script, max_bytes=3_000_000)


@pytest.mark.parametrize("send", [drip, flood])
def test_an_endless_body_is_stopped_by_the_deadline(new_client, send):
    def script(connection):
        connection.sendall(OK + b"\r\n")
        send(connection)

    def count(answer):
        return sum(map(len, answer.chunks()))

    words = r"time allowed .*\(`total_timeout`\) after [\d,]+ bytes"
    with speaking(script) as server, pytest.raises(HttpTransient, match=words):
        new_client(attempts=9).exchange(Call(server.url(), total_timeout=0.3), count)


@pytest.mark.parametrize("head", [b"", OK + b"X-Drip: "], ids=["status line", "header"])
def test_a_dripping_header_is_stopped_by_the_deadline(new_client, head):
    def script(connection):
        connection.sendall(head)
        drip(connection, b"H" if head else b"\r")

    with pytest.raises(HttpTransient):
        ask(new_client, script, total_timeout=0.3)


def test_a_silent_server_is_left_after_the_read_timeout(new_client):
    for start, words in (
        (b"", "fell silent$"),
        (OK + b"Content-Length: 9\r\n\r\nabc", "fell silent after 3 of 9 bytes"),
    ):

        def script(connection, start=start):
            connection.sendall(start)
            connection.recv(1)  # until the client leaves

        with pytest.raises(HttpTransient, match=words):
            ask(new_client, script, settings={"read_timeout": 0.15})


def test_an_error_whose_explanation_drips_is_still_told(new_client, monkeypatch):
    monkeypatch.setattr("connectors.http.client._EXCERPT_SECONDS", 0.2)

    def script(connection):
        connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\nContent-Length: 1000000\r\n\r\n")
        drip(connection)

    with pytest.raises(HttpPermanent, match="answered 404"):
        ask(new_client, script)


@pytest.mark.parametrize(
    ("bytes_sent", "kind", "words"),
    [
        (OK + b"X-Huge: " + b"h" * 300_000 + b"\r\n\r\n", HttpPermanent, "header lines of the answer exceed 100 KB"),
        (b"", HttpTransient, "broke before an answer"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", HttpTransient, "broke before an answer"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcde", HttpTransient, "broke before"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\nabcde", HttpTransient, "broke before"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\nZZZ\r\n", HttpTransient, "ended after 0 bytes"),
        (b"HTTP/1.1 204 No Content\r\n\r\nmore", None, ""),
    ],
    ids=["huge header", "nothing", "not http", "two lengths", "no number", "bad chunk", "body where none may be"],
)
def test_nonsense(new_client, bytes_sent, kind, words):
    if kind is None:
        assert ask(new_client, lambda c: c.sendall(bytes_sent)).content == b""
        return
    with pytest.raises(kind, match=words):
        ask(new_client, lambda c: c.sendall(bytes_sent))


def test_nobody_listens(new_client):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(HttpTransient, match=r"no connection .*gave up after 2 attempts") as caught:
        new_client(attempts=2).request(Call(f"http://127.0.0.1:{port}/"))
    assert caught.value.sent is False


def test_a_resolver_that_hangs_is_left(new_client):
    hanging = threading.Event()
    client = new_client(attempts=1, connect_timeout=0.1, resolve=lambda _host, _port: hanging.wait(30) or [])
    with pytest.raises(HttpTransient, match=r"feeds\.example was not resolved in time"):
        client.request(Call("http://feeds.example/"))
    hanging.set()


def test_a_name_that_does_not_resolve(new_client):
    def nowhere(_host, _port):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    with pytest.raises(HttpTransient, match=r"feeds\.example does not resolve: check its spelling"):
        new_client(attempts=1, resolve=nowhere).request(Call("http://feeds.example/"))
    with pytest.raises(HttpTransient, match="has no address"):
        new_client(attempts=1, resolve=lambda _host, _port: []).request(Call("http://feeds.example/"))
