"""The flow `sync`: one pass of one sync.

Deployed once a sync and run every few minutes. It ends at once, as Skipped, while another run works
on the same sync: the next one comes soon.
"""

from __future__ import annotations

from prefect import flow
from prefect.client.schemas.objects import State

from flows.request import SyncRequest, run_name
from flows.steps import run_pass


@flow(name="sync", flow_run_name=run_name, retries=0, persist_result=False)
async def sync(request: SyncRequest) -> State:
    """Read what changed in every tool of a sync, decide, and write what the others lack."""
    return await run_pass(request)
