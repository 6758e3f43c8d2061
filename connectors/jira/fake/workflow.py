"""Workflows: which transition leads from which status where, a graph for each issue type.

Transition ids belong to a workflow: the same id means something else in another one, and a name
is not its status's name.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass

from connectors.jira.fake.vocabulary import BUG, EPIC, IDEA, STORY, SUBTASK, TASK

TODO, DOING, REVIEW, DONE, BLOCKED, REFUSED = "10000", "3", "10001", "10002", "10003", "10004"
PARKED, DISCOVERY, READY, DELIVERY, IMPACT = (f"1031{n}" for n in range(5))
RESOLVED, WONT_DO = "10000", "10001"


@dataclass(frozen=True, slots=True)
class Transition:
    """A step of a workflow. `origins` empty: from any status.

    `screen` are the fields its screen shows, `required` those that must be given there.
    `resolves` is the resolution a post function sets where the screen does not ask for one.
    """

    id: str
    name: str
    target: str
    origins: tuple[str, ...] = ()
    screen: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    resolves: str | None = None

    def leaves(self, status: str) -> bool:
        """Whether it can be taken in this status."""
        return not self.origins or status in self.origins


ASKS = ("resolution", "assignee")
BUG_FLOW = (
    Transition("11", "Start work", DOING, (TODO,)),
    Transition("21", "Send to review", REVIEW, (DOING,)),
    Transition("31", "Close", DONE, (REVIEW,), ASKS, ("resolution",)),
    Transition("41", "Needs work", DOING, (REVIEW,)),
    Transition("51", "Wait", BLOCKED, (DOING, REVIEW)),
    Transition("61", "Go on", DOING, (BLOCKED,)),
    Transition("71", "Reject", REFUSED, (TODO, DOING, REVIEW, BLOCKED), ASKS, ("resolution",)),
    Transition("81", "Reopen", TODO, (DONE, REFUSED)),
)
STORY_FLOW = (
    Transition("11", "Plan", TODO, (DOING, BLOCKED)),
    Transition("21", "Start", DOING, (TODO, REVIEW, BLOCKED)),
    Transition("31", "Block", BLOCKED, (TODO, DOING, REVIEW)),
    Transition("41", "Ready for review", REVIEW, (DOING,)),
    Transition("51", "Accept", DONE, (DOING, REVIEW), ASKS, ("resolution",)),
    Transition("61", "Drop", REFUSED, (), ASKS, ("resolution",)),
    Transition("71", "Reopen", TODO, (DONE, REFUSED)),
)
# The simplified workflow: from every status to every other; leaving "done" takes the resolution.
TASK_FLOW = (
    Transition("11", "To Do", TODO),
    Transition("21", "In Progress", DOING),
    Transition("31", "Done", DONE, resolves=RESOLVED),
    Transition("41", "Blocked", BLOCKED),
    Transition("51", "In Review", REVIEW),
    Transition("61", "Won't Do", REFUSED, resolves=WONT_DO),
)
IDEA_FLOW = (
    Transition("11", "Parking lot", PARKED),
    Transition("21", "Discovery", DISCOVERY),
    Transition("31", "Ready for delivery", READY),
    Transition("41", "Delivery", DELIVERY),
    Transition("51", "Impact", IMPACT, resolves=RESOLVED),
)
WORKFLOWS = {
    BUG: BUG_FLOW,
    STORY: STORY_FLOW,
    TASK: TASK_FLOW,
    SUBTASK: TASK_FLOW,
    EPIC: TASK_FLOW,
    IDEA: IDEA_FLOW,
}


def first(type: str) -> str:
    """The status of a new issue of this type."""
    return PARKED if type == IDEA else TODO


def available(type: str, status: str, closed: Container[str] = ()) -> Sequence[Transition]:
    """The transitions an issue of this type can take now; `closed` are steps taken out."""
    open = (t for t in WORKFLOWS[type] if t.leaves(status))
    return [t for t in open if step(type, status, t.target) not in closed]


def step(type: str, status: str, target: str) -> str:
    """The name of a step, as `closed_steps` has it."""
    return f"{type} {status} {target}"


def statuses(type: str) -> Sequence[str]:
    """The statuses an issue of this type can be in."""
    return list(dict.fromkeys((first(type), *(t.target for t in WORKFLOWS[type]))))
