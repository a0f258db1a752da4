"""Two tenants on one installation, on either database: neither ever learns anything of the other, whatever it asks.

What can be asked is taken from the OpenAPI document, and what to ask for from answers: a new route is asked as well.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from meschain.settings import Settings, private_dir
from meschain.store.ids import new_id
from tests.conftest import STORES
from tests.postgres import fresh_database
from tests.web.document import Operation, operations_of
from tests.web.rivals import Party, furnish, rivals
from tests.web.stage import Stage, staged

MOST = 8
"""Of how many things of a kind one looks at each."""
CALLERS = ("owner", "viewer", "key")
REFUSED = {404, 403}
NOT_UNDERSTOOD = {409, 412, 415, 422, 428}
"""What speaks against a request before it is looked for what it is about."""


@dataclass
class Installation:
    """Both tenants, made once and copied for every story."""

    folder: Path
    server: str
    database: str
    number: Any

    @contextmanager
    def copy(self) -> Iterator[Stage]:
        """The API on a copy of it."""
        home = self.folder / f"copy-{next(self.number)}"
        shutil.copytree(self.folder / "home", home)
        try:
            if not self.server:
                with staged(home) as stage:
                    yield stage
            else:
                name = f"test_{new_id()}"
                with fresh_database(self.server, name, template=self.database) as url, staged(home, url) as stage:
                    yield stage
        finally:
            shutil.rmtree(home)


@pytest.fixture(scope="module", params=STORES)
def installation(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Two furnished tenants on either database."""
    folder = tmp_path_factory.mktemp("rivals")
    home = private_dir(folder / "home")
    groups: dict[str, Any] = {"lake": {"threads": 1}}
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("_sqlite_template"), home / "store.sqlite")
        furnish(Settings.model_validate({"home": home, **groups}), folder)
        yield Installation(folder, "", "", count())
        return
    server, template = request.getfixturevalue("postgres_url"), request.getfixturevalue("_postgres_template")
    name = f"rivals_{new_id()}"
    with fresh_database(server, name, template=template) as url:
        furnish(Settings.model_validate({"home": home, "store": {"url": url}, **groups}), folder)
        yield Installation(folder, server, name, count())


def operations(stage: Stage) -> list[Operation]:
    """Every operation, those that only look first."""
    found = operations_of(stage.app.openapi())
    return sorted(found, key=lambda each: (each.method != "GET", len(each.places), each.name))


def look_around(party: Party, known: list[Operation]) -> set[str]:
    """Look at everything of one's own; which operations were answered well."""
    seen = set()
    for operation in known:
        if operation.method == "GET":
            own = {place: party.own(operation, place) for place in operation.places}
            for turn in range(max(map(len, own.values()), default=1)) if all(own.values()) else ():
                places = {place: values[turn % len(values)] for place, values in own.items()}
                if turn < MOST and party.ask(operation, places, params=required(operation)).status_code == 200:
                    seen.add(operation.name)
    return seen


def required(operation: Operation) -> dict[str, str]:
    """The query parameters that have to be there."""
    needed = operation.parameters("query", required=True)
    return {each["name"]: "catalog:read" for each in needed}


def content(operation: Operation) -> dict[str, Any]:
    """The body of a request, as the document says it could be."""
    body = operation.body()
    if body is None:
        return {}
    return {"data": body[1]} if "form" in body[0] else {"json": body[1]}


def test_nobody_reaches_anything_of_anybody_else(installation: Installation) -> None:
    with installation.copy() as stage, rivals(stage) as parties:
        known = operations(stage)
        seen = set[str]()
        for party in parties * 2:
            seen |= look_around(party, known)
        looks = {each.name for each in known if each.method == "GET"}
        print(f"{len(known)} operations, {len(looks)} looks, {len(seen)} answered well, not {sorted(looks - seen)}")
        assert len(seen) > 0.8 * len(looks), looks - seen
        asked = 0
        for operation in (each for each in known if each.places):
            for party in parties:
                asked += _reach_out(party, operation)
        print(f"asked {asked} times for what is another's")
        assert asked > len(known)
        for party in parties:
            look_around(party, known)


