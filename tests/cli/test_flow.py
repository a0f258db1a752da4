"""`meschain catalog sync --flow`: the flow runner does it, and the command tells what came of it."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from meschain.pricing.banks import today_of
from meschain.runs import service
from meschain.settings import variable_of
from meschain.store.base import utc_now
from tests.catalog.shop import as_csv, goods
from tests.cli.command import PROJECT, Command
from tests.prefect_server import running_server, settings_at
from tests.pricing.bank import open_banks


@pytest.fixture
def feed(meschain: Command) -> Path:
    """The feed of the supplier `toys`, which has it as its source."""
    path = Path("toys.csv")
    path.write_text(as_csv(goods(40)), encoding="utf-8")
    assert meschain("supplier", "add", "toys", "--file", path).code == 0
    return path


@pytest.fixture
def banks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The Turkish bank has published today's rates; the other one is not there."""
    with open_banks() as opened:
        for name, text in opened.environment.items():
            monkeypatch.setenv(name, text)
        opened.publish_lira(today_of("tcmb", utc_now()), {"USD": "42"}, "2026/9")
        yield


@pytest.fixture
def runner(meschain: Command, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A flow runner of the home, as `meschain up` starts it."""
    running_server()
    settings = settings_at(meschain.home)
    monkeypatch.setenv(variable_of("prefect", "api_url"), settings.prefect_url)
    command = [sys.executable, "-m", "flows", "--name", "cli"]
    with subprocess.Popen(command, cwd=PROJECT, env=settings.child_environment()) as process:
        yield
        process.terminate()


@pytest.mark.usefixtures("runner")
def test_the_flow_runner_does_it(meschain: Command, feed: Path) -> None:
    first = meschain("catalog", "sync", "toys", "--flow", "--json")
    assert (first.code, first.err, first.json()["status"], first.json()["new"]) == (0, "", "applied", 40)
    [run] = meschain("catalog", "runs", "--json").json()
    assert first.json() == run
    asked = meschain("sql", "SELECT count(*) AS offers FROM core.offers", "--json").json()
    assert asked == [{"offers": 40}]

    feed.write_text(as_csv(goods(5)), encoding="utf-8")
    held = meschain("catalog", "sync", "toys", "--flow")
    assert held.code == 3
    assert "toys: held" in held.out

    feed.unlink()
    failed = meschain("catalog", "sync", "toys", "--flow", "--json")
    assert (failed.code, failed.json()["status"]) == (1, "failed")
    assert "toys.csv: no such file" in failed.json()["error"]
    assert failed.err == f"Error: {failed.json()['error']}\n"


@pytest.mark.usefixtures("feed")
def test_without_a_flow_runner_it_is_queued_and_said(meschain: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "_PATIENCE_SECONDS", 0.2)
    answer = meschain("catalog", "sync", "toys", "--flow", "--json")
    assert (answer.code, answer.json()["status"]) == (1, "failed")
    assert "start the platform with `meschain up`" in answer.err
    assert meschain("catalog", "runs", "--json").json() == []


@pytest.mark.usefixtures("banks", "runner")
def test_rates_are_fetched_by_the_flow_runner(meschain: Command) -> None:
    fetched = meschain("rate", "fetch", "--source", "tcmb", "--flow", "--json")
    assert (fetched.code, fetched.err) == (0, "")
    assert [(each["source"], each["status"]) for each in fetched.json()] == [("tcmb", "accepted")]
    [kept] = meschain("rate", "list", "--json").json()
    assert kept["number"] == "2026/9"
    missing = meschain("rate", "fetch", "--source", "ecb", "--flow", "--json")
    assert (missing.code, missing.out) == (1, "")
    assert missing.err.startswith("Error: 1 bulletins: 1 failed. ecb: ")
