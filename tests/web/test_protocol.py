"""What comes over a socket: slow, endless, in pieces, contradictory, or nothing at all."""

import json
import select
import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn

from meschain.web import gate, protocol
from meschain.web.protocol import HEAD_BYTES, BoundedProtocol
from tests.web.conftest import Owner
from tests.web.stage import PROBLEM, Stage
from tests.web.wire import ask, free_port, wire

LIVE = b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"
SOON = 0.4


@pytest.fixture(scope="module")
def port(stage: Stage) -> Iterator[int]:
    """A real server on loopback, with little patience."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(protocol, "PATIENCE_SECONDS", SOON)
        patched.setattr(gate, "BODY_SECONDS", 2 * SOON)
        config = uvicorn.Config(
            stage.app, port=(number := free_port()), http=BoundedProtocol, ws="none", lifespan="off", log_config=None,
            server_header=False, timeout_keep_alive=1,
        )  # fmt: skip
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield number
        server.should_exit = True
        thread.join()


@pytest.fixture(autouse=True)
def _lives(port: int) -> Iterator[None]:
    """Whatever was sent, the next one is served."""
    yield
    reply = ask(port, LIVE)
    assert reply is not None
    assert reply.status == 200


def test_a_head_may_come_in_pieces(port: int) -> None:
    reply = ask(port, *(LIVE[at : at + 1] for at in range(len(LIVE))))
    assert reply is not None
    assert reply.status == 200


@pytest.mark.parametrize("begun", [b"", b"\r\n", b"GET /health/live HTTP/1.1\r\nHost:", b"G"])
def test_who_does_not_come_to_the_point_is_left(port: int, begun: bytes) -> None:
    with wire(port) as slow:
        slow.send(begun)
        assert slow.ends_within(4 * SOON)


@pytest.mark.parametrize("begun", [b"\r\n", b"GET /health/live HTTP/1.1\r\nHost:"])
def test_nor_is_it_waited_for_between_two_requests(port: int, begun: bytes) -> None:
    with wire(port) as slow:
        slow.send(LIVE)
        assert slow.reply() is not None
        slow.send(begun)
        assert slow.ends_within(4 * SOON)


def test_a_head_that_grows_slowly_is_left_too(port: int) -> None:
    with wire(port) as slow:
        begun = time.monotonic()
        slow.send(b"GET /health/live HTTP/1.1\r\n")
        with pytest.raises(ConnectionError):  # noqa: PT012  one of them
            while time.monotonic() - begun < 10 * SOON:
                slow.send(b"x-a: b\r\n")
                time.sleep(SOON / 8)
        assert time.monotonic() - begun < 4 * SOON


@pytest.mark.parametrize("line", [b"x-a: b\r\n", b"x-a: " + b"b" * 500 + b"\r\n", b"b" * 1000])
def test_a_head_without_end_is_refused(port: int, line: bytes) -> None:
    with wire(port) as endless:
        endless.send(b"GET /health/live HTTP/1.1\r\nx-long: ")
        sent = 0
        try:
            while sent < 1024 * HEAD_BYTES:
                endless.send(line * 64)
                sent += 64 * len(line)
        except ConnectionError:
            pass
        assert sent < 1024 * HEAD_BYTES
        reply = endless.reply()
        assert reply is None or reply.status in {400, 431}


def test_a_large_head_is_no_endless_one(port: int) -> None:
    reply = ask(port, b"GET /health/live HTTP/1.1\r\nHost: x\r\n" + b"x-a: bbbbbbbbbb\r\n" * 1000 + b"\r\n")
    assert reply is not None
    assert reply.status == 200


@pytest.mark.parametrize("size", [0, 1, 5, 70_000, 500_000])
def test_a_body_may_come_in_pieces_of_any_size(port: int, owner: Owner, size: int) -> None:
    body = b'{"name": "in pieces"}'
    head = _head("PATCH", "/v1/me", owner.token)
    whole = b"".join(b"%x\r\n%c\r\n" % (1, byte) for byte in body) + b"0\r\n\r\n"
    whole = whole.replace(b"0\r\n\r\n", (b"%x\r\n" % size + b" " * size + b"\r\n" if size else b"") + b"0\r\n\r\n")
    reply = ask(port, head + b"Transfer-Encoding: chunked\r\n\r\n", whole[:7], whole[7:20], whole[20:], pause=0.02)
    assert reply is not None
    assert reply.status == 200


def test_a_body_without_end_is_refused(port: int, owner: Owner) -> None:
    with wire(port) as endless:
        endless.send(_head("PATCH", "/v1/me", owner.token) + b"Transfer-Encoding: chunked\r\n\r\n")
        try:
            for _ in range(40):
                endless.send(b"10000\r\n" + b" " * 65536 + b"\r\n")
        except ConnectionError:
            pass
        reply = endless.reply()
        assert reply is not None
        assert reply.status == 413
        assert endless.ends_within(4 * SOON)


def test_a_body_that_never_comes_is_given_up(port: int, owner: Owner) -> None:
    with wire(port) as slow:
        slow.send(_head("PATCH", "/v1/me", owner.token) + b"Content-Length: 100\r\n\r\n{")
        reply = slow.reply()
        assert reply is not None
        assert reply.status == 408
        assert slow.ends_within(4 * SOON)


def test_what_is_left_of_an_answered_request_is_not_waited_for(port: int) -> None:
    with wire(port) as slow:
        slow.send(b"POST /v1/me/nothing HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n{")
        reply = slow.reply()
        assert reply is not None
        assert reply.status == 404
        assert slow.ends_within(4 * SOON)


def test_who_leaves_in_the_middle_harms_nobody(port: int, owner: Owner) -> None:
    for sent in (b"Content-Length: 100\r\n\r\n{", b"Transfer-Encoding: chunked\r\n\r\n5\r\n{", b"Content-"):
        with wire(port) as leaving:
            leaving.send(_head("PATCH", "/v1/me", owner.token) + sent)


def test_a_client_that_asks_first_is_told_to_go_on(port: int, owner: Owner) -> None:
    with wire(port) as asking:
        body = b'{"name": "after all"}'
        asking.send(_head("PATCH", "/v1/me", owner.token) + b"Expect: 100-continue\r\nContent-Length: 21\r\n\r\n")
        going_on = asking.reply()
        assert going_on is not None
        assert going_on.status == 100
        asking.send(body)
        reply = asking.reply()
        assert reply is not None
        assert reply.status == 200


def test_what_follows_a_body_is_no_header(port: int, owner: Owner) -> None:
    trailer = b"Authorization: Bearer " + owner.token.encode() + b"\r\nX-Request-Id: from-a-trailer\r\n"
    head = b"PATCH /v1/me HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    for sent in ([head + b"2\r\n{}\r\n0\r\n" + trailer + b"\r\n"], [head, b"2\r\n{}\r\n0\r\n" + trailer + b"\r\n"]):
        reply = ask(port, *sent, pause=0.05)
        assert reply is not None
        assert reply.status == 401
        assert reply.headers["x-request-id"] != "from-a-trailer"


def test_requests_may_be_sent_ahead(port: int) -> None:
    with wire(port) as ahead:
        ahead.send(LIVE * 20)
        assert [reply.status for _ in range(20) if (reply := ahead.reply())] == [200] * 20


def test_head_has_no_body_on_the_wire(port: int) -> None:
    with wire(port) as connection:
        connection.send(LIVE.replace(b"GET", b"HEAD"))
        reply = connection.reply(head=True)
        assert reply is not None
        assert int(reply.headers["content-length"]) > 0
        connection.send(LIVE)
        after = connection.reply()
        assert after is not None
        assert (after.status, after.body) == (200, b'{"status":"ok"}')


@pytest.mark.parametrize(
    "sent",
    [
        b"POST /v1/auth/token HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /v1/auth/token HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
        b"POST /v1/auth/token HTTP/1.1\r\nHost: x\r\nContent-Length: +5\r\n\r\nabcde",
        b"POST /v1/auth/token HTTP/1.1\r\nHost: x\r\nContent-Length: " + b"9" * 40 + b"\r\n\r\nabcde",
        b"POST /v1/auth/token HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        b"POST /v1/auth/token HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n\r\n",
        b"POST /v1/auth/token HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n\r\n",
        b"GET /health/live HTTP/1.1\r\nHost : x\r\n\r\n",
        b"GET /health/live HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET /health/live HTTP/1.1\r\nx: a\0b\r\n\r\n",
        b"GET /health/live HTTP/1.1\r\nx: a\rb\r\n\r\n",
        b"GET /health/live HTTP/1.1\r\nb\xc3\xbc: a\r\n\r\n",
        b"GET /health/live HTTP/3.7\r\nHost: x\r\n\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
        b"get /health/live HTTP/1.1\r\nHost: x\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"CONNECT example.com:443 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"\0" * 100,
    ],
)
def test_what_is_no_request_is_refused(port: int, sent: bytes) -> None:
    reply = ask(port, sent)
    assert reply is None or 400 <= reply.status < 500


@pytest.mark.parametrize(
    ("sent", "status", "kind"),
    [
        ([b"\0" * 100], 400, "bad-request"),
        ([b"GET /health/live HTTP/1.1\r\nx-long: ", b"a" * HEAD_BYTES, *[b"a"] * 20], 431, "head-too-large"),
    ],
)
def test_even_what_is_no_request_is_told_why(port: int, sent: list[bytes], status: int, kind: str) -> None:
    with wire(port) as odd:
        for part in sent:
            odd.send(part)
            if select.select([odd.socket], [], [], 0.05)[0]:
                break
        reply = odd.reply()
        assert reply is not None
        told = json.loads(reply.body)
        assert (reply.status, reply.headers["content-type"]) == (status, PROBLEM)
        assert (told["status"], told["type"]) == (status, f"/problems/{kind}")
        assert told["instance"] == reply.headers["x-request-id"]
        assert odd.ends_within(4 * SOON)


def test_a_body_out_of_form_is_answered_as_such(port: int, owner: Owner) -> None:
    reply = ask(
        port, _head("PATCH", "/v1/me", owner.token), b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\nnonsense\r\n"
    )
    assert reply is not None
    assert (reply.status, reply.headers["content-type"]) == (400, PROBLEM)


def test_a_refusal_is_never_taken_for_the_answer_to_an_earlier_request(port: int) -> None:
    for requests in (1, 3):
        with wire(port) as ahead:
            ahead.send(LIVE * requests + b"\0" * 100)
            replies = []
            while (reply := ahead.reply()) is not None:
                replies.append(reply.status)
            assert replies == [200] * len(replies)
            assert len(replies) <= requests


@pytest.mark.parametrize(
    "line",
    [
        b"GET http://evil.example/health/live HTTP/1.1\r\nHost: x\r\n",
        b"GET /health/live HTTP/1.0\r\n",
        b"GET  /health/live HTTP/1.1\r\nHost: x\r\n",
        b"GET /health/live HTTP/1.1\r\n",
        b"GET /health/live?%00=%ff&a HTTP/1.1\r\nHost: x\r\n",
        b"GET /health/live HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: upgrade\r\n",
        b"GET /health/live HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\n",
        b"GET /health/live HTTP/1.1\r\nHost: \xff\xfe\r\nUser-Agent: \xf0\x9f\r\nCookie: \xff=\xfe\r\n",
        b"GET /health/live HTTP/1.1\r\nHost: x\r\nx-forwarded-for: \xff\r\nx-request-id: \xff\r\n",
        b"GET /health/live HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \xff\r\nAuthorization: Basic x\r\n",
        b"GET /health/live HTTP/1.1\r\nHost: x\r\nAccept: " + b"a/b," * 3000 + b"\r\n",
        b"GET /health/live HTTP/1.1\r\nHost: x\r\nContent-Type: \xff;\xff=\r\nOrigin: null\r\nRange: bytes=0-\r\n",
    ],
)
def test_what_is_odd_but_a_request_is_served(port: int, line: bytes) -> None:
    reply = ask(port, line + b"\r\n")
    assert reply is not None
    assert reply.status in {200, 422}


@pytest.mark.parametrize("value", [b"\xff\xfe", b"\x80" * 500, b"x" * 5000, b"%00", b"'; --", b"a\tb"])
def test_any_header_is_kept_as_text(port: int, owner: Owner, value: bytes) -> None:
    """Who asked by what program stands in the log: what the program says of itself must not disturb it."""
    body = b"username=a@b.example&password=x"
    reply = ask(
        port,
        b"POST /v1/auth/token HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        b"User-Agent: " + value + b"\r\nContent-Length: %d\r\n\r\n" % len(body) + body,
    )
    assert reply is not None
    assert reply.status == 401


def _head(method: str, path: str, token: str) -> bytes:
    return (
        f"{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAuthorization: Bearer {token}\r\n"
    ).encode()
