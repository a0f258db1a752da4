"""What every request passes first and every answer last: id, size, and the headers that keep browsers honest."""

import asyncio
import ipaddress
import logging
import re
from collections.abc import Sequence
from contextvars import ContextVar

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from commerce.errors import Permanent
from meschain.settings import Settings
from meschain.store.ids import new_id
from meschain.web.problems import UNFORESEEN, problem

log = logging.getLogger(__name__)
BODY_SECONDS = 60.0
"""For how long somebody may take to send a body."""
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
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Gate:
    """The outermost layer of the application."""

    def __init__(self, app: ASGIApp, settings: Settings, proxies: Sequence[Network] = ()) -> None:
        self._app = app
        self._most = settings.api.max_body_bytes
        self._proxies = proxies
        https = settings.public_url.startswith("https:")
        self._headers = (*_HEADERS, _HSTS) if https else _HEADERS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope = {**scope, "method": "GET"} if scope["method"] == "HEAD" else scope  # the server sends no body then
        headers = Headers(scope=scope)
        request_id = headers.get("x-request-id", "")
        request_id = request_id if _ID.fullmatch(request_id) else new_id()
        scope.setdefault("state", {})["request_id"] = request_id
        self._find_client(scope, headers)
        answer = _Answer(scope, send, ((b"x-request-id", request_id.encode()), *self._headers))
        token = _request_id.set(request_id)
        try:
            await self._app(scope, _Body(receive, headers, self._most).receive, answer.send)
        except Exception:
            log.exception("A request failed")
            if answer.begun:
                raise
            await problem(request_id, 500, "unforeseen", UNFORESEEN)(scope, receive, answer.send)
        finally:
            _request_id.reset(token)

    def _find_client(self, scope: Scope, headers: Headers) -> None:
        """Take the client's address from X-Forwarded-For, as far as it was written by proxies that we trust."""
        client = scope.get("client")
        if not self._proxies or client is None:
            return
        address = parse_address(client[0])
        for text in reversed(",".join(headers.getlist("x-forwarded-for")).split(",")):
            hop = parse_address(text)
            if address is None or hop is None or not any(address in network for network in self._proxies):
                break
            address = hop
            scope["client"] = (str(hop), 0)


class _Answer:
    """Puts what every answer carries onto it."""

    def __init__(self, scope: Scope, send: Send, headers: Sequence[tuple[bytes, bytes]]) -> None:
        self._scope, self._send, self._headers = scope, send, headers
        self.begun = False

    async def send(self, message: Message) -> None:
        """Pass a part of the answer on."""
        if message["type"] == "http.response.start":
            self.begun = True
            own = [*message.get("headers", ())]
            said = {name for name, _ in own}
            headers = [*own, *(each for each in self._headers if each[0] not in said), *self._scope.get("rate", ())]
            if self._private and not any(name == b"cache-control" for name, _ in headers):
                headers.append((b"cache-control", b"no-store"))
            message["headers"] = headers
        await self._send(message)

    @property
    def _private(self) -> bool:
        """Whether nobody may keep the answer unless it says so itself."""
        path: str = self._scope["path"]
        return path.startswith(("/v1", "/console")) and not path.startswith("/console/static")


class _Body:
    """Measures a body as it comes; of one that is too large, or comes too slowly, no part is taken for the whole."""

    def __init__(self, receive: Receive, headers: Headers, most: int) -> None:
        self._receive, self._most = receive, most
        announced = headers.get("content-length", "")
        self._announced = int(announced) if re.fullmatch(r"[0-9]{1,18}", announced) else 0
        self._received = 0
        self._whole = False
        self._until = asyncio.get_running_loop().time() + BODY_SECONDS

    async def receive(self) -> Message:
        """The next part; raises HTTPException, which the framework lets pass."""
        if self._whole:
            return await self._receive()
        self._check(self._announced)
        try:
            async with asyncio.timeout_at(self._until):
                message = await self._receive()
        except TimeoutError:
            raise HTTPException(408, f"the body did not come within {BODY_SECONDS:g} seconds") from None
        self._received += len(message.get("body", b""))
        self._check(self._received)
        self._whole = not message.get("more_body", False)
        return message

    def _check(self, size: int) -> None:
        if size > self._most:
            raise HTTPException(413, f"the body has more than {self._most} bytes")


class RequestIdFilter(logging.Filter):
    """Gives every log record the id of the request it is about."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep the record."""
        record.request_id = _request_id.get() or "-"
        return True


def parse_networks(text: str) -> list[Network]:
    """Networks from a list divided by commas; Permanent if a part of it is none."""
    try:
        return [ipaddress.ip_network(part.strip(), strict=False) for part in text.split(",") if part.strip()]
    except ValueError as error:
        raise Permanent(
            f"MESCHAIN_API__TRUSTED_PROXIES: {error}; expected addresses or networks such as 10.0.0.0/8"
        ) from None


def parse_address(text: str) -> Address | None:
    """The address; one of IPv4 that is written as one of IPv6 as what it is. None if it is no address."""
    try:
        address = ipaddress.ip_address(text.strip())
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
