"""The API in processes of its own: a guarded route under load beside a bare one, quotes, runs started through it."""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.measured.load import Load, ask
from connectors.http.call import Call
from connectors.http.client import HttpClient
from connectors.http.settings import HttpSettings
from meschain.access import links
from meschain.access.authentication import Way
from meschain.access.links import Newcomer
from meschain.access.tenants import create_tenant
from meschain.audit.rules import Actor
from meschain.operations.platform import running_platform
from meschain.operations.server import await_answer, free_port
from meschain.runs.service import get_trigger, live_runners
from meschain.settings import Settings
from meschain.store.ids import new_id
from meschain.store.tenancy import of_every_tenant
from meschain.wiring import House

GUARDED = "/v1/roles"
_EMAIL, _PASSWORD = "owner@example.com", "nine violet lanterns drift 47"
_QUOTE = "/v1/margins/quote"
_SALE = {
    "cost": "300", "target_profit": "60",
    "terms": {"vat_rate": "20", "commission_rate": "15", "cargo": "83.93", "service_fee": "10.19"},
}  # fmt: skip
_WARM_SECONDS = 2.0
_MANY = 10_000_000


def serve(peak_seconds: float, fixed_seconds: float, rate: float, soak_seconds: float) -> dict[str, Any]:
    """A bare route that verifies a token, and a guarded one: at most, at a fixed rate, and for a long time."""
    settings = _settings()
    begun = time.perf_counter()
    token = None
    with _process(settings, ["-m", "meschain.web"], settings.api.port, "/health/live") as api:
        token = _log_in(settings)
        bare_port = free_port("127.0.0.1")
        with _process(settings, ["-m", "benchmarks.measured.bare", str(bare_port)], bare_port, "/bare", token):
            for port, path in ((bare_port, "/bare"), (settings.api.port, GUARDED)):
                ask(port, path, token, _WARM_SECONDS)
            bare = [ask(bare_port, "/bare", token, peak_seconds / 2)]
            guarded = ask(settings.api.port, GUARDED, token, peak_seconds)
            bare.append(ask(bare_port, "/bare", token, peak_seconds / 2))
        fixed = ask(settings.api.port, GUARDED, token, fixed_seconds, rate)
        soaked = ask(settings.api.port, GUARDED, token, soak_seconds, rate)
        memory = _resident_mb(api.pid)
    return {
        "seconds": time.perf_counter() - begun,
        "cpu_seconds": 0.0,
        "peak_mb": memory,
        "bare_per_second": sum(load.rate for load in bare) / 2,
        "guarded_per_second": guarded.rate,
        "fixed": _told(fixed),
        "soak": _told(soaked),
        "errors": sum(load.errors for load in (*bare, guarded, fixed, soaked)),
    }


def quote(seconds: float, rate: float) -> dict[str, Any]:
    """Quotes of one sale at ever other prices, with the price for a profit: one after another, and at a fixed rate."""
    settings = _settings()
    begun = time.perf_counter()
    bodies = [json.dumps(_SALE | {"price": f"{price}.90"}).encode() for price in range(400, 1400)]
    with _process(settings, ["-m", "meschain.web"], settings.api.port, "/health/live") as api:
        token = _log_in(settings)
        ask(settings.api.port, _QUOTE, token, _WARM_SECONDS, rate, bodies=bodies)
        single = ask(settings.api.port, _QUOTE, token, seconds, bodies=bodies, connections=1)
        steady = ask(settings.api.port, _QUOTE, token, seconds, rate, bodies=bodies)
        memory = _resident_mb(api.pid)
    return {
        "seconds": time.perf_counter() - begun, "cpu_seconds": 0.0, "peak_mb": memory,
        "errors": single.errors + steady.errors, "p95_ms": _told(single)["p95_ms"], "steady": _told(steady),
    }  # fmt: skip


