"""Registers every sync of a configuration as deployments on a Prefect server.

Two for each sync: `sync/NAME` every few minutes and `reconcile/NAME` once in a while, as its
`schedule` says; and `maintenance/WORKSPACE` once a day. Doing it again changes only what differs.
What an admin paused or switched off in Prefect stays so, which Prefect's own deploy commands would
undo.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from prefect import Flow
from prefect._internal.versioning import VersionType
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterTags
from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
from prefect.client.schemas.responses import DeploymentResponse
from prefect.deployments.runner import RunnerDeployment
from prefect.exceptions import ObjectNotFound
from prefect.schedules import Interval
from prefect.settings import PREFECT_API_URL
from prefect.types.entrypoint import EntrypointType
from prefect.workers.process import ProcessWorker

import syncline
from deployments import automations
from flows.maintenance import maintenance
from flows.reconcile import reconcile
from flows.steps import tags_of
from flows.sync import sync
from syncline.config import Config
from syncline.hub import Hub

POOL = "syncline"
SLUG = "main"

ANCHOR = datetime(2026, 1, 1, tzinfo=UTC)
"""Schedules count from here: without an anchor each deploy would move them."""

DAILY = timedelta(hours=24)

ENV = {"PREFECT_FLOWS_HEARTBEAT_FREQUENCY": str(automations.HEARTBEAT), "DO_NOT_TRACK": "1"}


class NoServer(Exception):
    """No Prefect server is named; nothing was deployed."""


class NotOurs(Exception):
    """A deployment of this name is there and was made by somebody else; nothing was changed."""


@dataclass(slots=True)
class Deployed:
    """What deploying came to: deployments by what happened to them, as FLOW/NAME.

    `kept_off`: those that an admin paused or whose schedule is switched off; they stay so.
    """

    created: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    pruned: list[str] = field(default_factory=list)
    kept_off: list[str] = field(default_factory=list)
    pool_created: bool = False
    automations_changed: bool = False

    def __iter__(self) -> Iterator[str]:
        """Each deployment with what happened to it, for people."""
        for what in ("created", "updated", "unchanged", "pruned"):
            for name in getattr(self, what):
                off = ", stays switched off" if name in self.kept_off else ""
                yield f"{name}: {what}{off}"


async def deploy(
    what: Hub | Config,
    *,
    configuration: Path | None = None,
    pool: str | None = None,
    image: str | None = None,
) -> Deployed:
    """Make the server at PREFECT_API_URL have exactly the deployments of this configuration.

    `configuration` is the path where the workers find it, if not where it is here. A missing work
    pool is made, for processes; one that is there may be of any type, and `image` is what Docker
    and Kubernetes run. Raises NoServer and NotOurs.
    """
    os.environ.setdefault("DO_NOT_TRACK", "1")
    _expect_server()
    config = what if isinstance(what, Config) else what.config
    pool, done = pool or POOL, Deployed()
    variables = {"env": ENV, **({"image": image} if image else {})}
    targets = list(_targets(config, configuration or config.folder, pool, variables))
    async with get_client() as client:
        done.pool_created = await _ensure_pool(client, pool)
        done.automations_changed = await automations.ensure(client)
        for target in targets:
            await _ensure(client, target, done)
        await _prune(client, managed(config), {target.full_name for target in targets}, done)
    return done


def managed(config: Config) -> str:
    """The tag of everything that this workspace's configuration deploys, and so may prune."""
    return f"managed:{config.workspace}"


def _expect_server() -> None:
    # Prefect's client would start a server that ends with it, and the deployments with the server.
    if not PREFECT_API_URL.value():
        raise NoServer(
            "No Prefect server is named, so nothing was deployed. Set PREFECT_API_URL, like "
            "https://prefect.example.com/api, or choose a Prefect profile that has it; or start "
            "everything on this machine with `syncline up`."
        )


