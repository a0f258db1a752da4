"""Flows are started over the API by who may, with parameters that fit, once per key, and for one's own tenant alone."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from meschain.access.grants import GivenRole
from meschain.catalog.suppliers import ensure_supplier
from meschain.catalog.tables import Run
from meschain.runs import flows
from meschain.runs.outbox import Outbox
from meschain.runs.service import get_trigger
from meschain.settings import private_dir
from meschain.store.ids import new_id
from meschain.store.session import transaction
from meschain.wiring import House
from tests.conftest import STORES
from tests.postgres import fresh_database
from tests.runs.test_flows_announced import flow
from tests.web.stage import Stage, check_problem, staged

PEOPLE = ("owner", "viewer", "agency", "rival")


@dataclass
class Office:
    """The API with a flow that can be started, a runner of the test's own, and callers by name."""

    stage: Stage
    outbox: Outbox
    tokens: dict[str, str]

    @property
    def house(self) -> House:
        """The house of the application."""
        found: House = self.stage.app.state.house
        return found

    def ask(self, method: str, path: str, caller: str = "owner", **more: Any) -> httpx.Response:
        """An answer to a caller, of what is below /v1."""
        return self.stage.ask(method, f"/v1{path.removeprefix('/v1')}", self.tokens[caller], **more)

    def start(
        self,
        supplier: str = "acmetoys",
        caller: str = "owner",
        *,
        key: str | bytes = "",
        headers: Any = None,
        **more: object,
    ) -> httpx.Response:
        """Ask for a sync."""
        sent = {**(headers or {}), **({"Idempotency-Key": key} if key else {})}
        body = {"parameters": {"supplier": supplier, **more}}
        return self.ask("POST", "/flows/sync-catalog/runs", caller, json=body, headers=sent)

    def carry_out(self, state: str = "finished") -> list[str]:
        """Take what waits, and say how it ended; gives the ids of the flow runs."""
        taken = self.outbox.claim(99)
        for trigger in taken:
            self.outbox.attach(trigger.id, new_id())
            if state != "started":
                self.outbox.finish(trigger.id, state, {"name": "Completed"}, "Done")
        return [trigger.id for trigger in taken]


@pytest.fixture(scope="module", params=STORES)
def office(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    home = private_dir(tmp_path_factory.mktemp("office") / "home")
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("_sqlite_template"), home / "store.sqlite")
        yield from _opened(home, "")
        return
    server, template = request.getfixturevalue("postgres_url"), request.getfixturevalue("_postgres_template")
    with fresh_database(server, f"test_{new_id()}", template=template) as url:
        yield from _opened(home, url)


def _opened(home: Path, url: str) -> Iterator[Office]:
    with staged(home, url) as stage:
        people, house = stage.people, stage.app.state.house
        one, two = people.tenant("one"), people.tenant("two")
        people.owner(one, "owner@example.com")
        people.owner(two, "rival@example.com")
        people.member(one, "viewer@example.com", "viewer")
        people.member(one, "agency@example.com", GivenRole("ops", "supplier", "acme*"))
        announced = [
            flow("sync-catalog", "needs:catalog:sync"), flow("secret"),
            flow("maintain-warehouse", "needs:warehouse:maintain", schema={"type": "object", "properties": {}}),
        ]  # fmt: skip
        flows.announce(house.engine, announced)
        for tenant, slug in (("one", "acmetoys"), ("one", "acmetools"), ("one", "bravo"), ("two", "acmetoys")):
            ensure_supplier(house.catalog(house.tenant(tenant)), slug)
        outbox = Outbox(house.engine, "here")
        outbox.register()
        yield Office(stage, outbox, {name: stage.token(f"{name}@example.com") for name in PEOPLE})


def test_a_run_is_asked_for_followed_and_taken_back(office: Office) -> None:
    asked = office.start(headers={"X-Request-ID": "request-0001"})
    assert (asked.status_code, asked.json()["state"], asked.json()["request_id"]) == (202, "queued", "request-0001")
    assert asked.json()["parameters"] == {"supplier": "acmetoys"}
    place = asked.headers["location"]
    assert office.ask("GET", place).json() == asked.json()
    early = office.ask("POST", f"{place}/retry")
    assert "has not ended yet" in check_problem(early, 409)["detail"]
    assert office.ask("POST", f"{place}/cancellation").json()["state"] == "cancelled"
    assert "has ended already" in check_problem(office.ask("POST", f"{place}/cancellation"), 409)["detail"]
    keyed = {"Idempotency-Key": "retry-once"}
    again, same = (office.ask("POST", f"{place}/retry", headers=keyed) for _ in range(2))
    assert (again.status_code, again.json()["parameters"]) == (202, asked.json()["parameters"])
    assert again.json()["id"] == same.json()["id"] != asked.json()["id"]
    assert again.headers["location"].endswith(again.json()["id"])
    entry = office.ask("GET", "/audit/entries", params={"tag": "flows:run:retried"}).json()["items"][0]
    assert entry["target"] == f"trigger {again.json()['id']}"
    assert asked.json()["id"] in entry["body"]


def test_the_same_key_is_the_same_run_and_another_body_is_refused(office: Office) -> None:
    first, second = (office.start(key="once").json() for _ in range(2))
    assert first["id"] == second["id"]
    check_problem(office.start("acmetools", key="once"), 422, "idempotency-key-reused")
    assert office.start(caller="rival", key="once").status_code == 202
    for key in ("two words", "x" * 129, "ş".encode()):
        check_problem(office.start(key=key), 422)


