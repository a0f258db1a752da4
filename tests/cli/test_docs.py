"""The commands that the documentation shows are there and work: those of a page one after another, in one home."""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import pytest

from meschain.operations.server import await_api, free_port, start_api
from meschain.pricing.banks import today_of
from meschain.settings import Settings
from meschain.store.base import utc_now
from tests.catalog.shop import as_csv, goods
from tests.cli.command import PROJECT, Answer, Command
from tests.pricing.bank import HISTORY, history_of, open_banks

_PAGES = [PROJECT / "README.md", *sorted((PROJECT / "docs").glob("[!rd]*/*.md"))]  # neither reference nor decisions
_FENCE = re.compile(r"^ *```sh\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
_RULES = re.compile(r"^```yaml\n(- name:.*?)^```", re.MULTILINE | re.DOTALL)
_NAMED = re.compile(r"`meschain ((?:[a-z][a-z-]* ?)+)")
_SITE = "https://mes.example.com"
"""The address of an installation, where pages name one."""
_PERSON = "mehmet@example.com"
_JUMPED = date(2026, 1, 6)
"""The day of which a bulletin of rates is held, where a page is about them."""


def _shown(page: Path) -> list[str]:
    """Every line of the page's shell blocks that runs `meschain`, or a file that it has written."""
    lines = [line.strip() for block in _FENCE.findall(page.read_text()) for line in block.splitlines()]
    return [line for line in lines if line.removeprefix(".venv/bin/").startswith(("meschain ", "python3 "))]


def _named() -> list[str]:
    """Every command that the pages name in running text."""
    return sorted({found.strip() for page in _PAGES for found in _NAMED.findall(page.read_text())})


_WITH_COMMANDS = [page for page in _PAGES if _shown(page)]


@pytest.mark.parametrize("page", [pytest.param(page, id=page.stem) for page in _WITH_COMMANDS])
def test_the_commands_of_a_page_work(
    page: Path, meschain: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = _shown(page)
    values = _furnish(meschain, tmp_path)
    for shown in _RULES.findall(page.read_text()):
        Path("rules.yaml").write_text(shown)
    with (
        _central_banks(meschain, monkeypatch, needed=any("meschain rate" in line for line in lines)),
        _installation(meschain.home, needed=any(_SITE in line for line in lines)) as address,
    ):
        for line in lines:
            answer = _run(line, meschain, values | {_SITE: address})
            assert answer.code == 0, f"{line}: {answer.out}{answer.err}"
            assert answer.out.strip(), line


@pytest.mark.parametrize("command", _named())
def test_a_named_command_is_there(command: str, meschain: Command) -> None:
    answer = meschain(*command.split(), "--help")
    assert answer.code == 0, answer.err


def test_there_is_something_to_test() -> None:
    assert len(_WITH_COMMANDS) > 4
    assert sum(len(_shown(page)) for page in _WITH_COMMANDS) > 25
    assert len(_named()) > 7


def _furnish(meschain: Command, folder: Path) -> dict[str, str]:
    """What a reader of any page has already; gives what to put in the place of the words that stand for it."""
    feed = folder / "feed.csv"
    feed.write_text(as_csv(goods(30, cost=lambda number: f"{number}.00")))
    Path("cargo.csv").write_text("carrier,desi,price_from,price_below,amount\nAras Kargo,5,0,,83.93\n")
    made = (
        meschain("catalog", "import", feed, "--supplier", "acme"),
        meschain("user", "invite", _PERSON, "--role", "viewer"),
        meschain("key", "add", "reader", "--role", "admin", "--days", "1", "--json"),
        meschain("audit", "keys"),
    )
    assert [answer.code for answer in made] == [0] * len(made), made
    (folder / "token").write_text(made[2].json()["key"])
    return {"FILE": str(feed), "NAME": "acme", "SUBJECT": _PERSON, "KEY": made[3].out.strip(), "DAY": str(_JUMPED)}


def _run(line: str, meschain: Command, values: dict[str, str]) -> Answer:
    """Run a line as a shell would in the present folder, which knows no more than `> FILE`."""
    program, *words = [values.get(word, word) for word in shlex.split(line)]
    words, target = (words[:-2], words[-1]) if words[-2:-1] == [">"] else (words, None)
    if program == "python3":
        ended = subprocess.run([sys.executable, *words], capture_output=True, text=True, check=False, timeout=60)
        answer = Answer(ended.returncode, ended.stdout, ended.stderr)
    else:
        answer = meschain(*words)
    if target:
        Path(target).write_text(answer.out)
    return answer


@contextmanager
def _central_banks(meschain: Command, monkeypatch: pytest.MonkeyPatch, *, needed: bool) -> Iterator[None]:
    """Banks that publish today's rates, and a bulletin of theirs that is held, if they are needed."""
    if not needed:
        yield
        return
    with open_banks() as banks:
        for name, text in banks.environment.items():
            monkeypatch.setenv(name, text)
        for day, rate, code in ((_JUMPED - timedelta(days=1), "40", 0), (_JUMPED, "80", 3)):
            banks.publish_lira(day, {"USD": rate})
            assert meschain("rate", "fetch", "--source", "tcmb", "--day", day).code == code
        banks.publish_lira(today_of("tcmb", utc_now()), {"USD": "40"})
        banks.publish_euro(today_of("ecb", utc_now()), {"USD": "1.1"})
        banks.documents[HISTORY] = history_of({_JUMPED: {"USD": "1.1"}})
        yield


@contextmanager
def _installation(home: Path, *, needed: bool) -> Iterator[str]:
    """The API of that home for as long as the block lasts, if it is needed; gives its address."""
    if not needed:
        yield _SITE
        return
    settings = Settings.model_validate({"home": home, "api": {"port": free_port("127.0.0.1")}})
    api = start_api(settings)
    try:
        await_api(settings, api, lambda _: None)
        yield settings.api_url
    finally:
        api.stop()
