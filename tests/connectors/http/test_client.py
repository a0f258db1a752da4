"""The client against a well-behaved server on loopback: answers, retries, limits, bodies."""

import contextlib
import gzip
import itertools
import threading

import pytest

from commerce.errors import Permanent, Transient
from connectors.http.call import Call
from connectors.http.client import HttpClient
from connectors.http.failures import HttpPermanent, HttpTransient, NotAsked
from connectors.http.hosts import Hosts
from connectors.http.settings import HttpSettings
from tests.connectors.loopback import Reply, serving, speaking


def in_turn(*replies: Reply):
    """Answer with each reply once and then with the last for ever."""
    left = itertools.chain(replies, itertools.repeat(replies[-1]))
    return lambda _seen: next(left)


def test_a_whole_answer(client):
    with serving(lambda _seen: Reply(200, b'{"a": 1}', {"Content-Type": "application/json"})) as server:
        reply = client.request(Call(server.url("/x?page=1"), query={"q": "a b&c"}, headers={"X-One": "1"}))
    assert (reply.status, reply.json(), reply.headers["content-type"]) == (200, {"a": 1}, "application/json")
    assert server.seen[0].target == "/x?page=1&q=a+b%26c"
    assert server.seen[0].headers["x-one"] == "1"
    assert server.seen[0].headers["host"] == f"127.0.0.1:{server.port}"


def test_an_answer_that_is_not_json_says_so(client):
    with serving(in_turn(Reply(200, b"<html>"))) as server, pytest.raises(HttpPermanent, match="not JSON"):
        client.request(Call(server.url())).json()


def test_connections_are_kept_and_cookies_are_not(client):
    with serving(in_turn(Reply(200, b"a", {"Set-Cookie": "who=me"}))) as server:
        for _ in range(3):
            client.request(Call(server.url()))
        assert len(client._pool.connections) == 1
        assert not any("cookie" in seen.headers for seen in server.seen)


def test_a_write_arrives_whole_and_is_sent_once_though_it_fails(client, waits):
    with serving(in_turn(Reply(503))) as server:
        with pytest.raises(HttpTransient) as caught:
            client.request(Call(server.url(), method="POST", content=b"x" * 300_000))
        assert [len(seen.body) for seen in server.seen] == [300_000]
        assert (caught.value.status, caught.value.sent, waits) == (503, True, [])


def test_a_write_declared_repeatable_is_repeated(client):
    with serving(in_turn(Reply(503), Reply(200, b"ok"))) as server:
        assert client.request(Call(server.url(), method="PUT", content=b"7", again=True)).content == b"ok"
        assert [seen.body for seen in server.seen] == [b"7", b"7"]


def test_429_waits_as_long_as_asked_and_goes_on(client, waits):
    with serving(in_turn(Reply(429, headers={"Retry-After": "7"}), Reply(200, b"feed"))) as server:
        assert client.request(Call(server.url(), total_timeout=60)).content == b"feed"
    assert waits == [7 + client.settings.backoff_base]


def test_a_server_cannot_ask_for_a_longer_wait_than_the_cap(new_client, waits):
    client = new_client(retry_after_cap=20, backoff_cap=1)
    with serving(in_turn(Reply(503, headers={"Retry-After": "86400"}), Reply(200))) as server:
        client.request(Call(server.url(), total_timeout=3600))
    assert waits == [20.5]


def test_no_wait_reaches_beyond_the_deadline(client, waits):
    with serving(in_turn(Reply(429, headers={"Retry-After": "30"}))) as server:
        with pytest.raises(HttpTransient, match="asks to wait 30 s") as caught:
            client.request(Call(server.url(), total_timeout=5))
        assert (caught.value.retry_after, len(server.seen), waits) == (30, 1, [])


def test_waits_double_up_to_the_cap_and_attempts_end(new_client, waits):
    client = new_client(attempts=6, backoff_base=1, backoff_cap=5, breaker_failures=99)
    with serving(in_turn(Reply(500))) as server:
        with pytest.raises(HttpTransient, match=r"answered 500.*gave up after 6 attempts"):
            client.request(Call(server.url(), total_timeout=100))
        assert len(server.seen) == 6
    assert waits == [1, 2, 4, 5, 5]


def test_jitter_is_spread_over_the_whole_wait():
    waits: list[float] = []
    settings = HttpSettings(
        allow_private=("127.0.0.1",), attempts=30, backoff_base=8, backoff_cap=8, rate=1e6, breaker_failures=99
    )
    with (
        HttpClient(settings, sleep=waits.append) as client,
        serving(in_turn(Reply(500))) as server,
        pytest.raises(Transient),
    ):
        client.request(Call(server.url()))
    assert len(set(waits)) == 29
    assert 0 <= min(waits) < 4 < max(waits) <= 8


def test_the_retry_budget_of_a_host_is_shared_by_all_calls(new_client):
    client = new_client(retries_per_minute=3, breaker_failures=99)
    with serving(in_turn(Reply(500))) as server:
        for _ in range(4):
            with pytest.raises(HttpTransient):
                client.request(Call(server.url()))
        assert len(server.seen) == 4 + 3