def test_parameters_that_do_not_fit_are_named(office: Office) -> None:
    answer = check_problem(office.start("No Such", force="maybe"), 422)
    assert {each["pointer"] for each in answer["errors"]} == {"/body/parameters/supplier", "/body/parameters/force"}
    assert office.start(tenant="two").status_code == 422
    check_problem(office.start("nobody"), 404)
    check_problem(office.ask("POST", "/flows/sync-catalog/runs", json={"parameter": {}}), 422)


def test_who_may_start_what(office: Office) -> None:
    assert office.start(caller="viewer").status_code == 403
    assert office.start(caller="agency").status_code == 202
    assert office.start("bravo", "agency").status_code == 403
    assert office.ask("POST", "/flows/maintain-warehouse/runs", "agency", json={}).status_code == 403
    assert office.ask("POST", "/flows/maintain-warehouse/runs", json={}).status_code == 202
    assert office.ask("POST", "/flows/secret/runs", json={}).status_code == 404
    listed = {name: [each["name"] for each in office.ask("GET", "/flows", name).json()] for name in PEOPLE}
    assert listed["owner"] == ["maintain-warehouse", "sync-catalog"]
    assert listed["viewer"] == []
    shown = next(each for each in office.ask("GET", "/flows").json() if each["name"] == "sync-catalog")
    assert (set(shown["parameters"]["properties"]), shown["needs"]) == ({"supplier", "force"}, "catalog:sync")
    refused = office.ask("GET", "/audit/entries", params={"tag": "access:permission"}).json()["items"]
    assert len(refused) >= 3


def test_another_tenants_runs_are_not_there(office: Office) -> None:
    place = office.start().headers["location"]
    for method, what in (("GET", ""), ("GET", "/logs"), ("POST", "/cancellation"), ("POST", "/retry")):
        check_problem(office.ask(method, f"{place}{what}", "rival"), 404)
    ours = {run["id"] for run in office.ask("GET", "/flow-runs", params={"limit": 200}).json()["items"]}
    theirs = {run["id"] for run in office.ask("GET", "/flow-runs", "rival").json()["items"]}
    assert ours.isdisjoint(theirs)


def test_who_may_see_some_suppliers_sees_the_runs_for_them(office: Office) -> None:
    mine, _, other = (office.start(slug).headers["location"] for slug in ("acmetools", "acmetoys", "bravo"))
    whole = office.ask("POST", "/flows/maintain-warehouse/runs", json={}).headers["location"]
    for place in (other, whole):
        for method, what in (("GET", ""), ("GET", "/logs"), ("POST", "/cancellation"), ("POST", "/retry")):
            check_problem(office.ask(method, f"{place}{what}", "agency"), 404)
    seen = office.ask("GET", "/flow-runs", "agency", params={"limit": 200}).json()["items"]
    assert {run["parameters"]["supplier"] for run in seen} == {"acmetoys", "acmetools"}
    check_problem(office.ask("GET", "/flow-runs", "viewer"), 403)
    assert office.ask("POST", f"{mine}/cancellation", "agency").status_code == 202
    assert office.ask("POST", f"{mine}/retry", "agency").status_code == 202


def test_lists_go_page_by_page_and_can_be_narrowed(office: Office) -> None:
    office.start()
    office.carry_out("failed")
    latest = office.start("acmetools").json()["id"]
    ids, cursor = [], None
    while True:
        query = {"limit": 2, "flow": "sync-catalog", **({"cursor": cursor} if cursor else {})}
        page = office.ask("GET", "/flow-runs", params=query).json()
        ids += [run["id"] for run in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert ids[0] == latest
    assert ids == sorted(set(ids), reverse=True)
    failed = office.ask("GET", "/flow-runs", params={"state": "failed"}).json()["items"]
    assert failed
    assert {run["state"] for run in failed} == {"failed"}
    assert office.ask("GET", "/flow-runs", params={"flow": "secret"}).json()["items"] == []
    check_problem(office.ask("GET", "/flow-runs", params={"state": "odd"}), 422)


def test_a_run_under_way_tells_how_far_it_is(office: Office) -> None:
    place = office.start().headers["location"]
    (trigger_id, *_) = office.carry_out("started")[-1:]
    house = office.house
    catalog = house.catalog(house.tenant("one"))
    flow_run = get_trigger(catalog.engine, trigger_id).flow_run_id
    owner = ensure_supplier(catalog, "acmetoys")
    with transaction(catalog.engine) as session:
        run = Run(
            tenant_id=catalog.tenant_id, supplier_id=owner.id, flow_run_id=flow_run, counts={"read": 1200, "seed": 5}
        )
        session.add(run)
    told = office.ask("GET", place).json()
    assert (told["state"], told["flow_run_id"]) == ("started", flow_run)
    assert told["progress"] == [
        {"run": run.id, "supplier": "acmetoys", "kind": "sync", "status": "running", "counts": {"read": 1200}}
    ]
    office.outbox.finish(trigger_id, "finished", {"name": "Held", "run_id": run.id}, "Held: why")
    told = office.ask("GET", place, "agency").json()
    assert (told["state"], told["outcome"], told["message"]) == (
        "finished",
        {"name": "Held", "run_id": run.id},
        "Held: why",
    )
    assert told["progress"][0]["run"] == run.id


def test_logs_of_a_run_that_has_not_begun_are_empty_and_without_the_server_they_come_later(office: Office) -> None:
    place = office.start().headers["location"]
    assert office.ask("GET", f"{place}/logs").json() == {"items": [], "next": None}
    office.carry_out("started")
    answer = office.ask("GET", f"{place}/logs")
    assert "does not answer" in check_problem(answer, 503)["detail"]
    assert "127.0.0.1" not in answer.text
