"""What Prefect does by itself about runs that died: nothing else in it would ever end them.

A run that is not ended keeps its deployment's only slot, so the sync would stand still for good.
Both automations look at runs tagged `syncline` only: the server may have other work on it.
"""

from __future__ import annotations

from datetime import timedelta

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.objects import StateType
from prefect.events.actions import ChangeFlowRunState
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture

HEARTBEAT = 30
"""Seconds between two signs of life of a run: the least that Prefect allows."""

SILENCE = timedelta(seconds=3 * HEARTBEAT)
"""A run without a sign for so long is dead; with less, healthy runs were ended."""

START = timedelta(minutes=10)
"""A run that a worker took and that has not begun after this never will."""

# Wild cards, because our runs end in states with names of their own (`Attention`, `Skipped`).
ANY = "prefect.flow-run.*"
TAKEN = ("prefect.flow-run.Pending", "prefect.flow-run.Submitting",
         "prefect.flow-run.InfrastructurePending")  # fmt: skip


def automations() -> list[AutomationCore]:
    """The automations, as they should be."""
    return [
        _unless_heard(
            "Syncline: end runs that died",
            "A killed worker, or a machine that went away, leaves its runs as Running.",
            {"prefect.flow-run.heartbeat"},
            SILENCE,
            "No sign of life for 90 seconds. The next run takes over where this one ended.",
        ),
        _unless_heard(
            "Syncline: end runs that never began",
            "A worker that dies between taking a run and starting it leaves it as Pending.",
            set(TAKEN),
            START,
            "Taken by a worker, but not begun after 10 minutes. The next run does its work.",
        ),
    ]


def _unless_heard(
    name: str, why: str, after: set[str], within: timedelta, message: str
) -> AutomationCore:
    return AutomationCore(
        name=name,
        description=why,
        trigger=EventTrigger(
            after=after,
            expect={ANY},
            match={"prefect.resource.id": [ANY]},
            match_related={
                "prefect.resource.role": "tag",
                "prefect.resource.id": "prefect.tag.syncline",
            },
            for_each={"prefect.resource.id"},
            posture=Posture.Proactive,
            threshold=1,
            within=within,
        ),
        actions=[
            ChangeFlowRunState(name=None, state=StateType.CRASHED, message=message, force=False)
        ],
    )


async def ensure(client: PrefectClient) -> bool:
    """Make what is missing and mend what differs; one that was switched off stays off.

    True where anything was done.
    """
    done = False
    for wanted in automations():
        found = await client.read_automations_by_name(wanted.name)
        if not found:
            await client.create_automation(wanted)
        elif _rules(found[0]) != _rules(wanted):
            kept = wanted.model_copy(update={"enabled": found[0].enabled})
            await client.update_automation(found[0].id, kept)
        else:
            continue
        done = True
    return done


def _rules(one: AutomationCore) -> dict[str, object]:
    # Not as JSON: a trigger's sets would become lists, in an order that differs by chance.
    return one.model_dump(include={"description", "trigger", "actions"})
