"""The Prefect server and the API as children of ours: started, awaited, told apart from others on the same port."""

import socket
import sys
import time
from collections.abc import Callable

from commerce.errors import MesChainError, Permanent, Transient
from connectors.http.call import Call
from connectors.http.client import HttpClient
from connectors.http.settings import HttpSettings
from meschain.operations.child import Child
from meschain.settings import Settings

Tell = Callable[[str], None]
START_SECONDS = 180.0
_LOOK_SECONDS = 0.2
_TELL_SECONDS = 10.0


def start_server(settings: Settings) -> Child:
    """Start the server the settings describe; Permanent if its port is taken. It answers some seconds later."""
    host, port = settings.prefect.host, settings.prefect.port
    if not is_free(host, port):
        raise Permanent(
            f"port {port} on {host} is taken by another program; stop that one, or set MESCHAIN_PREFECT__PORT to a "
            "free port (to use a Prefect server that runs already, set MESCHAIN_PREFECT__API_URL)"
        )
    command = [sys.executable, "-m", "uvicorn", "--factory", "meschain.runs.server:create_app"]
    options = ["--host", host, "--port", str(port), "--log-level", "warning", "--timeout-graceful-shutdown", "3"]
    return Child([*command, *options], settings.child_environment(), settings.logs_dir() / "prefect-server.log")


def start_api(settings: Settings) -> Child:
    """Start the API the settings describe; Permanent if its port is taken. It answers a second or two later."""
    host, port = settings.api.host, settings.api.port
    if not is_free(host, port):
        raise Permanent(f"port {port} on {host} is taken by another program; stop that one, or set MESCHAIN_API__PORT")
    return Child([sys.executable, "-m", "meschain.web"], settings.child_environment(), settings.logs_dir() / "api.log")


def await_server(settings: Settings, server: Child | None, tell: Tell, seconds: float = START_SECONDS) -> None:
    """Wait until the Prefect server answers; as `await_answer`."""
    await_answer(f"{settings.prefect_url}/health", "Prefect server", server, tell, seconds)


def await_api(settings: Settings, api: Child, tell: Tell) -> None:
    """Wait until the API answers; as `await_answer`."""
    await_answer(f"{settings.api_url}/health/live", "API", api, tell)


def await_answer(url: str, what: str, child: Child | None, tell: Tell, seconds: float = START_SECONDS) -> None:
    """Wait until something answers there, saying now and then that we wait.

    Raises Permanent when `child` ended instead, Transient when there is no answer in time.
    """
    begun = told = time.monotonic()
    with _client() as client:
        while not _answers(client, url):
            now = time.monotonic()
            if child is not None and child.exit_code is not None:
                raise Permanent(f"the {what} ended with code {child.exit_code}: {child.last_words()} (see {child.log})")
            if now - begun > seconds:
                raise Transient(f"the {what} at {url} does not answer; see its log")
            if now - told > _TELL_SECONDS:
                tell(f"The {what} is starting ({now - begun:.0f} s)")
                told = now
            time.sleep(_LOOK_SECONDS)


def is_free(host: str, port: int) -> bool:
    """Whether a server could listen there now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server does: a port just left is free
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def free_port(host: str) -> int:
    """A port that nobody listens on at this moment."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def _client() -> HttpClient:
    """A client that may reach the server wherever the operator has put it, and does not mind failures."""
    anywhere = ("0.0.0.0/0", "::/0")
    return HttpClient(
        HttpSettings(
            attempts=1, connect_timeout=2, read_timeout=5, total_timeout=10, rate=100, burst=100,
            breaker_failures=1_000_000, allow_private=anywhere,
        )
    )  # fmt: skip


def _answers(client: HttpClient, url: str) -> bool:
    try:
        client.request(Call(url))
    except MesChainError:
        return False
    return True