@dataclass(frozen=True, slots=True)
class _Target:
    """One deployment that is wanted."""

    flow: Flow[Any, Any]
    name: str
    every: timedelta
    parameters: dict[str, Any]
    tags: list[str]
    managed: str
    pool: str
    job_variables: dict[str, Any]

    @property
    def full_name(self) -> str:
        return f"{self.flow.name}/{self.name}"

    def anchor(self) -> datetime:
        """Where its schedule counts from: each has its own place, so that not all start at once."""
        seconds = max(1, int(self.every.total_seconds()))
        return ANCHOR + timedelta(seconds=zlib.crc32(self.full_name.encode()) % seconds)

    async def deployment(self, known: DeploymentResponse | None) -> RunnerDeployment:
        """As Prefect wants it; what an admin switched off in `known` stays off."""
        off = {s.slug for s in known.schedules if not s.active} if known else set()
        return await self.flow.ato_deployment(
            name=self.name,
            parameters=self.parameters,
            tags=[*self.tags, self.managed],
            schedules=[
                Interval(self.every, anchor_date=self.anchor(), slug=SLUG, active=SLUG not in off)
            ],
            paused=known.paused if known else False,
            concurrency_limit=ConcurrencyLimitConfig(
                limit=1, collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW
            ),
            version=syncline.__version__,
            version_type=VersionType.SIMPLE,
            work_pool_name=self.pool,
            job_variables=self.job_variables,
            entrypoint_type=EntrypointType.MODULE_PATH,
        )


def _targets(
    config: Config, configuration: Path, pool: str, variables: dict[str, Any]
) -> Iterator[_Target]:
    for name, settings in config.syncs.items():
        request = {"request": {"sync": name, "configuration": str(configuration)}}
        tags = tags_of(name, config.side_names(name))
        for flow, every in (
            (sync, settings.schedule.every),
            (reconcile, settings.schedule.reconcile),
        ):
            yield _Target(flow, name, every, request, tags, managed(config), pool, variables)
    if config.syncs:
        asked = {"request": {"configuration": str(configuration)}}
        tags = ["syncline", *(f"connection:{one}" for one in config.connections)]
        name, mark = config.workspace, managed(config)
        yield _Target(maintenance, name, DAILY, asked, tags, mark, pool, variables)


async def _ensure_pool(client: PrefectClient, pool: str) -> bool:
    try:
        await client.read_work_pool(pool)
        return False
    except ObjectNotFound:
        template = ProcessWorker.get_default_base_job_template()
        await client.create_work_pool(
            WorkPoolCreate(name=pool, type="process", base_job_template=template)
        )
        return True


async def _ensure(client: PrefectClient, target: _Target, done: Deployed) -> None:
    try:
        known = await client.read_deployment_by_name(target.full_name)
    except ObjectNotFound:
        known = None
    if known is not None and target.managed not in known.tags:
        raise NotOurs(
            f"{target.full_name} is on this Prefect server and was not made from this workspace. "
            "It was left alone; rename the sync, or delete that deployment."
        )
    wanted = await target.deployment(known)
    if known is not None and _facts(known) == _facts(wanted):
        done.unchanged.append(target.full_name)
    else:
        await wanted.aapply()
        (done.updated if known else done.created).append(target.full_name)
    if wanted.paused or not all(one.active for one in wanted.schedules or ()):
        done.kept_off.append(target.full_name)


def _facts(one: DeploymentResponse | RunnerDeployment) -> dict[str, Any]:
    """What deploying decides about a deployment, in a form that can be compared."""
    if isinstance(one, DeploymentResponse):
        limit = one.global_concurrency_limit.limit if one.global_concurrency_limit else None
        schema = one.parameter_openapi_schema
    else:
        limit = one.concurrency_limit
        schema = one._parameter_openapi_schema.model_dump(exclude_unset=True)
    return {
        "entrypoint": one.entrypoint,
        "description": one.description,
        "version": one.version,
        "tags": sorted(one.tags),
        "parameters": one.parameters,
        "schema": schema,
        "pool": one.work_pool_name,
        "job_variables": one.job_variables,
        "limit": limit,
        "collision": one.concurrency_options and one.concurrency_options.collision_strategy,
        "paused": bool(one.paused),
        "schedules": [(s.slug, s.active, s.schedule) for s in one.schedules or ()],
    }


async def _prune(client: PrefectClient, tag: str, wanted: set[str], done: Deployed) -> None:
    mine = DeploymentFilter(tags=DeploymentFilterTags(all_=[tag]))
    flows = await client.read_flows(deployment_filter=mine)
    names = {flow.id: flow.name for flow in flows}
    found: list[DeploymentResponse] = []
    while page := await client.read_deployments(deployment_filter=mine, offset=len(found)):
        found += page
    for one in found:
        full_name = f"{names[one.flow_id]}/{one.name}"
        if full_name not in wanted:
            await client.delete_deployment(one.id)
            done.pruned.append(full_name)
