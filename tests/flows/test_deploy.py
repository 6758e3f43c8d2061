"""Deployments: what they say, and that deploying again leaves alone what an admin decided."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from prefect import flow
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.actions import DeploymentUpdate
from prefect.client.schemas.responses import DeploymentResponse

from deployments.deploy import Deployed, NotOurs, deploy
from syncline.config import load
from tests.flows.office import Office

pytestmark = [pytest.mark.prefect, pytest.mark.usefixtures("prefect")]


@pytest_asyncio.fixture
async def client() -> AsyncIterator[PrefectClient]:
    """The server, as an admin sees it; nothing is deployed on it, before or after."""
    async with get_client() as one:
        await _clear(one)
        yield one
        await _clear(one)


async def _clear(client: PrefectClient) -> None:
    for known in await client.read_deployments():
        await client.delete_deployment(known.id)


async def deployed(company: Office, *syncs: str, every: str = "10h") -> Deployed:
    """Deploy the company's configuration with these syncs."""
    company.configure(*syncs, every=every)
    return await deploy(load(company.folder))


async def known(client: PrefectClient, name: str) -> DeploymentResponse:
    return await client.read_deployment_by_name(name)


async def test_a_deployment_runs_installed_code_and_says_what_it_syncs(
    company: Office, client: PrefectClient
) -> None:
    done = await deployed(company, "escalations", every="10m")
    assert sorted(done.created) == [
        "maintenance/office",
        "reconcile/escalations",
        "sync/escalations",
    ]
    one = await known(client, "sync/escalations")
    assert one.entrypoint == "flows.sync.sync"
    assert not one.path
    assert not one.pull_steps
    assert one.parameters == {
        "request": {"sync": "escalations", "configuration": str(company.folder)}
    }
    assert set(one.tags) == {
        "syncline",
        "sync:escalations",
        "connection:desk",
        "connection:tracker",
        "managed:office",
    }
    (schedule,) = one.schedules
    assert schedule.slug == "main"
    assert schedule.schedule.interval.total_seconds() == 600
    assert one.global_concurrency_limit is not None
    assert one.global_concurrency_limit.limit == 1
    assert one.concurrency_options is not None
    assert one.concurrency_options.collision_strategy == "CANCEL_NEW"
    assert one.job_variables["env"]["PREFECT_FLOWS_HEARTBEAT_FREQUENCY"] == "30"
    request = one.parameter_openapi_schema["definitions"]["SyncRequest"]["properties"]
    assert {"sync", "configuration", "full", "limit", "only", "force"} == set(request)


async def test_the_tools_are_looked_at_once_a_day(company: Office, client: PrefectClient) -> None:
    await deployed(company, "escalations", "requests")
    one = await known(client, "maintenance/office")
    assert one.entrypoint == "flows.maintenance.maintenance"
    assert one.parameters == {"request": {"configuration": str(company.folder)}}
    assert set(one.tags) == {
        "syncline",
        "connection:desk",
        "connection:tracker",
        "managed:office",
    }
    (schedule,) = one.schedules
    assert schedule.schedule.interval.total_seconds() == 86_400


async def test_deploying_twice_changes_nothing(company: Office, client: PrefectClient) -> None:
    await deployed(company, "escalations", "requests")
    before = {d.id: d.updated for d in await client.read_deployments()}
    again = await deployed(company, "escalations", "requests")
    assert len(again.unchanged) == 5
    assert not (again.created or again.updated or again.pruned)
    assert not (again.pool_created or again.automations_changed)
    assert {d.id: d.updated for d in await client.read_deployments()} == before


async def test_what_an_admin_switched_off_stays_off_through_a_change(
    company: Office, client: PrefectClient
) -> None:
    await deployed(company, "escalations", "requests")
    paused = await known(client, "sync/escalations")
    await client.pause_deployment(paused.id)
    idle = await known(client, "sync/requests")
    await client.update_deployment_schedule(idle.id, idle.schedules[0].id, active=False)
    done = await deployed(company, "escalations", "requests", every="20m")
    assert sorted(done.updated) == ["sync/escalations", "sync/requests"]
    assert sorted(done.kept_off) == ["sync/escalations", "sync/requests"]
    assert (await known(client, "sync/escalations")).paused
    (schedule,) = (await known(client, "sync/requests")).schedules
    assert not schedule.active
    assert schedule.schedule.interval.total_seconds() == 1200
    assert not (await known(client, "reconcile/requests")).paused


async def test_a_sync_that_is_gone_is_pruned_and_nothing_else(
    company: Office, client: PrefectClient
) -> None:
    @flow(name="payroll")
    async def payroll() -> None: ...

    other = await payroll.ato_deployment(name="monthly", tags=["syncline"], work_pool_name=None)
    await other.aapply()
    await deployed(company, "escalations", "requests")
    done = await deployed(company, "requests")
    assert sorted(done.pruned) == ["reconcile/escalations", "sync/escalations"]
    assert {d.name for d in await client.read_deployments()} == {"monthly", "office", "requests"}


async def test_a_deployment_of_somebody_else_is_left_alone(
    company: Office, client: PrefectClient
) -> None:
    await deployed(company, "escalations")
    one = await known(client, "sync/escalations")
    await client.update_deployment(one.id, DeploymentUpdate(tags=["managed:factory"]))
    with pytest.raises(NotOurs, match="sync/escalations"):
        await deployed(company, "escalations", every="20m")
    (schedule,) = (await known(client, "sync/escalations")).schedules
    assert schedule.schedule.interval.total_seconds() == 36000
