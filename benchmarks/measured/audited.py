"""Audited use cases in the fresh process, each in turn with the log and with one that records nothing.

Both sides keep what is committed on the disk: SQLite with `synchronous=FULL`, PostgreSQL as it comes.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from statistics import median
from tempfile import mkdtemp
from typing import Any

import msgspec
from fastapi import FastAPI
from sqlalchemy import Engine, event
from starlette.types import Message

from benchmarks.measured.clock import Stopwatch
from meschain.access import links
from meschain.access.api_keys import create_api_key
from meschain.access.grants import GivenRole
from meschain.access.links import Newcomer
from meschain.access.own_roles import change_role, create_role
from meschain.access.roles import Rights
from meschain.audit.rules import OPERATOR, Actor, Tag
from meschain.audit.service import AuditLog
from meschain.catalog.context import Catalog
from meschain.catalog.decisions import approve_run
from meschain.catalog.suppliers import ensure_supplier
from meschain.catalog.sync import sync_files
from meschain.sandbox import changes
from meschain.sandbox.assortment import assortment
from meschain.sandbox.feeds import turkish_csv
from meschain.settings import ApiSettings, LakeSettings, Settings, StoreSettings
from meschain.store.base import utc_now
from meschain.store.session import transaction
from meschain.web.app import create_app
from meschain.wiring import House

_ROWS = 1_000
_MANY = 1_000_000
_RIGHTS = (Rights(("catalog:read",)), Rights(("catalog:read", "reports:read")))


class _Silent(AuditLog):
    """Records nothing."""

    def record(self, *args: Any, **kwargs: Any) -> None:
        """Nothing."""


def ask_for_roles(url: str, acts: int) -> dict[str, Any]:
    """An owner lets a role mean something else, over the API: all that the request passes through, but no network."""
    settings = _settings(url, api=ApiSettings(rate_per_minute=_MANY, rate_per_minute_tenant=_MANY))
    app = create_app(settings)
    with asyncio.Runner() as runner:
        living = app.router.lifespan_context(app)
        runner.run(living.__aenter__())
        house = app.state.house
        if not url:
            _make_durable(house.engine)
            house.engine.dispose()
        tenant = house.tenant("bench", create=True)
        loud, silent = house.access, replace(house.access, log=_Silent(house.vault))
        actor, end = OPERATOR.of_tenant(tenant.id), utc_now() + timedelta(days=1)
        given = [GivenRole("owner")]
        _, key = create_api_key(loud, actor, tenant.id, "bench", given, expires_at=end)
        create_role(loud, actor, tenant.id, "watchers", _RIGHTS[0])

        def act(number: int, *, recorded: bool) -> Callable[[], object]:
            vars(house)["access"] = loud if recorded else silent
            rights = _RIGHTS[(number + 1) % 2]
            return lambda: runner.run(_put(app, "/v1/roles/watchers", key, number + 1, {"allow": rights.allow}))

        told = _timed(act, acts)
        runner.run(living.__aexit__(None, None, None))
    return told


async def _put(app: FastAPI, path: str, key: str, version: int, body: object) -> None:
    """One request, answered with 200."""
    content = msgspec.json.encode(body)
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json", "if-match": f'"v{version}"'}
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "PUT", "scheme": "http",
        "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 8080),
    }  # fmt: skip
    sent = []

    async def receive() -> Message:
        return {"type": "http.request", "body": content, "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    if sent[0]["status"] != 200:
        raise RuntimeError(f"{sent[0]['status']}: {sent[-1].get('body')}")


def change_roles(url: str, acts: int) -> dict[str, Any]:
    """An owner lets a role mean something else."""
    house, tenant = _opened(url)
    first = Newcomer("Owner", "nine violet lanterns drift 47", "owner@example.com")
    owner = links.accept(
        house.access, Actor("anonymous", request_id="req"), links.invite_first_owner(house.access, tenant.id), first
    )
    actor = Actor("user", owner, tenant.id, "req", None, "192.0.2.1", "Firefox")
    loud, silent = house.access, replace(house.access, log=_Silent(house.vault))
    create_role(loud, actor, tenant.id, "watchers", _RIGHTS[0])

    def act(number: int, *, recorded: bool) -> Callable[[], object]:
        access = loud if recorded else silent
        return lambda: change_role(access, actor, tenant.id, "watchers", _RIGHTS[(number + 1) % 2])

    told = _timed(act, acts)
    house.close()
    return told


def approve_runs(url: str, acts: int, seed: int = 1) -> dict[str, Any]:
    """A person lets a held run pass: the lake's write, the store's, and the decision in the log."""
    house, tenant = _opened(url)
    actor = Actor("user", "0198c0de-0000-7000-8000-000000000000", tenant.id, "req", None, "192.0.2.1", "Firefox")
    loud = house.catalog(tenant, actor)
    silent = replace(loud, log=_Silent(house.vault))
    held = _held_runs(loud, seed)

    def act(_number: int, *, recorded: bool) -> Callable[[], object]:
        run_id = next(held)
        return lambda: approve_run(loud if recorded else silent, run_id)

    told = _timed(act, acts)
    house.close()
    return told


def write_entries(url: str, acts: int, batch: int) -> dict[str, Any]:
    """Nothing but entries, so many in a transaction; each says of a person from where it came."""
    house, tenant = _opened(url)
    actor = Actor("user", "0198c0de-0000-7000-8000-000000000000", tenant.id, "req", None, "192.0.2.1", "Firefox")

    def write(count: int) -> None:
        with transaction(house.audit.of(tenant.id)) as session:
            for number in range(count):
                house.log.record(session, Tag.ROLE_CHANGED, actor, target=f"role r{number}", after={"n": number})

    write(batch)
    with Stopwatch() as watch:
        for _ in range(acts // batch):
            write(batch)
    house.close()
    return {**watch.told(), "entries": acts // batch * batch}


def _timed(act: Callable[..., Callable[[], object]], acts: int) -> dict[str, Any]:
    """So many acts with the log and without, in turn; seconds are the median of one."""
    times: dict[bool, list[float]] = {True: [], False: []}
    cpu: dict[bool, list[float]] = {True: [], False: []}
    warm = acts // 10 + 1
    for number in range(2 * (acts + warm)):
        recorded = number % 4 in {0, 3}  # neither side is always the one that comes second
        done = act(number, recorded=recorded)
        with Stopwatch() as watch:
            done()
        if number >= 2 * warm:
            times[recorded].append(watch.seconds)
            cpu[recorded].append(watch.cpu_seconds)
    return {
        "seconds": median(times[True]), "cpu_seconds": median(cpu[True]),
        "silent_seconds": median(times[False]), "silent_cpu_seconds": median(cpu[False]), "acts": acts,
    }  # fmt: skip


def _opened(url: str) -> tuple[House, Any]:
    """A new installation, its store in that database or in a file of its own."""
    house = House(_settings(url))
    if not url:
        _make_durable(house.engine)
    house.set_up()
    return house, house.tenant("bench", create=True)


def _settings(url: str, **groups: Any) -> Settings:
    return Settings(home=Path(mkdtemp()), store=StoreSettings(url=url), lake=LakeSettings(catalog_url=url), **groups)


def _make_durable(engine: Engine) -> None:
    event.listen(engine, "connect", lambda connection, _record: connection.execute("PRAGMA synchronous=FULL"))


def _held_runs(catalog: Catalog, seed: int) -> Iterator[str]:
    """Runs that wait for a decision, one after the other: half of the offers vanish, and come again."""
    logging.getLogger("meschain").setLevel(logging.ERROR)
    folder = Path(mkdtemp())
    whole = assortment(_ROWS, seed)
    paths = [folder / "whole.csv", folder / "half.csv"]
    turkish_csv.DIALECT.write(whole, paths[0])
    turkish_csv.DIALECT.write(changes.vanish(whole, seed).after, paths[1])
    supplier = ensure_supplier(catalog, "wholesaler")
    number = 0
    while True:
        run = sync_files(catalog, supplier, [paths[number % 2]], lambda _: None)
        number += 1
        if run.status == "held":
            yield run.id
