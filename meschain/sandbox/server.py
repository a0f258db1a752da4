"""A feed server on the loopback address that behaves like suppliers' servers, good and bad. For demo and tests only."""

import hashlib
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate, parsedate_to_datetime
from enum import Enum, auto
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

logger = logging.getLogger(__name__)

PRIVATE_ADDRESS = "http://10.11.12.13/feed.xml"
"""Where a feed must never be fetched from: the target of `Fault.REDIRECT_TO_PRIVATE`."""
_TYPES = {".xml": "application/xml", ".csv": "text/csv", ".ndjson": "application/x-ndjson", ".gz": "application/gzip"}
_PIECE = 64 * 1024


class Fault(Enum):
    """What the server does wrong instead of serving a file it has."""

    NONE = auto()
    DIES_MID_BODY = auto()
    """Promises the whole length, sends half, hangs up."""
    HTML = auto()
    """Status 200 with a page for people."""
    ENDLESS = auto()
    """Sends without length and without end."""
    REDIRECT_TO_PRIVATE = auto()
    SERVER_ERROR = auto()
    """Status 503 with Retry-After."""


class Served(NamedTuple):
    """One answered request."""

    path: str
    status: int


class FeedServer(ThreadingHTTPServer):
    """Serves a folder with ETag and Last-Modified; `fault` and `folder` may be switched while it runs."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, folder: Path, key: tuple[str, str] | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.folder = folder
        self.key = key
        """A header and the value it must have; other requests get 401."""
        self.fault = Fault.NONE
        self.served: list[Served] = []
        self.stopping = threading.Event()

    def url(self, name: str) -> str:
        """Address of a file of the folder."""
        return f"http://127.0.0.1:{self.server_port}/{name}"

    def find(self, address: str) -> Path | None:
        """The file behind an address; None if there is none, or none inside the folder."""
        path = (self.folder / unquote(urlsplit(address).path).lstrip("/")).resolve()
        return path if path.is_file() and path.is_relative_to(self.folder.resolve()) else None


@contextmanager
def serving(folder: Path, key: tuple[str, str] | None = None) -> Iterator[FeedServer]:
    """A running server for the time of a block, on a free port."""
    with FeedServer(folder, key) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.stopping.set()
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FeedServer

    def do_GET(self) -> None:
        """Serve a file, or the fault that is switched on."""
        path = self.server.find(self.path)
        key = self.server.key
        if key is not None and self.headers.get(key[0]) != key[1]:
            self._answer(HTTPStatus.UNAUTHORIZED)
        elif path is None:
            self._answer(HTTPStatus.NOT_FOUND)
        elif self.server.fault is Fault.NONE:
            self._send_file(path)
        else:
            self._misbehave(path)

    def do_HEAD(self) -> None:
        """The same headers without a body."""
        self.do_GET()

    def _send_file(self, path: Path) -> None:
        modified = int(path.stat().st_mtime)
        with path.open("rb") as file:
            tag = f'"{hashlib.file_digest(file, "blake2s").hexdigest()[:32]}"'
        headers = {"ETag": tag, "Last-Modified": formatdate(modified, usegmt=True)}
        if self._is_fresh(tag, modified):
            self._answer(HTTPStatus.NOT_MODIFIED, headers)
            return
        headers["Content-Type"] = _TYPES.get(path.suffix, "application/octet-stream")
        self._answer(HTTPStatus.OK, headers, length=path.stat().st_size)
        if self.command == "HEAD":
            return
        with path.open("rb") as file:
            while piece := file.read(_PIECE):
                self.wfile.write(piece)

    def _is_fresh(self, tag: str, modified: int) -> bool:
        """Does the client hold this state already? If-None-Match decides where it is given (RFC 9110, 13.1)."""
        tags = self.headers.get("If-None-Match")
        if tags is not None:
            return tags.strip() == "*" or tag in (one.strip().removeprefix("W/") for one in tags.split(","))
        since = self.headers.get("If-Modified-Since")
        try:
            return since is not None and modified <= parsedate_to_datetime(since).timestamp()
        except ValueError:
            return False

    def _misbehave(self, path: Path) -> None:
        match self.server.fault:
            case Fault.DIES_MID_BODY:
                body = path.read_bytes()
                self._answer(HTTPStatus.OK, {"Content-Type": "application/octet-stream"}, length=len(body))
                self.wfile.write(body[: len(body) // 2])
                self.close_connection = True
            case Fault.HTML:
                page = "<!doctype html><html><body><h1>Bakımdayız</h1></body></html>".encode()
                self._answer(HTTPStatus.OK, {"Content-Type": "text/html; charset=utf-8"}, length=len(page))
                self.wfile.write(page)
            case Fault.ENDLESS:
                self._send_without_end(path.read_bytes()[:_PIECE] or b"\n")
            case Fault.REDIRECT_TO_PRIVATE:
                self._answer(HTTPStatus.FOUND, {"Location": PRIVATE_ADDRESS})
            case _:
                self._answer(HTTPStatus.SERVICE_UNAVAILABLE, {"Retry-After": "1"})

    def _send_without_end(self, piece: bytes) -> None:
        self._answer(HTTPStatus.OK, {"Content-Type": "application/octet-stream", "Connection": "close"}, length=None)
        self.close_connection = True
        try:
            while not self.server.stopping.is_set():
                self.wfile.write(piece)
        except OSError:
            logger.debug("the client had enough of %s", self.path)

    def _answer(self, status: HTTPStatus, headers: dict[str, str] | None = None, *, length: int | None = 0) -> None:
        self.server.served.append(Served(self.path, status))
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if length is not None and status is not HTTPStatus.NOT_MODIFIED:
            self.send_header("Content-Length", str(length))
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name the standard library gave it
        """To the log instead of the terminal."""
        logger.debug(format, *args)
