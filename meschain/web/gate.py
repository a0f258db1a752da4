"""What every request passes first and every answer last: id, size, and the headers that keep browsers honest."""

import ipaddress
import logging
import re
from collections.abc import Sequence
from contextvars import ContextVar

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from meschain.settings import Settings
from meschain.store.ids import new_id
from meschain.web.problems import problem

_ID = re.compile(r"[A-Za-z0-9._:-]{8,64}")
_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
_HEADERS = (
    (b"content-security-policy", _CSP.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
)
_HSTS = (b"strict-transport-security", b"max-age=31536000")
_request_id: ContextVar[str] = ContextVar("request_id", default="")
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Gate:
    """The outermost layer of the application."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._most = settings.api.max_body_bytes
        self._proxies = parse_networks(settings.api.trusted_proxies)
        https = settings.public_url.startswith("https:")
        self._headers = (*_HEADERS, _HSTS) if https else _HEADERS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = dict(scope["headers"])
        request_id = given.get(b"x-request-id", b"").decode("latin-1")
        request_id = request_id if _ID.fullmatch(request_id) else new_id()
        scope.setdefault("state", {})["request_id"] = request_id
        self._find_client(scope, given)
        token = _request_id.set(request_id)
        body = _Body(receive, send, self._most, request_id)
        announced = given.get(b"content-length", b"")
        try:
            if announced.isdigit() and int(announced) > self._most:
                await body.refusal(scope, receive, self._dressed(scope, send, request_id))
            else:
                await self._app(scope, body.receive, self._dressed(scope, body.send, request_id))
        finally:
            _request_id.reset(token)

    def _dressed(self, scope: Scope, send: Send, request_id: str) -> Send:
        private = scope["path"].startswith(("/v1", "/console")) and not scope["path"].startswith("/console/static")

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [*message.get("headers", ()), (b"x-request-id", request_id.encode()), *self._headers]
                if private and not any(name == b"cache-control" for name, _ in headers):
                    headers.append((b"cache-control", b"no-store"))
                message["headers"] = [*headers, *scope.get("rate", ())]
            await send(message)

        return dressed

    def _find_client(self, scope: Scope, given: dict[bytes, bytes]) -> None:
        """Take the client's address from X-Forwarded-For, as far as it was written by proxies that we trust."""
        client = scope.get("client")
        if not self._proxies or client is None:
            return
        address, port = client
        for hop in reversed(given.get(b"x-forwarded-for", b"").decode("latin-1").split(",")):
            if not _within(address, self._proxies) or not _is_address(hop.strip()):
                break
            address, port = hop.strip(), 0
        scope["client"] = (address, port)


class _Body:
    """Measures a body as it comes; once it is too large, the answer says so, whatever the application made of it."""

    def __init__(self, receive: Receive, send: Send, most: int, request_id: str) -> None:
        self._receive, self._send, self._most = receive, send, most
        self._seen = 0
        self.refusal = problem(request_id, 413, "too-large", f"the body has more than {most} bytes")

    async def receive(self) -> Message:
        """The next part; the rest of a body that is too large is not read."""
        if self._seen > self._most:
            return {"type": "http.request", "body": b"", "more_body": False}
        message = await self._receive()
        self._seen += len(message.get("body", b""))
        return message if self._seen <= self._most else {"type": "http.request", "body": b"", "more_body": False}

    async def send(self, message: Message) -> None:
        """Pass an answer on, or the refusal in its place."""
        if self._seen <= self._most:
            await self._send(message)
        elif message["type"] == "http.response.start":
            ours = {name.lower() for name, _ in self.refusal.raw_headers}
            kept = [(name, value) for name, value in message["headers"] if name.lower() not in ours]
            headers = [*self.refusal.raw_headers, *kept]
            await self._send({"type": "http.response.start", "status": 413, "headers": headers})
            await self._send({"type": "http.response.body", "body": self.refusal.body})


class RequestIdFilter(logging.Filter):
    """Gives every log record the id of the request it is about."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep the record."""
        record.request_id = _request_id.get() or "-"
        return True


def parse_networks(text: str) -> list[Network]:
    """Networks from a list divided by commas."""
    return [ipaddress.ip_network(part.strip(), strict=False) for part in text.split(",") if part.strip()]


def _within(address: str, networks: Sequence[Network]) -> bool:
    return _is_address(address) and any(ipaddress.ip_address(address) in network for network in networks)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