def _reach_out(party: Party, operation: Operation) -> int:
    """Ask with something of the other's in each place of the path, and in all; how often."""
    own = {place: party.own(operation, place) for place in operation.places}
    foreign = {place: party.foreign(operation, place) for place in operation.places}
    asked = 0
    for place, values in foreign.items():
        for value in values[:3]:
            for others in (own, foreign):
                if all(others[each] for each in operation.places if each != place):
                    places = {each: others[each][0] for each in operation.places} | {place: value}
                    headers = {"If-Match": '"v1"'}
                    sent = {"params": required(operation), "headers": headers, **content(operation)}
                    answered = party.ask(operation, places, **sent)
                    assert answered.status_code == 404, (operation.name, places, answered.text)
                    asked += 1
    return asked


class Story(RuleBasedStateMachine):
    """Both tenants at work, each trying what it knows, and what it has overheard."""

    def __init__(self, installation: Installation) -> None:
        super().__init__()
        self.copy = installation.copy()
        self.stage = self.copy.__enter__()
        self.parties = rivals(self.stage).__enter__()
        self.known = operations(self.stage)

    @initialize()
    def look_around(self) -> None:
        for party in self.parties:
            look_around(party, self.known)

    @rule(data=st.data(), who=st.integers(0, 1), caller=st.sampled_from(CALLERS))
    def ask(self, data: st.DataObject, who: int, caller: str) -> None:
        """Something of one's own."""
        party = self.parties[who]
        operation = data.draw(st.sampled_from(self.known))
        places = {}
        for place in operation.places:
            values = party.own(operation, place)
            if not values:
                return
            places[place] = data.draw(st.sampled_from(values))
        headers = party.version(operation, places)
        party.ask(operation, places, caller, headers=headers, params=required(operation), **content(operation))

    @rule(data=st.data(), who=st.integers(0, 1), caller=st.sampled_from(CALLERS))
    def ask_for_what_is_anothers(self, data: st.DataObject, who: int, caller: str) -> None:
        """Something in the path is the other's."""
        party, rival = self.parties[who], self.parties[1 - who]
        operation = data.draw(st.sampled_from([each for each in self.known if each.places]))
        places, is_foreign = {}, False
        for place in operation.places:
            foreign = sorted({*party.foreign(operation, place), *(rival.ids - party.ids - party.written)})
            own = party.own(operation, place)
            takes = foreign if not own or (foreign and data.draw(st.booleans())) else own
            if not takes:
                return
            places[place] = data.draw(st.sampled_from(takes))
            is_foreign = is_foreign or takes is foreign
        headers = {"If-Match": f'"v{data.draw(st.integers(1, 3))}"'}
        sent = {"headers": headers, "params": required(operation), **content(operation)}
        answered = party.ask(operation, places, caller, **sent)
        if is_foreign:
            assert answered.status_code in {401, *REFUSED, *NOT_UNDERSTOOD}, (operation.name, places, answered.text)

    @rule(data=st.data(), who=st.integers(0, 1))
    def name_what_is_anothers(self, data: st.DataObject, who: int) -> None:
        """Something of the other's stands in the body or the query."""
        party, rival = self.parties[who], self.parties[1 - who]
        operation = data.draw(st.sampled_from(self.known))
        if any(not party.own(operation, place) for place in operation.places):
            return
        places = {place: data.draw(st.sampled_from(party.own(operation, place))) for place in operation.places}
        sent: dict[str, Any] = content(operation)
        named = data.draw(st.sampled_from(sorted(rival.ids | {f"{rival.mark}-toys", f"{rival.mark}-watchers"})))
        for kind, body in sent.items():
            sent[kind] = _with_texts_replaced(data, body, named)
        queries = [each["name"] for each in operation.parameters("query") if each["name"] not in {"cursor", "limit"}]
        query = {name: named for name in queries if data.draw(st.booleans())}
        party.ask(
            operation, places, params=required(operation) | query, headers=party.version(operation, places), **sent
        )

    def teardown(self) -> None:
        try:
            for party in self.parties:
                look_around(party, self.known)
        finally:
            self.copy.__exit__(None, None, None)


def _with_texts_replaced(data: st.DataObject, body: Any, text: str) -> Any:
    if isinstance(body, dict):
        return {key: _with_texts_replaced(data, value, text) for key, value in body.items()}
    if isinstance(body, list):
        return [_with_texts_replaced(data, value, text) for value in body]
    return text if isinstance(body, str) and data.draw(st.booleans()) else body


@pytest.mark.acceptance
def test_whatever_the_two_do_neither_learns_of_the_other(installation: Installation, full_size: bool) -> None:
    stories, steps = (40, 100) if full_size else (2, 40)
    run_state_machine_as_test(
        lambda: Story(installation),
        settings=settings(
            max_examples=stories, stateful_step_count=steps, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
