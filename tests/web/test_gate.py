"""What every request passes first and every answer last: ids, sizes, addresses, headers, methods, CORS."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import APIRouter, Request
from starlette.testclient import TestClient
from starlette.types import Message

from commerce.errors import Permanent
from meschain.settings import Settings
from meschain.web import gate
from meschain.web.app import create_app
from meschain.web.gate import Gate, RequestIdFilter, parse_networks
from tests.web.conftest import Owner
from tests.web.stage import Stage, check_problem, staged

OURS = "https://shop.example"
SAFE = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


@pytest.fixture(scope="module")
def tried(stage: Stage) -> Stage:
    """The stage with routes that fail or tell what they see."""
    router = APIRouter()

    @router.get("/trial/failing")
    def fail() -> None:
        raise ZeroDivisionError("the secret of the house")

    @router.post("/trial/echo")
    async def echo(request: Request) -> dict[str, Any]:
        return {"size": len(await request.body()), "client": request.client.host if request.client else None}

    @router.get("/trial/log")
    async def log() -> None:
        logging.getLogger("meschain.trial").warning("something")

    stage.app.include_router(router)
    return stage


@pytest.mark.parametrize("path", ["/v1/me", "/v1/auth/jwks", "/nothing", "/trial/failing", "/health/live"])
def test_every_answer_keeps_browsers_honest(tried: Stage, path: str) -> None:
    answered = tried.ask("GET", path)
    assert SAFE.items() <= dict(answered.headers).items()
    policy = answered.headers["content-security-policy"]
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    assert "server" not in answered.headers
    assert "strict-transport-security" not in answered.headers


def test_nothing_of_the_api_may_be_kept(tried: Stage, owner: Owner) -> None:
    for path in ("/v1/me", "/v1/auth/jwks", "/v1/openapi.json", "/v1/nothing"):
        assert tried.ask("GET", path, owner.token).headers["cache-control"] == "no-store"


def test_https_is_kept_to_where_people_come_by_https(tmp_path: Path) -> None:
    with staged(tmp_path / "home", public_url="https://meschain.example") as stage:
        assert stage.ask("GET", "/health/live").headers["strict-transport-security"] == "max-age=31536000"


def test_what_nobody_foresaw_is_answered_in_form_and_tells_nothing(
    tried: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    answered = tried.ask("GET", "/trial/failing", headers={"x-request-id": "the-id-of-it"})
    body = check_problem(answered, 500, "unforeseen")
    assert body["instance"] == "the-id-of-it"
    assert "secret" not in answered.text
    assert "ZeroDivisionError" not in answered.text
    assert "the secret of the house" in caplog.text


@pytest.mark.parametrize("given", ["a" * 8, "A-z_0:9.x", "01a21e25-4f8e-743b-a896-4b66542a4cdc", "x" * 64])
def test_a_request_keeps_the_id_it_came_with(stage: Stage, given: str) -> None:
    assert stage.ask("GET", "/health/live", headers={"x-request-id": given}).headers["x-request-id"] == given


@pytest.mark.parametrize("given", ["", "short", "x" * 65, "with blank", "new\tline-of-log", 'quote"d-id', "ünïcode-id"])
def test_an_id_that_could_disturb_a_log_is_not_taken(stage: Stage, given: str) -> None:
    answered = stage.ask("GET", "/health/live", headers={"x-request-id": given.encode()})
    assert answered.headers["x-request-id"] != given
    assert len(answered.headers["x-request-id"]) == 36


def test_no_two_requests_have_the_same_id(stage: Stage) -> None:
    assert len({stage.ask("GET", "/health/live").headers["x-request-id"] for _ in range(50)}) == 50


def test_the_log_says_which_request_it_is_about(tried: Stage, caplog: pytest.LogCaptureFixture) -> None:
    caplog.handler.addFilter(RequestIdFilter())
    tried.ask("GET", "/trial/log", headers={"x-request-id": "the-id-of-it"})
    logging.getLogger("meschain.trial").warning("outside")
    assert [record.request_id for record in caplog.records] == ["the-id-of-it", "-"]  # type: ignore[attr-defined]  # the filter gives it one


def test_the_id_of_a_request_stands_in_the_log_of_acts(stage: Stage, owner: Owner) -> None:
    stage.ask(
        "POST", "/v1/roles", owner.token, headers={"x-request-id": "traced-0001"}, json={"name": "r", "allow": []}
    )
    found = stage.ask("GET", "/v1/audit/entries?request_id=traced-0001", owner.token).json()["items"]
    assert [entry["tag"] for entry in found] == ["access:role:created"]


def test_a_body_that_is_announced_too_large_is_not_read(tried: Stage) -> None:
    answered = tried.ask("POST", "/trial/echo", content=b"x" * (1024**2 + 1))
    assert "1048576 bytes" in check_problem(answered, 413, "too-large")["detail"]
    assert SAFE.items() <= dict(answered.headers).items()
    assert tried.ask("POST", "/trial/echo", content=b"x" * 1024**2).json()["size"] == 1024**2


def test_a_body_that_grows_too_large_is_refused(tried: Stage, owner: Owner) -> None:
    def parts() -> Iterator[bytes]:
        yield b'{"name": "grown", "allow": []}'
        for _ in range(17):
            yield b" " * 65536

    check_problem(tried.ask("POST", "/trial/echo", content=parts()), 413, "too-large")
    headers = {"content-type": "application/json"}
    check_problem(tried.ask("POST", "/v1/roles", owner.token, content=parts(), headers=headers), 413, "too-large")
    assert tried.ask("GET", "/v1/roles/grown", owner.token).status_code == 404, "nothing of it was done"


@pytest.mark.parametrize("length", ["-1", "x", "9" * 30, "1e3", "٣", ""])
def test_a_senseless_length_is_no_reason_to_fail(tried: Stage, length: str) -> None:
    answered = tried.ask("POST", "/trial/echo", content=b"abc", headers={"content-length": length.encode()})
    assert answered.status_code in {200, 413}


def test_a_body_that_comes_too_slowly_is_given_up(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "BODY_SECONDS", 0.05)
    sent = asyncio.run(_talk(stage.app, "POST", "/v1/auth/token", _never()))
    assert sent[0]["status"] == 408


async def _never() -> AsyncIterator[bytes]:
    yield b"username="
    await asyncio.sleep(30)


async def _talk(app: Any, method: str, path: str, body: AsyncIterator[bytes]) -> list[Message]:
    """What the application sends in answer to a form that comes in parts."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": await anext(body, b""), "more_body": True}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http", "method": method, "path": path, "raw_path": path.encode(), "query_string": b"",
        "headers": [(b"content-type", b"application/x-www-form-urlencoded")], "client": ("192.0.2.1", 1),
    }  # fmt: skip
    await app(scope, receive, send)
    return sent