def start_runs(number: int) -> dict[str, Any]:
    """Start runs of a small flow through the API: how soon it answers, and how soon the flow begins."""
    settings, begun = _settings(), time.perf_counter()
    house = House(settings)
    with running_platform(settings, lambda _: None, any_port=True, with_api=True) as platform:
        while not live_runners(house.engine):
            time.sleep(0.1)
        settings = platform.settings
        token = _log_in(settings)
        flow, answered, waited = "check-invariants", [], []
        for _ in range(number):
            asked = time.perf_counter()
            trigger_id = _post(settings, f"/v1/flows/{flow}/runs", token, {"parameters": {}})["id"]
            answered.append((time.perf_counter() - asked) * 1000)
            waited.append(_begins_after(house, trigger_id))
    house.close()
    return {
        "seconds": time.perf_counter() - begun,
        "cpu_seconds": 0.0,
        "answer_ms_p95": sorted(answered)[int(0.95 * (number - 1))],
        "begin_seconds_max": max(waited),
    }


def _begins_after(house: House, trigger_id: str) -> float:
    """Seconds from the wish to the flow's beginning; the next wish waits for this one's end."""
    while True:
        found = get_trigger(of_every_tenant(house.engine), trigger_id)
        if found.finished_at is not None and found.started_at is not None:
            return (found.started_at - found.requested_at).total_seconds()
        time.sleep(0.05)


def _settings() -> Settings:
    """A home of its own with one tenant and its owner."""
    settings = Settings.model_validate(
        {
            "home": Path(tempfile.mkdtemp(prefix="api-")),
            "api": {"port": free_port("127.0.0.1"), "rate_per_minute": _MANY, "rate_per_minute_tenant": _MANY},
            "prefect": {"port": free_port("127.0.0.1")},
        }
    )
    house = House(settings)
    house.set_up()
    tenant = create_tenant(house.engine, "acme")
    way, newcomer = Way(new_id()), Newcomer("Owner", _PASSWORD, _EMAIL)
    links.accept(
        house.access,
        Actor("anonymous", request_id=way.request_id),
        links.invite_first_owner(house.access, tenant.id),
        newcomer,
    )
    house.close()
    return settings


@contextmanager
def _process(
    settings: Settings, arguments: list[str], port: int, path: str, token: str = ""
) -> Iterator["subprocess.Popen[bytes]"]:
    """A server as a process of its own, for the length of the block, once it answers."""
    process = subprocess.Popen([sys.executable, *arguments], env=settings.child_environment(), cwd=Path.cwd())
    try:
        if token:
            _await(port, path, token)
        else:
            await_answer(f"http://127.0.0.1:{port}{path}", "server", None, lambda _: None)
        yield process
    finally:
        process.terminate()
        process.wait()


def _await(port: int, path: str, token: str) -> None:
    while True:
        try:
            if ask(port, path, token, 0.01).latencies:
                return
        except OSError:
            time.sleep(0.1)


def _log_in(settings: Settings) -> str:
    body = f"username={_EMAIL}&password={_PASSWORD.replace(' ', '+')}".encode()
    return str(
        _send(settings, "/v1/auth/token", body, {"content-type": "application/x-www-form-urlencoded"})["access_token"]
    )


def _post(settings: Settings, path: str, token: str, body: Mapping[str, Any]) -> dict[str, Any]:
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    return _send(settings, path, json.dumps(body).encode(), headers)


def _send(settings: Settings, path: str, body: bytes, headers: Mapping[str, str]) -> dict[str, Any]:
    with HttpClient(HttpSettings(attempts=1, rate=1000, burst=1000, allow_private=("0.0.0.0/0",))) as client:
        answer = client.request(
            Call(f"http://127.0.0.1:{settings.api.port}{path}", method="POST", content=body, headers=dict(headers))
        )
        found: dict[str, Any] = json.loads(answer.content)
        return found


def _told(load: Load) -> dict[str, float]:
    p50, p95, p99 = (round(load.percentile(share), 2) for share in (0.5, 0.95, 0.99))
    return {"rate": round(load.rate, 1), "p50_ms": p50, "p95_ms": p95, "p99_ms": p99}


def _resident_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024 / 1e6
