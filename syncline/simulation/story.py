"""A story: some tools, a sync between them, and what happens, step by step. It is a file.

A story says everything there is to know of a run: playing it again gives the same trace, byte for
byte. What a step names may not be there (a record that was never made, a hub that does not run):
then the step does nothing, so that any step can be left out when a failing story is made shorter.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

SIDES = ("a", "b", "c", "d")

How = Literal[
    "title", "status", "priority", "label", "unlabel", "write", "rewrite", "strike", "comment"
]
Doom = Literal["delete", "archive", "restore", "leave", "return", "hide", "show"]
Tie = Literal["unlink", "adopt"]
Mode = Literal["source", "target", "off"]
What = Literal["down", "up", "locked", "unlocked"]


class Part(BaseModel):
    """A piece of a story; a key that is not known is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Tool(Part):
    """How one tool behaves.

    `lag`: seconds that its listings stay behind. `skew`: seconds that its clock is ahead of ours.
    `grain`: seconds to which it cuts the time of a change; `cut`: characters to which it cuts a
    title. `bulk`: records in one write.
    `workflow`: not every status follows every other. `automation`: what is done loses its priority.
    `robot`: some rule of the tool's own takes back each priority that the hub gave, a while later.
    `conditional`, `history`, `answers`, `keyed`: it refuses a write planned from an older view;
    tells who changed what; answers a write with the record; can look for a record by our key.
    """

    text: Literal["html", "markdown", "textile", "plain"] = "html"
    conditional: bool = True
    history: bool = True
    answers: bool = True
    keyed: bool = True
    bulk: int = 10
    lag: int = 0
    skew: int = 0
    grain: int = 0
    cut: int | None = None
    workflow: bool = False
    automation: bool = False
    robot: bool = False


class Create(Part):
    """Somebody makes a record; later steps know it by its name. A second one of the same name on
    another side is the same thing, made twice by people, for the sync to match by its title."""

    do: Literal["create"] = "create"
    record: str
    side: str
    title: str
    paragraph: str


class Edit(Part):
    """Somebody changes a record on one side: a new title, status or priority; a label added or
    taken off; a paragraph added, replaced or taken out. `pick` says which, counted round."""

    do: Literal["edit"] = "edit"
    record: str
    side: str
    how: How
    value: str = ""
    pick: int = 0


class Fate(Part):
    """Something happens to a record as a whole, on one side."""

    do: Literal["fate"] = "fate"
    record: str
    side: str
    what: Doom


class Merge(Part):
    """Somebody merges a record of a tool into another one there, which answers for both."""

    do: Literal["merge"] = "merge"
    record: str
    into: str
    side: str


class Bind(Part):
    """An operator cuts a record off its link by hand, or ties it to its counterparts again."""

    do: Literal["bind"] = "bind"
    record: str
    side: str
    what: Tie


class Pass(Part):
    """A hub works for a number of steps, to the end of its pass where `steps` is None, or `until` a
    step of that name was taken; then it is stopped where it stands, and goes on the next time.
    `crash` kills it at a step, by its name or its number counted from here. `plan` only plans;
    `apply` also does what a changed mapping asks for. `undo` takes back the run before so many."""

    do: Literal["pass"] = "pass"
    hub: int = 0
    steps: int | None = None
    until: str | None = None
    full: bool = False
    plan: bool = False
    apply: bool = False
    undo: int | None = None
    crash: int | str | None = None
    mode: Literal["before", "after", "torn"] = "before"


class Wait(Part):
    """Time goes by."""

    do: Literal["wait"] = "wait"
    seconds: int


class Trouble(Part):
    """The next `times` calls of a tool's method go wrong (see faults.py)."""

    do: Literal["trouble"] = "trouble"
    side: str
    method: str
    action: str
    times: int = 1


class Outage(Part):
    """A tool is unplugged, or plugged in again; or it does not know our token for a while."""

    do: Literal["outage"] = "outage"
    side: str
    what: What


class Answer(Part):
    """An operator answers the open conflicts, each with one of its candidates."""

    do: Literal["answer"] = "answer"
    pick: int = 0


class Retry(Part):
    """An operator lets everything that is parked be tried again, but for lost creates."""

    do: Literal["retry"] = "retry"


class Change(Part):
    """An operator changes the sync: another policy for titles, or a mapping that counts as new."""

    do: Literal["change"] = "change"
    policy: str | None = None
    mapping: bool = False


Step = Annotated[
    Create | Edit | Fate | Merge | Bind | Pass | Wait | Trouble | Outage | Answer | Retry | Change,
    Field(discriminator="do"),
]


class Story(Part):
    """The tools by side, how the sync is set up, and the steps.

    `title` is the policy for titles: ask, newest, or the name of a side that has authority.
    `match` ties records of the same title. `never` names sides where the sync makes no records;
    `modes`, for a unit, the sides that are only read (source), only written (target) or off.
    `cost` is how many seconds each step of a hub takes.
    """

    seed: int | None = None
    tools: dict[str, Tool]
    title: str = "ask"
    deletes: Literal["unlink", "close", "archive"] = "unlink"
    comments: bool = True
    match: bool = False
    never: tuple[str, ...] = ()
    modes: dict[str, dict[str, Mode]] = {}
    cost: float = 0.05
    steps: tuple[Step, ...]

    def without(self, start: int, end: int) -> Story:
        """The story with some steps left out."""
        return self.model_copy(update={"steps": self.steps[:start] + self.steps[end:]})


class NoStory(ValueError):
    """A file is not a story; the text says where and why."""


def dump(story: Story) -> str:
    """The story as a file."""
    data = story.model_dump(exclude_defaults=True)
    data["steps"] = [
        {"do": step.do, **step.model_dump(exclude_defaults=True)} for step in story.steps
    ]
    head = "# Play it again with: syncline simulate --story FILE\n"
    return head + yaml.safe_dump(data, sort_keys=False, default_flow_style=None, width=100)


def load(path: Path) -> Story:
    """Read a story. Raises NoStory with the place that is wrong."""
    try:
        data: Any = yaml.safe_load(path.read_text("utf-8"))
        return Story.model_validate(data)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise NoStory(f"{path} cannot be read as a story: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise NoStory(f"{path} is no story: {place}: {first['msg']}") from error
