"""Whether the API lives and can work; told to everybody, so nothing of any tenant and nothing of the house."""

from pathlib import Path

import pytest
from sqlalchemy import text

from meschain.runs.tables import Runner
from meschain.store.base import utc_now
from meschain.store.session import transaction
from meschain.web.health import Live, Ready
from tests.web.stage import Stage, staged


def test_a_process_that_answers_lives(either: Stage) -> None:
    answered = either.ask("GET", "/health/live")
    assert (answered.status_code, Live.model_validate(answered.json()).status) == (200, "ok")


def test_it_is_ready_when_the_store_is_and_knows_the_runners(either: Stage) -> None:
    answered = either.ask("GET", "/health/ready")
    assert (answered.status_code, answered.json()["store"]) == (200, "ok")
    with transaction(either.access.everywhere) as session:
        session.add(Runner(name="runner-1", started_at=utc_now(), seen_at=utc_now()))
    shown = Ready.model_validate(either.ask("GET", "/health/ready").json())
    assert (shown.status, shown.runners) == ("ok", 1)
    assert shown.seen_at is not None


def test_a_store_of_another_version_is_no_store(tmp_path: Path) -> None:
    with staged(tmp_path / "home") as stage:
        with stage.access.engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = 'another'"))
        answered = stage.ask("GET", "/health/ready")
        assert (answered.status_code, answered.json()["status"]) == (503, "failing")
        assert stage.ask("GET", "/health/live").status_code == 200


def test_a_store_that_is_gone_is_told_without_saying_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with staged(tmp_path / "home") as stage:
        stage.access.engine.dispose()
        for path in (tmp_path / "home").glob("store.sqlite*"):
            path.unlink()
        (tmp_path / "home" / "store.sqlite").mkdir()
        answered = stage.ask("GET", "/health/ready")
        assert (answered.status_code, answered.json()["store"]) == (503, "failing")
        assert str(tmp_path) not in answered.text
