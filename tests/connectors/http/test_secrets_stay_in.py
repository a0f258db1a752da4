"""Whatever goes wrong: no secret of the call stands in an error, in its chain, in a traceback or in a log line."""

import logging
import socket
import traceback

import pytest

from commerce.errors import MesChainError
from connectors.http.call import Call
from tests.connectors.loopback import Reply, serving, speaking

USER, PASSWORD, HEADER, QUERY, PASTED, EXTRA = (
    "kullanici-77",
    "p@ss/w ord%77",
    "header-Key-77",
    "query+key 77",
    "paste-77",
    "x-77-x",
)
SECRETS = (PASSWORD, HEADER, QUERY, PASTED, EXTRA, "p%40ss", "query%2Bkey", "query%2bkey", "a3VsbGFuaWNpLTc3")


def call_to(url: str) -> Call:
    login = "kullanici-77:p%40ss%2Fw%20ord%2577@"
    address = url.replace("://", f"://{login}") + f"?token={PASTED}"
    return Call(address, headers={"X-Api-Key": HEADER}, query={"apikey": QUERY}, secrets=(EXTRA,))


def echo(status: int, **headers: str):
    """Answer with everything that was sent, as a chatty server does."""

    def script(seen):
        said = f"{seen.target} {dict(seen.headers)} {EXTRA} user={USER} password={PASSWORD}"
        return Reply(status, said.encode(), {"Content-Type": "text/plain", **headers})

    return script


@pytest.fixture
def shown(caplog):
    """Everything a reader could see afterwards."""
    caplog.set_level(logging.DEBUG)
    texts: list[str] = []

    def look(error: BaseException) -> str:
        texts.append("".join(traceback.format_exception(error)))
        chain: BaseException | None = error
        while chain is not None:
            texts.append(f"{chain} {chain!r}")
            chain = chain.__cause__
        return "\n".join(texts + [record.getMessage() for record in caplog.records])

    return look


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500, 503])
def test_a_server_that_repeats_everything(client, shown, status):
    with serving(echo(status)) as server, pytest.raises(MesChainError) as caught:
        client.request(call_to(server.url()))
    text = shown(caught.value)
    assert f"answered {status}" in text
    assert not [secret for secret in SECRETS if secret in text]


@pytest.mark.parametrize(
    "location", ["http://10.0.0.1/?token=paste-77&a=x-77-x", "/again?apikey=query%2Bkey%2077", "ftp://u:x-77-x@h/"]
)
def test_a_redirect_that_repeats_secrets(client, shown, location):
    headers = {"Location": location, "Set-Cookie": f"session={HEADER}"}
    with serving(lambda _seen: Reply(302, headers=headers)) as server, pytest.raises(MesChainError) as caught:
        client.request(call_to(server.url()))
    assert not [secret for secret in SECRETS if secret in shown(caught.value)]


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"x-77-x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nBad header x-77-x paste-77\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nX-Echo: x-77-x\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: x-77-x\r\n\r\nabc",
    ],
)
def test_broken_answers(new_client, shown, sent):
    def script(connection: socket.socket) -> None:
        connection.sendall(sent)

    with speaking(script) as server, pytest.raises(MesChainError) as caught:
        new_client(attempts=2).request(call_to(server.url()))
    assert not [secret for secret in SECRETS if secret in shown(caught.value)]


def test_success_is_silent_too(client, shown):
    with serving(echo(200)) as server:
        reply = client.request(call_to(server.url()))
    text = shown(RuntimeError(repr(reply)))
    assert "GET http://127.0.0.1" in text, "what was asked is in the log"
    assert "'x-api-key': '***'" in text
    assert not [secret for secret in SECRETS if secret in text]
