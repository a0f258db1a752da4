"""An answer that is given again is never another's, never older than the last write, never older than a second."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from types import SimpleNamespace
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Response
from sqlalchemy import text
from sqlalchemy.orm import Session

from meschain.access import account, api_keys, members, own_roles, sessions
from meschain.access.grants import GivenRole
from meschain.access.guard import Allow, Anybody
from meschain.access.permissions import Permission
from meschain.access.principal import Principal
from meschain.access.roles import Rights
from meschain.access.signing import rotate_signing_key
from meschain.audit.rules import OPERATOR
from meschain.web import answers
from meschain.web.answers import Answers, StoreRoute
from tests.access.people import PASSWORD
from tests.web.conftest import Owner, owner_of
from tests.web.stage import Stage

made = count(1)


@pytest.fixture(scope="module")
def counting(either: Stage) -> Stage:
    """The stage with routes that say how often they were asked."""
    router = APIRouter(route_class=StoreRoute)

    @router.get("/trial/count")
    def get_count(who: Annotated[Principal, Anybody()], word: str = "") -> dict[str, Any]:
        time.sleep(0.01)
        return {"made": next(made), "for": who.actor.id, "of": who.tenant_id, "word": word}

    @router.get("/trial/count/{name}")
    def get_named(who: Annotated[Principal, Anybody()], name: str) -> dict[str, Any]:
        return {"made": next(made), "name": name}

    @router.get("/trial/users")
    def get_guarded(who: Annotated[Principal, Allow(Permission.ACCESS_READ)]) -> dict[str, int]:
        return {"made": next(made)}

    @router.get("/trial/no-content", status_code=203)
    def get_other(who: Annotated[Principal, Anybody()]) -> dict[str, int]:
        return {"made": next(made)}

    @router.get("/trial/large")
    def get_large(who: Annotated[Principal, Anybody()]) -> Response:
        return Response(str(next(made)).ljust(answers._LARGEST + 1))

    @router.post("/trial/count")
    def post_count(who: Annotated[Principal, Anybody()]) -> dict[str, int]:
        return {"made": next(made)}

    either.app.include_router(router)
    return either


@pytest.fixture(scope="module")
def owner(either: Stage) -> Owner:
    """The owner of `acme`."""
    return owner_of(either)


@pytest.fixture
def remembers(either: Stage) -> bool:
    """Whether this store can tell that nothing was written."""
    return either.access.engine.dialect.name == "sqlite"


def asked(stage: Stage, token: str, path: str = "/trial/count") -> int:
    answered = stage.ask("GET", path, token)
    assert answered.status_code in {200, 203}, answered.text
    return int(answered.json()["made"])


def write(stage: Stage) -> None:
    """Something is written to the store, by whomever."""
    with stage.access.engine.begin() as connection:
        connection.execute(text("UPDATE access_tenants SET name = :name"), {"name": str(next(made))})


def test_what_was_just_answered_is_answered_again(counting: Stage, owner: Owner, remembers: bool) -> None:
    asked(counting, owner.token)
    first, again = asked(counting, owner.token), counting.ask("GET", "/trial/count", owner.token)
    assert (again.json()["made"] == first) == remembers
    assert again.headers["content-type"] == "application/json"
    assert "ratelimit" in again.headers, "and it is counted"
    assert "content-security-policy" in again.headers
    assert again.headers["x-request-id"] != counting.ask("GET", "/trial/count", owner.token).headers["x-request-id"]


def test_any_write_ends_it(counting: Stage, owner: Owner) -> None:
    for _ in range(20):
        before = asked(counting, owner.token)
        write(counting)
        assert asked(counting, owner.token) > before


def test_it_ends_with_the_second(
    counting: Stage, owner: Owner, remembers: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.monotonic() + 10
    monkeypatch.setattr(answers, "time", SimpleNamespace(monotonic=lambda: now))
    before = asked(counting, owner.token)
    assert (asked(counting, owner.token) == before) == remembers
    now += 1.01
    assert asked(counting, owner.token) > before


def test_it_is_nobody_elses(counting: Stage, owner: Owner) -> None:
    other = owner_of(counting, "other", "fatma@example.com")
    key = counting.key(owner.tenant_id, "viewer")
    for _ in range(3):
        for token, tenant in ((owner.token, owner.tenant_id), (other.token, other.tenant_id), (key, owner.tenant_id)):
            body = counting.ask("GET", "/trial/count", token).json()
            assert body["of"] == tenant
    second = counting.token("ayse@example.com")
    first = asked(counting, owner.token)
    assert asked(counting, second) != first, "another session of the same person"


@pytest.mark.parametrize(
    "given", ["", "Bearer", "Basic {}", "Token {}", "bearer{}", "{}", "Bearer {}x", "Bearer  {} x"]
)
def test_without_the_token_nothing_is_answered_again(counting: Stage, owner: Owner, given: str) -> None:
    asked(counting, owner.token)
    asked(counting, owner.token)
    answered = counting.client.get("/trial/count", headers={"authorization": given.format(owner.token)})
    assert answered.status_code == 401


def test_another_question_has_another_answer(counting: Stage, owner: Owner) -> None:
    for word in ("", "a", "b", "a%00", "a&word=b"):
        counting.ask("GET", f"/trial/count?word={word}", owner.token)
    assert counting.ask("GET", "/trial/count?word=a", owner.token).json()["word"] == "a"
    assert counting.ask("GET", "/trial/count?word=a&word=b", owner.token).json()["word"] == "b"
    assert counting.ask("GET", "/trial/count/x", owner.token).json()["name"] == "x"
    assert counting.ask("GET", "/trial/count/y", owner.token).json()["name"] == "y"


def test_what_is_not_plainly_good_is_not_kept(counting: Stage, owner: Owner) -> None:
    for path in ("/trial/no-content", "/trial/large"):
        first, second = (counting.ask("GET", path, owner.token).text for _ in range(2))
        assert first != second
    posts = {counting.ask("POST", "/trial/count", owner.token).json()["made"] for _ in range(3)}
    assert len(posts) == 3


def test_of_many_who_ask_at_once_one_has_it_made(counting: Stage, owner: Owner, remembers: bool) -> None:
    write(counting)
    with ThreadPoolExecutor(12) as threads:
        numbers = list(threads.map(lambda _: asked(counting, owner.token), range(24)))
    assert (len(set(numbers)) <= 3) == remembers


def _end_session(stage: Stage, owner: Owner, subject: str) -> None:
    mine = sessions.list_sessions(stage.access, subject)
    sessions.end_session(stage.access, OPERATOR.of_tenant(owner.tenant_id), mine[0].id, user_id=subject)


def _take_roles(stage: Stage, owner: Owner, subject: str) -> None:
    members.set_grants(
        stage.access, OPERATOR.of_tenant(owner.tenant_id), owner.tenant_id, subject, [GivenRole("viewer")]
    )  # fmt: skip


def _remove(stage: Stage, owner: Owner, subject: str) -> None:
    members.remove_member(stage.access, OPERATOR.of_tenant(owner.tenant_id), owner.tenant_id, subject)


def _change_password(stage: Stage, owner: Owner, subject: str) -> None:
    account.change_password(stage.access, OPERATOR, subject, PASSWORD, "yeşil 5 fincan ve bir demlik")


def _deactivate(stage: Stage, owner: Owner, subject: str) -> None:
    with stage.access.engine.begin() as connection:
        connection.execute(text("UPDATE access_users SET active = false WHERE id = :id"), {"id": subject})


@pytest.mark.parametrize(
    ("act", "status"),
    [(_end_session, 401), (_take_roles, 403), (_remove, 401), (_change_password, 401), (_deactivate, 401)],
)
def test_what_a_user_may_no_longer_do_it_may_not_do_at_once(
    counting: Stage, owner: Owner, act: Any, status: int
) -> None:
    email = f"{act.__name__[1:]}@example.com"
    subject = counting.people.member(owner.tenant_id, email, "admin")
    token = counting.token(email)
    for _ in range(3):
        asked(counting, token, "/trial/users")
    act(counting, owner, subject)
    assert counting.ask("GET", "/trial/users", token).status_code == status


def test_a_key_that_is_revoked_is_worth_nothing_at_once(counting: Stage, owner: Owner) -> None:
    key = counting.key(owner.tenant_id, "admin")
    for _ in range(3):
        asked(counting, key, "/trial/users")
    api_keys.revoke_api_key(counting.access, OPERATOR.of_tenant(owner.tenant_id), owner.tenant_id, key.split("_")[2])
    assert counting.ask("GET", "/trial/users", key).status_code == 401


def test_a_role_means_something_else_at_once(counting: Stage, owner: Owner) -> None:
    operator = OPERATOR.of_tenant(owner.tenant_id)
    key = counting.key(owner.tenant_id, counting.role(owner.tenant_id, "changing", "access:read"))
    for allow, status in ((("catalog:read",), 403), (("access:*",), 200), (("*",), 200), ((), 403)):
        counting.ask("GET", "/trial/users", key)
        own_roles.change_role(counting.access, operator, owner.tenant_id, "changing", Rights(allow))
        assert counting.ask("GET", "/trial/users", key).status_code == status


def test_new_signing_keys_end_no_session(counting: Stage, owner: Owner) -> None:
    before = asked(counting, owner.token)
    rotate_signing_key(counting.access, OPERATOR)
    assert asked(counting, owner.token) > before


def test_a_token_that_has_run_out_is_not_remembered(
    counting: Stage, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        asked(counting, owner.token)
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + 601)
    answered = counting.ask("GET", "/trial/count", owner.token)
    assert answered.status_code in {200, 401}, "our clocks may differ by half a minute"
    monkeypatch.setattr(time, "time", lambda: real() + 631)
    assert counting.ask("GET", "/trial/count", owner.token).status_code == 401


def test_whoever_has_seen_a_change_never_sees_what_was_before(counting: Stage, owner: Owner) -> None:
    """Readers, all at once, while a role is changed again and again: time goes forward only."""
    seen, over, wrong = [0], threading.Event(), list[tuple[int, int]]()
    counting.ask("POST", "/v1/roles", owner.token, json={"name": "moving", "allow": []})

    def read() -> None:
        while not over.is_set():
            least = seen[0]
            shown = int(counting.ask("GET", "/v1/roles/moving", owner.token).headers["etag"].strip('"v'))
            if shown < least:
                wrong.append((shown, least))

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    tag = counting.ask("GET", "/v1/roles/moving", owner.token).headers["etag"]
    for _ in range(20):
        headers = {"if-match": tag}
        changed = counting.ask("PUT", "/v1/roles/moving", owner.token, json={"allow": []}, headers=headers)
        tag = changed.headers["etag"]
        seen[0] = int(tag.strip('"v'))
    over.set()
    for reader in readers:
        reader.join()
    assert not wrong


def test_what_is_kept_is_bounded() -> None:
    kept = Answers(SimpleNamespace(stamp=lambda: 1))  # type: ignore[arg-type]  # a stamp is all that is asked of it
    for number in range(30_000):
        kept.keep((str(number), "/", b""), 1, Response(b"x" * 10_000 if number % 2 else b"x"))
        kept.keep((str(number), "/", b""), 1, Response(b"y" * 5_000))
    held = sum(len(answer.body) for answer in kept._kept.values())
    assert held <= kept._bytes <= answers._MOST_BYTES
    assert kept.find(("29999", "/", b"")) is not None
    assert kept.find(("0", "/", b"")) is None
    kept.keep(("new", "/", b""), 2, Response(b"z"))
    assert kept._bytes == 1 + answers._OVERHEAD


def test_a_failure_is_everybodys_own(counting: Stage, owner: Owner, monkeypatch: pytest.MonkeyPatch) -> None:
    failures = iter(_then_good())
    monkeypatch.setattr(Session, "scalars", _failing_first(Session.scalars, failures))
    with ThreadPoolExecutor(6) as threads:
        found = list(threads.map(lambda _: counting.ask("GET", "/v1/roles", owner.token).status_code, range(6)))
    assert set(found) <= {200, 500}
    assert 200 in found
    assert not counting.app.state.answers.making


def _then_good() -> Iterator[bool]:
    yield True
    while True:
        yield False


def _failing_first(real: Any, failures: Iterator[bool]) -> Any:
    def scalars(*given: Any, **more: Any) -> Any:
        if next(failures):
            raise ZeroDivisionError
        return real(*given, **more)

    return scalars
