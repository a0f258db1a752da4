"""Tells the Prefect server what can run here: the deployments of `prefect.yaml` and their work pools.

It does what `prefect deploy --all` does, in a fraction of the time, and leaves alone what somebody set in the UI:
a schedule that is paused there stays paused.
"""

import logging
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import yaml
from prefect import Flow
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.actions import DeploymentScheduleCreate, WorkPoolCreate
from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyOptions
from prefect.client.schemas.responses import DeploymentResponse
from prefect.client.schemas.schedules import CronSchedule, IntervalSchedule, RRuleSchedule
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound
from prefect.utilities.callables import parameter_schema
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from commerce.errors import Permanent

log = logging.getLogger(__name__)


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Pool(_Strict):
    """Where a deployment's runs wait for a worker: our runner, or any `prefect worker` of type process."""

    name: str = "meschain"
    work_queue_name: str | None = None
    job_variables: dict[str, Any] = Field(default_factory=dict)


class Schedule(_Strict):
    """When a deployment runs by itself; one of cron, interval (seconds) and rrule."""

    cron: str | None = None
    interval: timedelta | None = None
    rrule: str | None = None
    timezone: str = "UTC"
    slug: str
    parameters: dict[str, Any] = Field(default_factory=dict)

    def to_prefect(self, *, active: bool) -> DeploymentScheduleCreate:
        """As Prefect's client takes it."""
        form: CronSchedule | IntervalSchedule | RRuleSchedule
        if self.cron:
            form = CronSchedule(cron=self.cron, timezone=self.timezone)
        elif self.interval:
            form = IntervalSchedule(interval=self.interval, timezone=self.timezone)
        else:
            form = RRuleSchedule(rrule=self.rrule or "", timezone=self.timezone)
        return DeploymentScheduleCreate(schedule=form, slug=self.slug, parameters=self.parameters, active=active)


class Deployment(_Strict):
    """One way to run a flow, as `prefect.yaml` has it."""

    name: str
    entrypoint: str
    description: str
    tags: list[str] = Field(default_factory=list)
    parameters: dict[str, Any] = Field(default_factory=dict)
    work_pool: Pool = Pool()
    schedules: list[Schedule] = Field(default_factory=list)
    concurrency_limit: ConcurrencyLimitConfig | None = None


def read_deployments(path: Path) -> list[Deployment]:
    """The deployments of a `prefect.yaml`, in order; Permanent naming what is wrong with it."""
    try:
        text = path.read_text(encoding="utf-8")
        return [Deployment.model_validate(entry) for entry in yaml.safe_load(text)["deployments"]]
    except OSError as error:
        raise Permanent(f"{path} cannot be read: {error.strerror}; it lies beside the folder `flows`") from error
    except (yaml.YAMLError, KeyError, TypeError, ValidationError) as error:
        raise Permanent(f"{path.name} does not describe deployments: {error}") from error


async def deploy(client: PrefectClient, root: Path, deployment: Deployment, flow: Flow[..., Any]) -> UUID:
    """Make the deployment or bring it up to date; `root` is the folder its entrypoint starts from."""
    await _ensure_pool(client, deployment.work_pool.name)
    known = await _known(client, f"{flow.name}/{deployment.name}")
    limit = deployment.concurrency_limit
    return await client.create_deployment(
        flow_id=await client.create_flow(flow),
        name=deployment.name,
        description=deployment.description,
        tags=deployment.tags,
        parameters=deployment.parameters,
        schedules=[schedule.to_prefect(active=_active(known, schedule.slug)) for schedule in deployment.schedules],
        paused=known.paused if known else False,
        concurrency_limit=limit.limit if limit else None,
        concurrency_options=_options(limit) if limit else None,
        work_pool_name=deployment.work_pool.name,
        work_queue_name=deployment.work_pool.work_queue_name,
        job_variables=deployment.work_pool.job_variables,
        path=str(root),
        entrypoint=deployment.entrypoint,
        pull_steps=[],
        parameter_openapi_schema=parameter_schema(flow.fn).model_dump_for_openapi(),
        enforce_parameter_schema=True,
    )


async def _known(client: PrefectClient, name: str) -> DeploymentResponse | None:
    try:
        return await client.read_deployment_by_name(name)
    except ObjectNotFound:
        return None


def _active(known: DeploymentResponse | None, slug: str) -> bool:
    """Whether the schedule of that name runs: as somebody left it, and at first yes."""
    found = [schedule.active for schedule in (known.schedules if known else []) if schedule.slug == slug]
    return found[0] if found else True


def _options(limit: ConcurrencyLimitConfig) -> ConcurrencyOptions:
    return ConcurrencyOptions(
        collision_strategy=limit.collision_strategy, grace_period_seconds=limit.grace_period_seconds
    )


async def _ensure_pool(client: PrefectClient, name: str) -> None:
    try:
        await client.read_work_pool(name)
    except ObjectNotFound:
        try:
            await client.create_work_pool(WorkPoolCreate(name=name, type="process", description="Flows of MesChain"))
        except ObjectAlreadyExists:  # another runner starts at the same time
            log.debug("Work pool %s was made by somebody else just now", name)