def test_500s_open_the_breaker_which_lets_a_probe_through_later(new_client, waits):
    now = [100.0]
    client = new_client(breaker_failures=6, breaker_cooldown=30)
    client._hosts = Hosts(client.settings, lambda: now[0])
    replies = iter([Reply(500)] * 6)
    with serving(lambda _seen: next(replies, Reply(200, b"back"))) as server:
        with pytest.raises(HttpTransient, match="answered 500"):
            client.request(Call(server.url()))
        with pytest.raises(
            NotAsked, match=r"failed 6 times in a row \(last: status 500\); try again in 30 s"
        ) as caught:
            client.request(Call(server.url()))
        assert len(server.seen) == 6
        assert (caught.value.sent, caught.value.retry_after) == (False, 30)
        with pytest.raises(NotAsked):
            client.request(Call(server.url("/other"), total_timeout=3600))
        assert len(waits) == 3 + 2, "who is told to leave a host alone does not try again"
        assert len(server.seen) == 6, "while open, the host is left in peace"
        now[0] += 31
        assert client.request(Call(server.url())).content == b"back"
        assert client.request(Call(server.url())).content == b"back"


def test_answers_that_blame_the_caller_do_not_open_the_breaker(new_client):
    client = new_client(breaker_failures=2, attempts=2)
    with serving(lambda seen: Reply(429 if seen.target == "/busy" else 404)) as server:
        for path in ("/gone", "/busy", "/gone", "/busy", "/gone"):
            with pytest.raises((HttpPermanent, HttpTransient), match="answered"):
                client.request(Call(server.url(path)))


@pytest.mark.parametrize("answered", [200, 404])
def test_any_answer_of_a_host_ends_its_row_of_failures(new_client, answered):
    client = new_client(breaker_failures=2, attempts=1)
    with serving(lambda seen: Reply(500 if seen.target == "/bad" else answered)) as server:
        for path in ("/bad", "/", "/bad", "/", "/bad"):
            with contextlib.suppress(HttpPermanent, HttpTransient):
                client.request(Call(server.url(path)))
        assert len(server.seen) == 5


def test_the_rate_limit_holds_over_threads(new_client, waits):
    client = new_client(rate=2, burst=5)
    with serving(in_turn(Reply(200))) as server:
        threads = [threading.Thread(target=client.request, args=(Call(server.url()),)) for _ in range(15)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(server.seen) == 15
        assert len(waits) == 10
        assert 4 < max(waits) <= 5
        with pytest.raises(NotAsked, match="rate limit leaves no turn"):
            client.request(Call(server.url(), total_timeout=1))
        assert len(server.seen) == 15


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, Permanent), (401, Permanent), (404, Permanent), (410, Permanent), (408, Transient), (302, Permanent)],
)
def test_a_status_becomes_its_kind_and_the_server_is_quoted(client, status, kind):
    said = Reply(status, b'{"message":\n "bad \x00 thing"}', {"Content-Type": "application/json"})
    with serving(in_turn(said)) as server, pytest.raises(kind) as caught:
        client.request(Call(server.url(), again=False))
    assert f"answered {status}" in str(caught.value)
    assert '{"message": "bad thing"}' in str(caught.value)


def test_304_is_an_answer_only_to_a_condition(client):
    with serving(in_turn(Reply(304))) as server:
        assert client.request(Call(server.url(), headers={"If-None-Match": '"a"'})).status == 304
        with pytest.raises(HttpPermanent, match="answered 304"):
            client.request(Call(server.url()))


def test_head_has_a_length_and_no_body(client):
    with serving(in_turn(Reply(200, b"12345"))) as server:
        reply = client.request(Call(server.url(), method="HEAD"))
    assert (reply.content, reply.headers["content-length"]) == (b"", "5")


def test_a_gzip_body_is_decoded_while_it_comes_and_counted_as_it_comes(client):
    body = b"sku;price\n" * 100_000
    packed = gzip.compress(body[:500_000]) + gzip.compress(body[500_000:])

    def read(answer):
        pieces = list(answer.chunks())
        return b"".join(pieces), answer.received, answer.expected, max(map(len, pieces))

    with serving(in_turn(Reply(200, packed, {"Content-Encoding": "gzip"}))) as server:
        text, received, expected, largest = client.exchange(Call(server.url()), read)
    assert text == body
    assert received == expected == len(packed)
    assert largest <= 1024 * 1024


@pytest.mark.parametrize(
    ("body", "encoding", "kind", "words"),
    [
        (gzip.compress(b"a" * 5000)[:-9], "gzip", Transient, "stops before its end mark"),
        (b"not gzip at all", "gzip", Permanent, "damaged"),
        (b"abc", "br", Permanent, "'br', which was not offered"),
    ],
    ids=["torn", "damaged", "not offered"],
)
def test_a_body_that_is_not_what_its_encoding_says(client, body, encoding, kind, words):
    with serving(in_turn(Reply(200, body, {"Content-Encoding": encoding}))) as server, pytest.raises(kind, match=words):
        client.request(Call(server.url()))


def test_a_bomb_is_stopped_at_the_bound(client):
    bomb = gzip.compress(b"\0" * 50_000_000)
    with serving(in_turn(Reply(200, bomb, {"Content-Encoding": "gzip"}))) as server:
        with pytest.raises(HttpPermanent, match="sends more, but 1,000,000 are allowed"):
            client.request(Call(server.url(), max_bytes=1_000_000))
        with pytest.raises(HttpPermanent, match=r"announces 4[\d,]+ bytes, but 1,000 are"):
            client.request(Call(server.url(), max_bytes=1000))


def test_ipv6_loopback(client):
    with serving(in_turn(Reply(200, b"six")), host="::1") as server:
        assert client.request(Call(server.url())).content == b"six"
        assert server.seen[0].headers["host"] == f"[::1]:{server.port}"


def test_the_reader_runs_again_from_the_start_after_a_break(client):
    turns = itertools.count()

    def script(connection):
        body = b"0123456789"
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n" + (body if next(turns) else body[:4]))

    with speaking(script) as server:
        assert client.request(Call(server.url())).content == b"0123456789"
        assert len(server.seen) == 2
