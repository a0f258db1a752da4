"""What is asked of the client (`Call`), and each request of it on the way through redirects (`Hop`). No I/O."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import unquote

import httpcore
import httpx

from commerce.errors import Refused
from connectors.http.decoding import ACCEPTED
from connectors.http.failures import HttpPermanent
from connectors.http.redaction import Redactor, is_sensitive, redact_url

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_ANONYMOUS = frozenset(
    {"accept", "accept-encoding", "accept-language", "if-modified-since", "if-none-match", "user-agent"}
)
"""The only headers that follow a redirect to another origin: any other may be somebody's key."""

_OURS = frozenset({"connection", "content-length", "host", "te", "trailer", "transfer-encoding", "upgrade"})
"""Headers that say where a message goes and ends; another hand on them could smuggle a second one."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request to make. Its representation shows no secret.

    `auth` is user and password (Basic). `query` is appended to the URL's own. `secrets` are further values to keep out
    of logs and errors. `again` says that it is safe to send twice; by default only reading methods are, for a PUT
    that is sent again late may overwrite newer stock. `total_timeout` (seconds) and `max_bytes` override the settings.
    """

    url: str = field(repr=False)
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    auth: tuple[str, str] | None = field(default=None, repr=False)
    content: bytes | None = field(default=None, repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    again: bool | None = None
    total_timeout: float | None = None
    max_bytes: int | None = None

    @property
    def repeatable(self) -> bool:
        """Whether a failed attempt may be followed by another."""
        return self.method.upper() in _SAFE if self.again is None else self.again


@dataclass(frozen=True, slots=True)
class Hop:
    """One request as it is sent. Its representation shows no secret either."""

    method: str
    url: httpx.URL = field(repr=False)
    headers: httpx.Headers = field(repr=False)
    content: bytes | None = field(repr=False)
    redactor: Redactor

    @property
    def conditional(self) -> bool:
        """Whether "not modified" is a possible answer."""
        return "if-none-match" in self.headers or "if-modified-since" in self.headers

    @property
    def shown(self) -> str:
        """Method and URL without secrets."""
        return self.redactor.text(f"{self.method} {redact_url(str(self.url))}")

    @property
    def port(self) -> int:
        """The port, also when it is the scheme's own."""
        return self.url.port or (443 if self.url.scheme == "https" else 80)

    @property
    def origin(self) -> tuple[str, str, int]:
        """Scheme, host and port: whom credentials are meant for."""
        return self.url.scheme, self.url.host, self.port

    def request(self, timeouts: Mapping[str, float]) -> httpcore.Request:
        """The request in httpcore's terms."""
        message = httpx.Request(self.method, self.url, headers=self.headers, content=self.content)
        url = message.url
        target = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        extensions: dict[str, Any] = {"timeout": dict(timeouts)}
        return httpcore.Request(
            message.method, target, headers=message.headers.raw, content=message.content, extensions=extensions
        )

    def follow(self, location: str) -> "Hop":
        """The request a redirect leads to; raises Refused or HttpPermanent when it must not be followed."""
        shown = self.redactor.text(redact_url(location))
        if self.method not in ("GET", "HEAD"):
            raise HttpPermanent(f"{self.shown}: it has moved to {shown}; only reading follows, so set the new address")
        try:
            url = _cleared(_with_real_port(self.url.join(location)))
        except (httpx.InvalidURL, UnicodeError):
            raise HttpPermanent(f"{self.shown}: redirected to {shown}, which is no address") from None
        if url.scheme not in ("http", "https") or not url.host:
            raise Refused(f"{self.shown}: redirected to {shown}; only http and https addresses are followed")
        if self.url.scheme == "https" and url.scheme == "http":
            raise Refused(f"{self.shown}: redirected from https to plain {shown}; not followed, ask the partner")
        hop = replace(self, url=url, redactor=self.redactor.knowing(_in_query(url)))
        if hop.origin == self.origin:
            return hop
        kept = {name: value for name, value in self.headers.items() if name in _ANONYMOUS}
        return replace(hop, headers=httpx.Headers(kept))


def first_hop(call: Call, user_agent: str) -> Hop:
    """The request to begin with; raises HttpPermanent when the call cannot be sent as it is."""
    redactor = Redactor(call.secrets)
    shown = redactor.text(f"{call.method.upper()} {redact_url(call.url)}")
    try:
        url = _with_real_port(httpx.URL(call.url))
        if call.query:
            url = url.copy_merge_params(call.query)
    except (httpx.InvalidURL, UnicodeError):
        raise HttpPermanent(f"{shown}: this is no address; check its spelling") from None
    if url.scheme not in ("http", "https") or not url.host:
        raise HttpPermanent(f"{shown}: an address must begin with http:// or https:// and name a host")
    login = call.auth or ((unquote(url.username), unquote(url.password)) if url.userinfo else None)
    headers = {"user-agent": user_agent, "accept": "*/*", "accept-encoding": ACCEPTED} | {
        name.lower(): value for name, value in call.headers.items()
    }
    if login is not None:
        headers.setdefault("authorization", _basic(*login))
    _check_headers(headers, shown)
    redactor = Redactor(_secrets(call, url, login, headers))
    return Hop(call.method.upper(), _cleared(url), httpx.Headers(headers), call.content, redactor)


def _in_query(url: httpx.URL) -> set[str]:
    return {value for name, value in url.params.multi_items() if is_sensitive(name)}


def _with_real_port(url: httpx.URL) -> httpx.URL:
    if not 0 < (url.port or 80) < 65536:
        raise httpx.InvalidURL("no such port")
    return url


def _cleared(url: httpx.URL) -> httpx.URL:
    """Without user, password and fragment: what is left is what goes over the wire."""
    return url.copy_with(userinfo=b"", fragment=None)


def _basic(user: str, password: str) -> str:
    return "Basic " + b64encode(f"{user}:{password}".encode()).decode("ascii")


def _check_headers(headers: Mapping[str, str], shown: str) -> None:
    for name, value in headers.items():
        if name in _OURS:
            raise HttpPermanent(f"{shown}: the header {name} follows from the request and cannot be set; take it out")
        if not name.isascii() or not value.isascii() or not value.isprintable():
            raise HttpPermanent(
                f"{shown}: the header {name!a} holds a line break or a letter headers cannot carry; check its value"
            )


def _secrets(call: Call, url: httpx.URL, login: tuple[str, str] | None, headers: Mapping[str, str]) -> set[str]:
    """Everything that must not be shown, for a server may repeat any of it in its answer or its redirect."""
    found = {*call.secrets, *_in_query(url)}
    for name, value in headers.items():
        if is_sensitive(name):
            found.update((value, value.partition(" ")[2]))
    if login is not None:
        found.add(login[1])
    return found
