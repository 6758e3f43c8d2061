"""The flow `reconcile`: one pass that also takes the census of every tool, then a verification.

What a tool no longer lists is found here, and nowhere else. It runs seldom, so it waits for the
sync at work to end rather than miss its turn.
"""

from __future__ import annotations

from datetime import timedelta

from prefect import flow
from prefect.client.schemas.objects import State

from flows.request import PassRequest, run_name
from flows.steps import run_pass
from flows.verify import verified

PATIENCE = timedelta(minutes=30)
"""How long it waits for the sync at work."""


@flow(name="reconcile", flow_run_name=run_name, retries=0, persist_result=False)
async def reconcile(request: PassRequest) -> State:
    """Ask every tool which linked records still exist, find the deleted ones, sync the rest, and
    compare all sides afresh."""
    return await verified(request, await run_pass(request, PATIENCE))
