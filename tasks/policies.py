"""How flows and tasks run. When a task is tried again: named by what can go wrong, decided by the kind of the error."""

from typing import Any

from prefect import Task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.settings import get_current_settings
from prefect.tasks import exponential_backoff

from commerce.errors import Transient


def is_transient(_task: Task[..., Any], _task_run: TaskRun, state: State[Any]) -> bool:
    """Whether the failure passes by itself: only then is trying again worth anything."""
    return isinstance(state.data, Transient)


_ALWAYS: dict[str, Any] = {"cache_policy": NO_CACHE, "persist_result": False}

EXTERNAL: dict[str, Any] = {
    **_ALWAYS,
    "retries": 3,
    "retry_delay_seconds": exponential_backoff(backoff_factor=2),
    "retry_jitter_factor": 0.5,
    "retry_condition_fn": is_transient,
}
"""Something outside is asked: after about 2, 4 and 8 seconds, each up to half as long again."""

WAREHOUSE: dict[str, Any] = {
    **_ALWAYS,
    "retries": 2,
    "retry_delay_seconds": [1, 5],
    "retry_jitter_factor": 0.5,
    "retry_condition_fn": is_transient,
}
"""Only the lake and the store are used, which have their own patience for other writers."""

NONE: dict[str, Any] = dict(_ALWAYS)
"""Tried once."""

FLOW: dict[str, Any] = {
    "persist_result": False,
    "result_storage": get_current_settings().results.local_storage_path,
}
"""Results stay in memory. Both are what Prefect comes to by itself, but it asks the server for them before every run,
which holds up the other flows of the process, and leaves the connection open."""
