"""Every error is a problem (RFC 9457): its status, its words, and what it keeps to itself."""

import json
import pickle
from typing import Any

import pytest
from fastapi import APIRouter
from pydantic import BaseModel, Field
from sqlalchemy import text

from commerce.errors import BadRecord, MesChainError, Permanent, Refused, Transient
from meschain.access.rules import ChangedMeanwhile, Forbidden, NotFound, SecondFactorNeeded, Unauthenticated
from meschain.runs.flows import BadParameters
from meschain.runs.service import KeyReused
from meschain.store.exclusion import Busy
from meschain.store.session import reading
from meschain.web.problems import BadRequest
from meschain.web.rates import TooMany
from meschain.web.wellformed import find_flaws
from tests.web.conftest import Owner
from tests.web.stage import Stage, check_problem

ERRORS: list[tuple[MesChainError, int, str]] = [
    (SecondFactorNeeded("a code is needed"), 401, "second-factor-needed"),
    (Unauthenticated("log in"), 401, "unauthenticated"),
    (Forbidden("not allowed"), 403, "forbidden"),
    (NotFound("not there"), 404, "not-found"),
    (ChangedMeanwhile("changed"), 412, "changed-meanwhile"),
    (KeyReused("another wish"), 422, "idempotency-key-reused"),
    (BadRecord("no_number", "price", "x", "a number"), 422, "invalid"),
    (Busy("a sync is under way"), 409, "busy"),
    (Refused("not now, not ever"), 409, "refused"),
    (Transient("too many log in"), 503, "not-now"),
    (BadRequest(428, "precondition-required", "say which version"), 428, "precondition-required"),
    (TooMany(7), 429, "too-many-requests"),
]


class Nested(BaseModel):
    """A body with a name that a pointer has to escape."""

    part: dict[str, int] = Field(default={})
    many: list[int] = Field(default=[])


@pytest.fixture(scope="module")
def failing(stage: Stage) -> Stage:
    """The stage with a route for each error."""
    router = APIRouter()

    @router.get("/trial/errors/{number}")
    def fail(number: int) -> None:
        raise ERRORS[number][0]

    @router.get("/trial/permanent")
    def fail_for_good() -> None:
        raise Permanent("/srv/meschain/vault.key cannot be read")

    @router.get("/trial/store/{what}")
    def ask_store(what: str) -> None:
        with reading(stage.access.everywhere) as session:
            session.execute(text("SELECT 1 FROM nothing_here" if what == "gone" else "SELEKT secret-of-ours"))

    @router.get("/trial/away")
    def find_store_away() -> None:
        with reading(stage.access.everywhere) as session:
            try:
                session.execute(text("SELEKT"))
            except Exception as error:
                raise Transient("postgresql://meschain:***@db.internal does not answer") from error

    @router.get("/trial/parameters")
    def find_parameters_wrong() -> None:
        raise BadParameters([("supplier", "expected a supplier"), ("window.days", "expected a number")])

    @router.post("/trial/nested")
    def take(body: Nested) -> None:
        return None

    stage.app.include_router(router)
    return stage


@pytest.mark.parametrize("number", range(len(ERRORS)))
def test_an_error_is_told_by_its_kind(failing: Stage, number: int) -> None:
    error, status, kind = ERRORS[number]
    answered = failing.ask("GET", f"/trial/errors/{number}")
    assert check_problem(answered, status, kind)["detail"] == str(error)
    assert answered.headers.get("www-authenticate") == ("Bearer" if status == 401 else None)
    assert answered.headers.get("retry-after") == {503: "2", 429: "7"}.get(status)


