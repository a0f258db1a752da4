"""The Prefect server as the flow runner needs it: what is due, a flow run made, begun, ended from outside.

Every call raises Transient when the server does not answer, Permanent when it answers that a wish cannot be.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Self
from uuid import UUID

from prefect import get_client
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId, FlowRunFilterState, FlowRunFilterStateType
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.client.schemas.responses import OrchestrationResult, SetStateStatus
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError
from prefect.states import AwaitingRetry, Cancelled, Crashed, Pending

from commerce.errors import Permanent, Transient
from meschain.store.base import utc_now

HEARTBEAT_SECONDS = 30.0


class Orchestrator:
    """One open connection to the Prefect server, on behalf of some work pools; `async with` opens and closes it."""

    def __init__(self, pools: Collection[str]) -> None:
        self.client: PrefectClient = get_client()
        self._pools = sorted(pools)

    async def __aenter__(self) -> Self:
        await self.client.__aenter__()
        return self

    async def __aexit__(self, *failure: object) -> None:
        await self.client.__aexit__(*failure)

    async def announce(self, runner: str) -> None:
        """Tell the server that this runner serves the work pools; the UI shows it among the workers."""
        for pool in self._pools:
            with translated():
                await self.client.send_worker_heartbeat(pool, runner, HEARTBEAT_SECONDS)

    async def list_due(self) -> list[FlowRun]:
        """Flow runs of the work pools that should run now, the longest waiting first."""
        now, due = utc_now(), []
        for pool in self._pools:
            with translated():
                due += await self.client.get_scheduled_flow_runs_for_work_pool(pool, scheduled_before=now)
        return sorted((answer.flow_run for answer in due), key=lambda run: run.expected_start_time or now)

    async def begin(self, flow_run: FlowRun) -> bool:
        """Whether the run is ours to execute: the server lets one of several take it, and keeps its own limits."""
        with translated():
            answer: OrchestrationResult[Any] = await self.client.set_flow_run_state(flow_run.id, Pending())
        return answer.status == SetStateStatus.ACCEPT

    async def create(
        self, deployment: UUID, parameters: Mapping[str, Any], *, key: str, tags: Iterable[str]
    ) -> FlowRun:
        """A new run of the deployment that no worker will take; the same `key` gives the same run again."""
        with translated():
            return await self.client.create_flow_run_from_deployment(
                deployment, parameters=dict(parameters), state=Pending(), idempotency_key=key, tags=tags
            )

    async def state_of(self, flow_run_id: str) -> State[Any] | None:
        """The run's present state; None if the server does not know the run."""
        try:
            with translated():
                return (await self.client.read_flow_run(UUID(flow_run_id))).state
        except Permanent:
            return None

    async def list_cancelling(self, flow_run_ids: Iterable[str]) -> list[str]:
        """Those of the runs whose end somebody asked for."""
        chosen = FlowRunFilter(
            id=FlowRunFilterId(any_=[UUID(each) for each in flow_run_ids]),
            state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.CANCELLING])),
        )
        with translated():
            return [str(run.id) for run in await self.client.read_flow_runs(flow_run_filter=chosen)]

    async def set_crashed(self, flow_run_id: str, message: str) -> None:
        """Say that the run's process died."""
        await self._set(flow_run_id, Crashed(message=message))

    async def set_cancelled(self, flow_run_id: str, message: str) -> None:
        """Say that the run was ended because somebody asked for it."""
        await self._set(flow_run_id, Cancelled(message=message))

    async def set_waiting(self, flow_run_id: str, message: str) -> None:
        """Let the run wait for the next runner."""
        await self._set(flow_run_id, AwaitingRetry(scheduled_time=utc_now(), message=message))

    async def _set(self, flow_run_id: str, state: State[Any]) -> None:
        with translated():
            await self.client.set_flow_run_state(UUID(flow_run_id), state, force=True)


@contextmanager
def translated() -> Iterator[None]:
    """Turn failures of the Prefect client into our kinds of error."""
    try:
        yield
    except ObjectNotFound as error:
        raise Permanent(f"Prefect does not know it: {error}") from error
    except PrefectHTTPStatusError as error:
        answered = error.response.status_code
        if answered >= 500 or answered == 429:
            raise Transient(f"the Prefect server cannot answer now (status {answered})") from error
        raise Permanent(f"Prefect refuses it: {_detail(error)}") from error
    except Exception as error:  # its HTTP library's errors are not to be named here: nothing but connectors speaks HTTP
        raise Transient(f"the Prefect server does not answer: {str(error) or type(error).__name__}") from error


def _detail(error: PrefectHTTPStatusError) -> str:
    try:
        said = error.response.json()
    except ValueError:
        return str(error)
    return str(said.get("detail") or said.get("exception_message") or said) if isinstance(said, dict) else str(said)
