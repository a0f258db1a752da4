"""`python -m flows`: the flow runner. Deploys what `prefect.yaml` says, executes triggers and what Prefect schedules.

Prefect reads its settings when it is imported: nothing here imports it before the settings have been put in place.
"""

import argparse
import asyncio
import importlib
import logging
import socket
import sys
from pathlib import Path
from typing import Any

from commerce.errors import MesChainError
from meschain.settings import load_settings
from meschain.store.exclusion import Busy

log = logging.getLogger("flows")
ROOT = Path(__file__).parents[1]


def main() -> int:
    """Run until SIGTERM or SIGINT; 0 when it was stopped in order, 1 when it cannot work, 2 when its name is taken."""
    parser = argparse.ArgumentParser(prog="python -m flows", description="Run flows in this process until stopped.")
    parser.add_argument("--name", default=socket.gethostname(), help="the runner's own name, by default the machine's")
    name = parser.parse_args().name
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for ours in ("flows", "tasks", "meschain", "warehouse", "connectors"):  # others speak only when something is wrong
        logging.getLogger(ours).setLevel(logging.INFO)
    try:
        load_settings().enter()
        asyncio.run(_serve(name))
    except Busy as error:
        log.error("%s", error)  # noqa: TRY400  a sentence says all, a traceback nothing
        return 2
    except MesChainError as error:
        log.error("%s", error)  # noqa: TRY400  as above
        return 1
    return 0


async def _serve(name: str) -> None:
    from meschain.runs import deployments, serving  # noqa: PLC0415  see the module's docstring
    from tasks.house import house  # noqa: PLC0415  see the module's docstring

    opened = house()
    served = [(each, _flow(each.entrypoint)) for each in deployments.read_deployments(ROOT / "prefect.yaml")]
    try:
        await serving.serve(
            opened.engine,
            opened.settings.locks_dir(),
            name,
            served,
            root=ROOT,
            at_once=opened.settings.prefect.runs_at_once,
        )
    finally:
        opened.close()


def _flow(entrypoint: str) -> Any:  # noqa: ANN401  a Prefect flow, which must not be imported to be named here
    """The flow that `flows/sync_catalog.py:sync_catalog` means, from its module: loaded once, as others import it."""
    path, _, name = entrypoint.partition(":")
    return getattr(importlib.import_module(path.removesuffix(".py").replace("/", ".")), name)


if __name__ == "__main__":
    sys.exit(main())