@pytest.mark.parametrize("path", ["/trial/permanent", "/trial/store/gone", "/trial/store/wrong"])
def test_what_is_broken_in_the_house_stays_in_the_house(
    failing: Stage, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    answered = failing.ask("GET", path)
    check_problem(answered, 500)
    for ours in (
        "vault",
        "store.sqlite",
        "nothing_here",
        "secret",
        "SELEKT",
        "Traceback",
        str(failing.app.state.settings.home),
    ):
        assert ours not in answered.text
    assert caplog.text


def test_that_the_store_is_away_says_not_where_it_is(failing: Stage, caplog: pytest.LogCaptureFixture) -> None:
    answered = failing.ask("GET", "/trial/away")
    check_problem(answered, 503, "not-now")
    assert answered.headers["retry-after"] == "2"
    assert "internal" not in answered.text
    assert "db.internal" in caplog.text


def test_wrong_parameters_of_a_flow_are_told_one_by_one(failing: Stage) -> None:
    body = check_problem(failing.ask("GET", "/trial/parameters"), 422, "invalid")
    assert [each["pointer"] for each in body["errors"]] == ["/body/parameters/supplier", "/body/parameters/window/days"]


@pytest.mark.parametrize(
    ("sent", "pointer"),
    [
        ('{"part": {"a/b~c": "x"}}', "/body/part/a~1b~0c"),
        ('{"many": [1, "x"]}', "/body/many/1"),
        ('{"part": {"\\ud800": 1}}', "/body/part"),
        ('{"other\\ud800": 1}', "/body"),
        ('{"many": [1, 1e999]}', "/body/many/1"),
        ('{"many": [NaN]}', "/body/many/0"),
        ('{"many": [-9223372036854775809]}', "/body/many/0"),
        ('{"part": {"\\u0000": 1}}', "/body/part"),
        ('{"other": ["\\u0000"]}', "/body/other/0"),
        ("[]", "/body"),
        ("{", "/body/1"),
        ("", "/body"),
    ],
)
def test_what_is_wrong_with_a_body_is_pointed_at(failing: Stage, sent: str, pointer: str) -> None:
    answered = failing.ask(
        "POST", "/trial/nested", content=sent.encode(), headers={"content-type": "application/json"}
    )  # fmt: skip
    body = check_problem(answered, 422, "invalid")
    assert pointer in [each["pointer"] for each in body["errors"]]


def test_a_body_wrong_throughout_is_not_told_wholly(failing: Stage) -> None:
    body = check_problem(failing.ask("POST", "/trial/nested", json={"many": ["x"] * 10_000}), 422)
    assert len(body["errors"]) == 50


@pytest.mark.parametrize(
    "sent",
    [b"[" * 100_000, b'{"many": [' + b"9" * 5000 + b"]}", b"{\xff}", b'{"many": "\xed\xa0\x80"}'],
    ids=["deep", "digits", "no text", "half a pair"],
)
def test_a_body_that_cannot_be_read_is_the_senders_affair(failing: Stage, sent: bytes) -> None:
    answered = failing.ask("POST", "/trial/nested", content=sent, headers={"content-type": "application/json"})
    check_problem(answered, answered.status_code)
    assert answered.status_code in {400, 422}


@pytest.mark.parametrize(
    ("path", "content", "kind"),
    [
        ("/trial/nested", b"{}", "text/plain"),
        ("/trial/nested", b"{}", "application/x-www-form-urlencoded"),
        ("/trial/nested", b"{}", None),
        ("/trial/nested", b"<a/>", "application/xml"),
        ("/v1/auth/token", b'{"username": "a"}', "application/json"),
        ("/v1/auth/token", b"username=a", "text/plain"),
    ],
)
def test_a_body_of_another_kind_is_not_taken(failing: Stage, path: str, content: bytes, kind: str | None) -> None:
    headers = {"content-type": kind} if kind is not None else {}
    check_problem(failing.ask("POST", path, content=content, headers=headers), 415, "unsupported-media-type")


@pytest.mark.parametrize("kind", ["application/json", "application/problem+json", "APPLICATION/JSON; charset=utf-8"])
def test_json_is_json_whatever_it_is_called(failing: Stage, kind: str) -> None:
    assert failing.ask("POST", "/trial/nested", content=b"{}", headers={"content-type": kind}).status_code == 200


@pytest.mark.parametrize("path", ["/v1/roles/a%00b", "/v1/me/sessions/%00", "/v1/audit/entries?tag=%00"])
def test_no_address_holds_nul(failing: Stage, owner: Owner, path: str) -> None:
    method = "DELETE" if "sessions" in path else "GET"
    check_problem(failing.ask(method, path, owner.token), 422, "invalid")


def test_no_form_holds_nul(failing: Stage) -> None:
    body = check_problem(failing.ask("POST", "/v1/auth/token", data={"username": "a\0", "password": "x"}), 422)
    assert [each["pointer"] for each in body["errors"]] == ["/body/username/0"]


def test_flaws_are_found_at_any_depth() -> None:
    deep: Any = "\0"
    for _ in range(5000):
        deep = [deep]
    assert len(list(find_flaws(deep))) == 1
    assert not list(find_flaws({"a": [1, 2.5, None, True, "ğ", "\U0001f600", 2**63 - 1, -(2**63 - 1)]}))


def test_errors_cross_a_process_whole() -> None:
    for error in (BadRequest(428, "precondition-required", "say it"), TooMany(7)):
        again = pickle.loads(pickle.dumps(error))  # noqa: S301  our own
        assert (type(again), str(again)) == (type(error), str(error))
        assert (again.status, again.kind, again.headers) == (error.status, error.kind, error.headers)


def test_a_problem_is_text_whatever_it_repeats(failing: Stage) -> None:
    answered = failing.ask("GET", "/v1/roles/%ED%A0%80%F0%9F%98%80")
    json.loads(answered.content.decode("utf-8"))
