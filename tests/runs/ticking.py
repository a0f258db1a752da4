"""A runner of small flows, started by tests as a process: `tick` writes a line, `wait` writes one and waits for a file.

Arguments: name of the runner, folder to write to, name of the deployments (a test's own), seconds between the runs of
`tick` by schedule (0: no schedule).
"""

import asyncio
import logging
import sys
from datetime import timedelta
from pathlib import Path

from meschain.settings import load_settings

SETTINGS = load_settings()
SETTINGS.enter()

from prefect import flow  # noqa: E402  it reads the environment
from prefect.states import Completed  # noqa: E402  after the settings

from commerce.errors import Permanent  # noqa: E402  after the settings
from meschain.runs import runner  # noqa: E402  after the settings
from meschain.runs.deployments import Deployment, Pool, Schedule  # noqa: E402  after the settings
from meschain.runs.serving import serve  # noqa: E402  after the settings
from meschain.store.engine import open_engine  # noqa: E402  after the settings

NAME, FOLDER, MINE, EVERY = sys.argv[1], Path(sys.argv[2]), sys.argv[3], float(sys.argv[4])


def note(line: str) -> None:
    with (FOLDER / "lines").open("a") as file:
        file.write(f"{line}\n")


@flow(name=f"tick-{MINE}", flow_run_name="tick {n}")
async def tick(n: int = 0):
    note(f"tick {n} {NAME}")
    return Completed(name="Held", message=f"tick {n}", data={"n": n})


@flow(name=f"fail-{MINE}")
async def fail(words: str):
    raise Permanent(words)


@flow(name=f"wait-{MINE}")
async def wait(n: int = 0):
    note(f"wait {n} {NAME}")
    while not (FOLDER / f"go-{n}").exists():  # noqa: ASYNC110  another process makes the file
        await asyncio.sleep(0.05)
    note(f"done {n} {NAME}")


def deployment(name: str, **more: object) -> Deployment:
    pool = Pool(name=f"pool-{MINE}")
    return Deployment(name=name, entrypoint=f"{name}.py:{name}", description=name, work_pool=pool, **more)


if __name__ == "__main__":
    runner.GRACE_SECONDS = 1.0  # who waits for a file does not end by himself, however long he is given
    logging.basicConfig(level=logging.WARNING)
    logging.getLogger("meschain").setLevel(logging.INFO)
    often = [Schedule(slug="often", interval=timedelta(seconds=EVERY))] if EVERY else []
    served = [
        (deployment("tick"), tick),
        (deployment("fail"), fail),
        (deployment("wait"), wait),
        (deployment("scheduled", schedules=often), tick),
    ]
    engine = open_engine(SETTINGS.store.url)
    asyncio.run(serve(engine, SETTINGS.locks_dir(), NAME, served, root=FOLDER, at_once=4))
