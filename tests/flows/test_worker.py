"""A worker runs what was deployed, in a process of its own; and what is told to end lets go."""

from __future__ import annotations

import asyncio
import os
import signal
from uuid import UUID

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun
from prefect.deployments import arun_deployment

from deployments.deploy import deploy
from syncline.config import load
from syncline.hub import open_hub
from syncline.store import runs
from syncline.store.lease import Lease
from tests.flows.office import Office

pytestmark = [pytest.mark.prefect, pytest.mark.usefixtures("prefect")]


async def started(company: Office) -> UUID:
    """The company's sync, deployed and given to the worker."""
    await deploy(load(company.folder))
    run = await arun_deployment("sync/escalations", timeout=0, as_subflow=False)
    return run.id


async def until(id_: UUID, *states: str) -> FlowRun:
    """The run, once it is in one of these states."""
    async with asyncio.timeout(90), get_client() as client:
        while True:
            run = await client.read_flow_run(id_)
            if run.state is not None and run.state.type.value in states:
                return run
            await asyncio.sleep(0.3)


async def test_a_worker_runs_what_was_deployed(company: Office) -> None:
    company.desk.create({"title": "Printer on fire"})
    run = await until(await started(company), "COMPLETED", "FAILED", "CRASHED")
    assert run.state is not None
    assert (run.state.name, run.state.message) == ("Completed", "1 created")
    assert run.name.endswith(" · 1 created")
    assert [item.now.fields["title"] for item in company.tracker.items.values()] == [
        "Printer on fire"
    ]


async def test_a_run_that_is_told_to_end_gives_its_lease_back(company: Office) -> None:
    company.desk.create({"title": "Printer on fire"})
    company.desk.faults.add("changes", "retry", times=60)  # each a second's wait
    id_ = await started(company)
    await until(id_, "RUNNING")
    async with open_hub(company.folder) as hub:
        while not any(run.state == "running" for run in await hub.store.read(runs.list)):
            await asyncio.sleep(0.1)
        async with get_client() as client:
            pid = (await client.read_flow_run(id_)).infrastructure_pid
        assert pid is not None
        os.kill(int(pid.rpartition(":")[2]), signal.SIGTERM)
        run = await until(id_, "CRASHED")
        assert run.state is not None
        assert "Execution was" in str(run.state.message)
        lease = await Lease.acquire(hub.store, "escalations", "somebody else", hub.clock)
        await lease.release()
