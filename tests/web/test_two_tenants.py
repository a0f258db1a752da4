"""Two tenants on one installation, on either database: neither ever learns anything of the other, whatever it asks.

What can be asked is taken from the OpenAPI document, and what to ask for from answers: a new route is asked as well.
"""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from tests.web.document import Operation, operations_of
from tests.web.rivals import Installation, Party, rivals
from tests.web.stage import Stage

MOST = 2
"""Of how many things of a kind one looks at each, unless at full size."""
CALLERS = ("owner", "viewer", "key")
REFUSED = {404, 403}
NOT_UNDERSTOOD = {409, 412, 415, 422, 428}
"""What speaks against a request before it is looked for what it is about."""


def operations(stage: Stage) -> list[Operation]:
    """Every operation, those that only look first."""
    found = operations_of(stage.app.openapi())
    return sorted(found, key=lambda each: (each.method != "GET", len(each.places), each.name))


def look_around(party: Party, known: list[Operation], most: int = MOST) -> set[str]:
    """Look at things of one's own, so many of each kind; which operations were answered well."""
    seen = Counter[str]()
    for operation in (each for each in known if each.method == "GET"):
        own = {place: party.own(operation, place) for place in operation.places}
        for turn in range(max(map(len, own.values()), default=1)) if all(own.values()) else ():
            places = {place: values[turn % len(values)] for place, values in own.items()}
            if seen[operation.name] < most:
                seen[operation.name] += party.ask(operation, places, params=required(operation)).status_code == 200
    return set(seen.elements())


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


@pytest.mark.acceptance
def test_nobody_reaches_anything_of_anybody_else(installation: Installation, full_size: bool) -> None:
    most = 8 if full_size else MOST
    with installation.copy() as stage:
        known, parties = operations(stage), rivals(stage)
        seen = set[str]()
        for party in parties * 2:
            seen |= look_around(party, known, most)
        assert seen == {each.name for each in known if each.method == "GET"}
        asked = Counter[str]()
        for operation in known:
            for party in parties:
                asked[operation.name] += _reach_out(party, operation, most)
        for operation in known:
            for party in parties:
                asked[operation.name] += _name_whatever_is_anothers(party, operation)
        assert set(asked.elements()) == {each.name for each in known}
        print(f"{len(known)} operations, asked {asked.total()} times for what is another's")
        for party in parties:
            look_around(party, known, most)


def _reach_out(party: Party, operation: Operation, most: int) -> int:
    """Ask with something of the other's in each place of the path, and in all; how often."""
    own = {place: party.own(operation, place) for place in operation.places}
    foreign = {place: party.foreign(operation, place) for place in operation.places}
    asked = 0
    for place, values in foreign.items():
        for value in values[:most]:
            for others in (own, foreign) if len(foreign) > 1 else (own,):
                if all(others[each] for each in operation.places if each != place):
                    places = {each: value if each == place else others[each][0] for each in operation.places}
                    sent = {"params": required(operation), "headers": {"If-Match": '"v1"'}, **content(operation)}
                    answered = party.ask(operation, places, **sent)
                    assert answered.status_code == 404, (operation.name, places, answered.text)
                    asked += 1
    return asked


def _name_whatever_is_anothers(party: Party, operation: Operation) -> int:
    """Ask for something of one's own, with something of the other's in every part of the body and the query."""
    assert party.rival is not None
    own = {place: party.own(operation, place) for place in operation.places}
    if not all(own.values()):
        return 0
    places = {place: values[0] for place, values in own.items()}
    named = f"{party.rival.mark}-toys"
    sent = {kind: _with_texts_replaced(lambda: True, body, named) for kind, body in content(operation).items()}
    query = required(operation) | dict.fromkeys(queries(operation), named)
    party.ask(operation, places, params=query, headers=party.version(operation, places), **sent)
    return 1


class Story(RuleBasedStateMachine):
    """Both tenants at work, each trying what it knows, and what it has overheard."""

    def __init__(self, installation: Installation) -> None:
        super().__init__()
        self.copy = installation.copy()
        self.stage = self.copy.__enter__()
        self.parties = rivals(self.stage)
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
            sent[kind] = _with_texts_replaced(lambda: data.draw(st.booleans()), body, named)
        query = {name: named for name in queries(operation) if data.draw(st.booleans())}
        party.ask(
            operation, places, params=required(operation) | query, headers=party.version(operation, places), **sent
        )

    def teardown(self) -> None:
        try:
            for party in self.parties:
                look_around(party, self.known)
        finally:
            self.copy.__exit__(None, None, None)


def queries(operation: Operation) -> list[str]:
    """The query parameters that may name something."""
    return [each["name"] for each in operation.parameters("query") if each["name"] not in {"cursor", "limit"}]


def _with_texts_replaced(chosen: Callable[[], bool], body: Any, text: str) -> Any:
    if isinstance(body, dict):
        return {key: _with_texts_replaced(chosen, value, text) for key, value in body.items()}
    if isinstance(body, list):
        return [_with_texts_replaced(chosen, value, text) for value in body]
    return text if isinstance(body, str) and chosen() else body


@pytest.mark.acceptance
def test_whatever_the_two_do_neither_learns_of_the_other(installation: Installation, full_size: bool) -> None:
    stories, steps = (20, 100) if full_size else (1, 40)
    run_state_machine_as_test(
        lambda: Story(installation),
        settings=settings(
            max_examples=stories, stateful_step_count=steps, deadline=None, database=None,
            phases=[Phase.generate],  # each story begins on a copy with ids of its own: none can be made shorter
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
