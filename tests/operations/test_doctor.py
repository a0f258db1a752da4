"""What a state of the installation means: each judgement at its edges, and what to do about whatever is not well."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meschain.operations import doctor
from meschain.operations.doctor import Feed, Finding, StagedDelta

_GIB = 1024**3
_NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(("version", "state"), [((3, 11, 7), "ok"), ((3, 12, 0), "broken"), ((3, 10, 9), "broken")])
def test_python(version: tuple[int, ...], state: str) -> None:
    assert doctor.judge_python(version).state == state


@pytest.mark.parametrize(
    ("writable", "free", "state"),
    [(True, 5 * _GIB, "ok"), (True, _GIB - 1, "notice"), (True, _GIB // 10 - 1, "broken"), (False, 5 * _GIB, "broken")],
)
def test_home(writable: bool, free: int, state: str) -> None:
    assert doctor.judge_home(Path("home"), present=True, writable=writable, free=free).state == state


def test_a_home_that_is_not_there_yet_is_well() -> None:
    found = doctor.judge_home(Path("home"), present=False, writable=True, free=5 * _GIB)
    assert (found.state, found.text) == ("ok", "home is not there yet: made when first needed")


@pytest.mark.parametrize(
    ("present", "revision", "error", "state"),
    [
        (True, "0002", "", "ok"),
        (True, "0001", "", "notice"),
        (True, "0003", "", "broken"),
        (True, None, "", "ok"),
        (False, None, "", "ok"),
        (True, None, "no answer", "broken"),
    ],
)
def test_store(present: bool, revision: str | None, error: str, state: str) -> None:
    assert doctor.judge_store("s", present=present, revision=revision, newest="0002", error=error).state == state


@pytest.mark.parametrize(
    ("present", "sealed", "misfits", "states"),
    [
        (False, 0, {}, ["ok"]),
        (False, 2, {}, ["broken"]),
        (True, 2, {}, ["ok"]),
        (True, 3, {"a/b": "x", "a/c": "y"}, ["broken", "broken"]),
    ],
)
def test_vault(present: bool, sealed: int, misfits: dict[str, str], states: list[str]) -> None:
    assert [found.state for found in doctor.judge_vault("k", present=present, sealed=sealed, misfits=misfits)] == states


@pytest.mark.parametrize(
    ("live", "error", "state", "said"),
    [
        (False, None, "ok", "`meschain up` starts one"),
        (True, None, "ok", "answers at http://a"),
        (True, "HTTP 503", "broken", "cannot work: HTTP 503"),
    ],
)
def test_api(live: bool, error: str | None, state: str, said: str) -> None:
    found = doctor.judge_api("http://a", live=live, error=error)
    assert (found.state, said in found.text, bool(found.remedy)) == (state, True, state != "ok")


@pytest.mark.parametrize(
    ("names", "waiting", "state", "said"),
    [
        (["a", "b"], 3, "ok", "a, b"),
        ([], 3, "notice", "waits (3)"),
        ([], 0, "ok", "`meschain up` starts one"),
    ],
)
def test_flow_runners(names: list[str], waiting: int, state: str, said: str) -> None:
    found = doctor.judge_runners(names, waiting)
    assert (found.state, said in found.text, bool(found.remedy)) == (state, True, state != "ok")


def test_extensions() -> None:
    assert [found.state for found in doctor.judge_extensions({"a": None, "b": None})] == ["ok"]
    [found] = doctor.judge_extensions({"a": None, "b": "not there"})
    assert (found.state, found.text) == ("broken", "b: not there")


def test_http() -> None:
    assert doctor.judge_http(30, _GIB, private=False).state == "ok"
    assert doctor.judge_http(30, _GIB, private=True).state == "notice"


@pytest.mark.parametrize(
    ("given_", "error", "state"), [(True, None, "ok"), (False, None, "ok"), (True, "no", "broken"), (False, "no", "ok")]
)
def test_a_prefect_server_has_to_run_only_if_it_was_named(given_: bool, error: str | None, state: str) -> None:
    assert doctor.judge_prefect("http://localhost/api", given=given_, error=error).state == state


@pytest.mark.parametrize(
    ("imported", "holds", "error", "state"),
    [
        (False, None, "", "ok"),
        (True, "snapshot 3", "", "ok"),
        (True, None, "", "broken"),
        (True, None, "cut", "broken"),
    ],
)
def test_lake(imported: bool, holds: str | None, error: str, state: str) -> None:
    found = doctor.judge_lake("acme", "SQLite", imported=imported, place="lake", holds=holds, error=error)
    assert found.state == state


def test_feeds_that_wait_for_somebody_are_named_with_what_to_do() -> None:
    well = Feed("d", "fresh")
    feeds = [Feed("a", "held", "run-1"), Feed("b", "late"), Feed("c", "fresh", failure="no such file"), well]
    found = doctor.judge_feeds("acme", feeds)
    assert [each.text.partition(":")[0] for each in found] == ["a", "b", "c"]
    assert {each.state for each in found} == {"notice"}
    assert "meschain catalog diff run-1 --tenant acme" in found[0].remedy
    assert "no such file" in found[2].text
    assert [each.state for each in doctor.judge_feeds("acme", [well])] == ["ok"]


@pytest.mark.parametrize(
    ("status", "size", "state"),
    [
        ("held", 10, "ok"),
        ("running", 10, "ok"),
        ("applied", 10, "notice"),
        (None, 10, "notice"),
        ("held", 0, "broken"),
    ],
)
def test_staged_deltas(status: str | None, size: int, state: str) -> None:
    assert [each.state for each in doctor.judge_deltas([StagedDelta(Path("d"), "r", status, size)])] == [state]


def test_a_clock_behind_what_was_stored_is_wrong() -> None:
    assert doctor.judge_clock(_NOW, None).state == "ok"
    assert doctor.judge_clock(_NOW, _NOW + timedelta(minutes=1)).state == "ok"
    assert doctor.judge_clock(_NOW, _NOW + timedelta(minutes=3)).state == "broken"
    assert doctor.judge_clock(_NOW.replace(year=1970), None).state == "broken"


_FEEDS = st.builds(Feed, st.just("a"), st.sampled_from(["fresh", "late", "held"]), failure=st.none() | st.just("x"))
_STATUSES = st.sampled_from(["held", "running", "failed", None])
_DELTAS = st.builds(StagedDelta, st.just(Path("d")), st.just("r"), _STATUSES, st.integers(0, 9))


@given(
    feeds=st.lists(_FEEDS),
    deltas=st.lists(_DELTAS),
    free=st.integers(0, 2 * _GIB),
    newest=st.none() | st.datetimes(timezones=st.just(UTC)),
)
def test_whatever_is_not_well_says_what_to_do(
    feeds: list[Feed], deltas: list[StagedDelta], free: int, newest: datetime | None
) -> None:
    found: list[Finding] = [
        *doctor.judge_feeds("acme", feeds),
        *doctor.judge_deltas(deltas),
        doctor.judge_home(Path("home"), present=True, writable=True, free=free),
        doctor.judge_clock(_NOW, newest),
    ]
    assert all(bool(each.remedy) == (each.state != "ok") for each in found)
