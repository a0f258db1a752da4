"""Servers on the loopback interface for tests: a well-behaved one, and one that writes whatever bytes it is told."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CLIENT_LEFT = (BrokenPipeError, ConnectionResetError, OSError)


@dataclass
class Seen:
    """A request as the server saw it."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Server:
    """Where a server listens and what it was asked."""

    host: str
    port: int
    scheme: str = "http"
    seen: list[Seen] = field(default_factory=list)

    def url(self, path: str = "/feed.csv", host: str = "") -> str:
        name = host or (f"[{self.host}]" if ":" in self.host else self.host)
        return f"{self.scheme}://{name}:{self.port}{path}"


@dataclass
class Reply:
    """What the well-behaved server answers."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


Script = Callable[[Seen], Reply]


@contextmanager
def serving(script: Script, host: str = "127.0.0.1", wrap: Callable[[socket.socket], socket.socket] | None = None):
    """Serve HTTP/1.1 as `script` says; `wrap` puts TLS around the listening socket."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            seen = Seen(self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, body)
            server.seen.append(seen)
            reply = script(seen)
            self.send_response(reply.status)
            sized = {"Content-Length": str(len(reply.body))} if reply.status != 304 else {}
            for name, value in (sized | reply.headers).items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(reply.body)

        do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815  the names that http.server looks for

        def log_message(self, *_: object) -> None:
            """Nothing: the test looks at `seen`."""

    class Listener(ThreadingHTTPServer):
        address_family = socket.AF_INET6 if ":" in host else socket.AF_INET

        def handle_error(self, *_: object) -> None:
            """A client that leaves is part of the test."""

    listener = Listener((host, 0), Handler)
    if wrap is not None:
        listener.socket = wrap(listener.socket)
    server = Server(host, listener.server_address[1], "https" if wrap else "http")
    thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.005}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        listener.shutdown()
        listener.server_close()
        thread.join()


@contextmanager
def speaking(script: Callable[[socket.socket], None]) -> Iterator[Server]:
    """Serve raw bytes: `script` gets the connection once a request's header has come, and may misbehave."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = Server("127.0.0.1", listener.getsockname()[1])

    def talk(connection: socket.socket) -> None:
        with connection, suppress(*CLIENT_LEFT):
            head = b""
            while b"\r\n\r\n" not in head:
                piece = connection.recv(65536)
                if not piece:
                    return
                head += piece
            server.seen.append(Seen(*head.decode("latin-1").split(" ", 2)[:2], headers={}, body=b""))
            script(connection)

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=talk, args=(connection,), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()
