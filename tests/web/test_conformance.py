"""Whatever is asked, and by whomever, is answered as the OpenAPI document says.

Schemathesis puts the requests together from the document, right ones and wrong ones; a new route is asked as well.
"""

import re
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import requests  # noqa: TID251 Schemathesis says in its words what is to be sent; nothing is sent with it
import schemathesis
from hypothesis import HealthCheck, Phase
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from meschain.settings import Settings, private_dir
from tests.web.document import Operation, operations_of
from tests.web.rivals import MARKS, Party, furnish, rivals
from tests.web.stage import Stage, staged
from tests.web.test_two_tenants import look_around, operations

CALLERS = ("owner", "viewer", None)
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
NOT_WITH_WHAT_IS_THERE = re.compile(r"(POST|PUT|DELETE) /v1/(users|me)/")
"""These would end the callers themselves: they are asked about ids that nobody has."""


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory, _sqlite_template: Path) -> Iterator[Stage]:
    """The API before two furnished tenants."""
    folder = tmp_path_factory.mktemp("conformance")
    home = private_dir(folder / "home")
    shutil.copy(_sqlite_template, home / "store.sqlite")
    furnish(Settings.model_validate({"home": home, "lake": {"threads": 1}}), folder)
    with staged(home) as stage:
        yield stage


@dataclass
class Asker:
    """Asks, counts the answers and keeps what was wrong with them."""

    stage: Stage
    every_caller: bool
    """Whether each request is asked by all callers, or by one in turn."""
    tokens: dict[str, str] = field(default_factory=dict)
    requests: int = 0
    answers: Counter[int] = field(default_factory=Counter)
    well: set[str] = field(default_factory=set)
    """What was answered well to somebody."""
    wrong: dict[tuple[str, ...], str] = field(default_factory=dict)
    """The first case of each thing that was wrong."""

    def ask(self, case: schemathesis.Case[Any], caller: str | None) -> None:
        """Ask as that caller and check the answer."""
        sent = requests.Request(**case.as_transport_kwargs(base_url="http://testserver")).prepare()
        headers = {name: _bytes(value) for name, value in sent.headers.items() if name.lower() != "authorization"}
        if caller is not None:
            headers["Authorization"] = f"Bearer {self._token(caller)}".encode()
        answered = self.stage.client.request(
            str(sent.method), str(sent.url), content=_bytes(sent.body or b""), headers=headers
        )
        self.answers[answered.status_code] += 1
        if answered.status_code == 401 and caller is not None:
            self.tokens.pop(caller)  # it may have ended its own session
        if answered.is_success:
            self.well.add(case.operation.label)
        try:
            case.validate_response(answered, checks=CHECKS)
        except FailureGroup as failed:
            titles = sorted(type(each).__name__ for each in failed.exceptions)
            key = (case.operation.label, str(answered.status_code), *titles)
            if key not in self.wrong:
                self.wrong[key] = f"asked by {caller or 'nobody'}\n{failed}"
                print(key, self.wrong[key], flush=True)

    def _token(self, caller: str) -> str:
        if caller not in self.tokens:
            self.tokens[caller] = self.stage.token(f"{caller}@{MARKS[0]}.example")
        return self.tokens[caller]


def _put(case: schemathesis.Case[Any], places: dict[str, str]) -> schemathesis.Case[Any]:
    if places:
        case.path_parameters = dict(places)
    return case


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("latin-1")


def places_of(party: Party, operation: Operation) -> st.SearchStrategy[dict[str, str]]:
    """Values for the places of the path: of what is there, or none, so that they are made up."""
    own = {place: party.own(operation, place) for place in operation.places}
    made_up = st.just(dict[str, str]())
    if not own or not all(own.values()) or NOT_WITH_WHAT_IS_THERE.match(operation.name):
        return made_up
    return made_up | st.fixed_dictionaries({place: st.sampled_from(values) for place, values in own.items()})


@pytest.mark.acceptance
def test_every_answer_is_as_the_document_says(
    furnished: Stage, full_size: bool, request: pytest.FixtureRequest
) -> None:
    seed = request.config.getoption("randomly_seed")
    document = furnished.app.openapi()
    schema = schemathesis.openapi.from_dict(document)
    schema.config.generation.update(allow_extra_parameters=False)  # headers nobody reads only cost time
    asker, most = Asker(furnished, every_caller=full_size), 27 if full_size else 1
    with rivals(furnished) as (party, _):
        look_around(party, operations(furnished))
        look_around(party, operations(furnished))
        for operation in operations_of(document):
            described = schema[operation.path][operation.method]
            places = places_of(party, operation)
            for mode in GenerationMode:
                cases = st.builds(_put, described.as_strategy(mode), places)
                with suppress(Unsatisfiable) if mode.is_negative else nullcontext():  # nothing can be wrong in it
                    _ask_many(asker, cases, most, f"{seed} {operation.name} {mode}")
            print(f"{asker.answers.total():6} cases up to {operation.name}", flush=True)
    asked = asker.answers.total()
    print(f"seed {seed}: {asker.requests} requests, {asked} cases")
    print(f"answers by status {dict(sorted(asker.answers.items()))}")
    print("never answered well", sorted({each.name for each in operations_of(document)} - asker.well))
    assert not asker.wrong, "\n\n".join(f"{key}\n{said}" for key, said in asker.wrong.items())
    assert asked >= (10_000 if full_size else 100)


def _ask_many(asker: Asker, cases: st.SearchStrategy[Any], most: int, seed: str) -> None:
    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=most,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @hypothesis.given(cases)
    def ask(case: schemathesis.Case[Any]) -> None:
        asker.requests += 1
        for caller in CALLERS if asker.every_caller else CALLERS[asker.requests % len(CALLERS) :][:1]:
            asker.ask(case, caller)

    ask()