def test_head_is_get_without_the_body(stage: Stage, owner: Owner) -> None:
    for path in ("/v1/me", "/v1/roles", "/health/live", "/v1/openapi.json"):
        got, headed = stage.ask("GET", path, owner.token), stage.ask("HEAD", path, owner.token)
        assert (headed.status_code, headed.content) == (200, b"")
        assert headed.headers["content-length"] == got.headers["content-length"]
    assert stage.ask("HEAD", "/v1/me").status_code == 401
    assert stage.ask("HEAD", "/v1/me/password", owner.token).headers["allow"] == "PUT"


@pytest.mark.parametrize("method", ["OPTIONS", "TRACE", "PUT", "BREW"])
def test_a_method_that_is_not_there_is_answered_with_those_that_are(stage: Stage, method: str) -> None:
    answered = stage.ask(method, "/v1/me")
    check_problem(answered, 405, "method-not-allowed")
    assert answered.headers["allow"] == "GET, HEAD, PATCH"


def test_an_address_with_a_stroke_too_many_leads_nowhere(stage: Stage, owner: Owner) -> None:
    answered = stage.ask("GET", "/v1/me/", owner.token, headers={"host": "evil.example"})
    check_problem(answered, 404, "not-found")
    assert "location" not in answered.headers


class TestAddresses:
    """Whose address it is."""

    @pytest.fixture
    def behind(self, tried: Stage) -> Iterator[TestClient]:
        """A client whose address is that of a trusted proxy."""
        app = Gate(tried.app.build_middleware_stack(), tried.app.state.settings, parse_networks("10.0.0.0/8,::1"))
        return TestClient(app, client=("10.0.0.1", 5))

    @pytest.mark.parametrize(
        ("forwarded", "seen"),
        [
            ([], "10.0.0.1"),
            (["203.0.113.7"], "203.0.113.7"),
            (["198.51.100.1, 203.0.113.7"], "203.0.113.7"),
            (["198.51.100.1, 203.0.113.7, 10.2.3.4"], "203.0.113.7"),
            (["198.51.100.1", "203.0.113.7"], "203.0.113.7"),
            (["203.0.113.7", "10.2.3.4"], "203.0.113.7"),
            (["2001:db8::7"], "2001:db8::7"),
            (["::ffff:203.0.113.7"], "203.0.113.7"),
            (["203.0.113.7, nonsense"], "10.0.0.1"),
            (["nonsense, 203.0.113.7"], "203.0.113.7"),
            ([""], "10.0.0.1"),
            (["203.0.113.7:1234"], "10.0.0.1"),
            (["10.9.9.9, 10.8.8.8"], "10.9.9.9"),
            ([",,,"], "10.0.0.1"),
        ],
    )
    def test_of_a_trusted_proxys_word_as_much_is_taken_as_it_knows(
        self, behind: TestClient, forwarded: list[str], seen: str
    ) -> None:
        headers = [("x-forwarded-for", each) for each in forwarded]
        assert behind.post("/trial/echo", headers=headers).json()["client"] == seen

    def test_nobody_elses_word_is_taken(self, tried: Stage) -> None:
        app = Gate(tried.app.build_middleware_stack(), tried.app.state.settings, parse_networks("10.0.0.0/8"))
        for client, proxies in ((("203.0.113.9", 5), app), (("10.0.0.1", 5), tried.app)):
            asked = TestClient(proxies, client=client).post("/trial/echo", headers={"x-forwarded-for": "192.0.2.2"})
            assert asked.json()["client"] == client[0]

    def test_a_proxy_is_known_by_either_form_of_its_address(self, tried: Stage) -> None:
        app = Gate(tried.app.build_middleware_stack(), tried.app.state.settings, parse_networks("10.0.0.1"))
        asked = TestClient(app, client=("::ffff:10.0.0.1", 5)).post(
            "/trial/echo", headers={"x-forwarded-for": "192.0.2.2"}
        )  # fmt: skip
        assert asked.json()["client"] == "192.0.2.2"

    def test_a_setting_that_names_no_network_is_refused_in_words(self, tmp_path: Path) -> None:
        settings = Settings.model_validate({"home": tmp_path, "api": {"trusted_proxies": "10.0.0.0/8, nginx"}})
        with pytest.raises(Permanent, match="MESCHAIN_API__TRUSTED_PROXIES: 'nginx'"):
            create_app(settings)


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The API for pages of one other origin."""
    with staged(tmp_path_factory.mktemp("cors") / "home", cors_origins=OURS) as stage:
        yield stage


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", "http://shop.example", "https://shop.example.evil.example",
     "https://shop.example:8443", "https://shop.exampl", "HTTPS://SHOP.EXAMPLE", "https://shop.example/"],
)  # fmt: skip
def test_others_may_read_nothing(opened: Stage, origin: str) -> None:
    preflight = {"origin": origin, "access-control-request-method": "GET"}
    for answered in (
        opened.ask("OPTIONS", "/v1/me", headers=preflight),
        opened.ask("GET", "/v1/auth/jwks", headers={"origin": origin}),
    ):
        assert "access-control-allow-origin" not in answered.headers


def test_ours_may_send_and_read_what_the_api_needs(opened: Stage) -> None:
    preflight = {
        "origin": OURS,
        "access-control-request-method": "PATCH",
        "access-control-request-headers": "authorization, content-type, if-match, idempotency-key",
    }
    answered = opened.ask("OPTIONS", "/v1/tenant", headers=preflight)
    assert answered.status_code == 200
    assert answered.headers["access-control-allow-origin"] == OURS
    assert "access-control-allow-credentials" not in answered.headers
    got = opened.ask("GET", "/v1/auth/jwks", headers={"origin": OURS})
    assert got.headers["access-control-allow-origin"] == OURS
    assert "origin" in got.headers["vary"].lower()
    assert {"etag", "link", "retry-after"} <= set(
        got.headers["access-control-expose-headers"].lower().split(", ")
    )  # fmt: skip


def test_without_the_setting_there_are_no_such_pages(stage: Stage) -> None:
    preflight = {"origin": OURS, "access-control-request-method": "GET"}
    answered = stage.ask("OPTIONS", "/v1/me", headers=preflight)
    assert answered.status_code == 405
    assert not any(name.startswith("access-control") for name in answered.headers)
