"""The whole API does what its OpenAPI document says, whatever it is sent: made up from the document, by schemathesis.

Each operation is asked by several callers, with what the document allows and with what it forbids, about what is there
and what is not. What is wrong is collected, not raised: the store changes as it is asked, so no case can be had again.
"""

import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.python.asgi import shutdown_lifespans
from schemathesis.specs.openapi import checks
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.web.document import Operation
from tests.web.rivals import Installation, Party, rivals
from tests.web.test_two_tenants import look_around, operations

CALLERS: tuple[str | None, ...] = ("owner", "viewer", "key", None)
CASES, REDUCED = 5_200, 170
"""On each of the two databases."""
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]


@dataclass
class Trial:
    """The API on trial: who asks, what was answered how often, and what was wrong with it."""

    app: ASGIApp
    party: Party
    answered: Counter[tuple[str, int]] = field(default_factory=Counter)
    wrong: dict[str, str] = field(default_factory=dict)

    def ask(self, case: Case, caller: str | None) -> None:
        """Send it as that caller; note what is wrong with the answer."""
        if caller:
            case.headers["Authorization"] = f"Bearer {self._token(caller)}"
        answered = case.call(app=self.app)
        if answered.status_code == 401 and caller:
            self.party.tokens.pop(caller)  # it has ended its own session, or itself
        self.answered[case.operation.label, answered.status_code] += 1
        try:
            case.validate_response(answered, checks=CHECKS)
        except FailureGroup as failures:
            for each in failures.exceptions:
                told = f"{case.operation.label} {answered.status_code} {type(each).__name__}"
                self.wrong.setdefault(told, f"{told}: {each}\n{case.as_curl_command()}\n{answered.text[:500]}")

    def _token(self, caller: str) -> str:
        return self.party.tokens.get(caller) or self.party.log_in(caller)


@pytest.mark.acceptance
def test_whatever_is_sent_is_answered_as_the_document_says(
    installation: Installation, full_size: bool, pytestconfig: pytest.Config
) -> None:
    given_seed = pytestconfig.getoption("--hypothesis-seed")
    number = int(given_seed) if str(given_seed).isdecimal() else random.randrange(2**32)
    with installation.copy() as stage, requests_only(stage.app) as app:
        known = {each.name: each for each in operations(stage)}
        trial = Trial(app, rivals(stage)[0])
        for _ in range(2):
            look_around(trial.party, list(known.values()))
        schema = schemathesis.openapi.from_dict(stage.app.openapi())
        tried = [found.ok() for found in schema.get_all_operations()]
        assert {each.label for each in tried} == set(known)
        wanted = CASES if full_size else REDUCED
        least = -(-wanted // len(tried))
        for operation in tried:
            before = trial.answered.total()
            while trial.answered.total() < before + least:
                put_on_trial(trial, operation, known[operation.label], least, number)
    answers = Counter[int]()
    for (_, status), times in trial.answered.items():
        answers[status] += times
    database = stage.access.engine.dialect.name
    print(f"{database}: {trial.answered.total()} cases, seed {number}: {dict(sorted(answers.items()))}")
    assert not trial.wrong, "\n\n".join(trial.wrong.values())
    assert trial.answered.total() >= wanted
    assert {200, 401, 403, 404, 409, 422} <= set(answers)


Tried = APIOperation[Any, Any, Any, Any]


def put_on_trial(trial: Trial, operation: Tried, known: Operation, times: int, number: int) -> None:
    """Ask an operation so many times."""
    modes = GenerationMode if known.places or known.parameters("query") or known.body() else [GenerationMode.POSITIVE]
    made = st.one_of([operation.as_strategy(generation_mode=mode) for mode in modes])

    @seed(number)
    @settings(
        max_examples=times, phases=[Phase.generate], database=None, deadline=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(made, st.sampled_from(CALLERS), st.data())
    def ask(case: Case, caller: str | None, data: st.DataObject) -> None:
        for place in known.places:
            if (own := trial.party.own(known, place)) and data.draw(st.booleans()):
                case.path_parameters[place] = quote(data.draw(st.sampled_from(own)), safe="")
        if known.parameters("header") and data.draw(st.booleans()):
            case.headers["If-Match"] = f'"v{data.draw(st.integers(1, 3))}"'
        if (example := known.body()) and example[0] == case.media_type and data.draw(st.booleans()):
            case.body = deepcopy(example[1])
        trial.ask(case, caller)

    ask()


@contextmanager
def requests_only(running: ASGIApp) -> Iterator[ASGIApp]:
    """The application, which runs already, for schemathesis, which would start it anew."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await running(scope, receive, send)

    try:
        yield app
    finally:
        shutdown_lifespans()
