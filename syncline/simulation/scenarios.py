"""Stories whose last step is a pass: the one that is killed at every step it takes.

Each is as small as it can be while the pass does what its name says; between them they make,
change, close, archive, match, re-read and hand over.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from syncline.simulation.story import (
    Change,
    Create,
    Edit,
    Fate,
    Merge,
    Pass,
    Step,
    Story,
    Tool,
    Trouble,
    Wait,
)

FAST = Tool()
PLAIN = Tool(conditional=False, answers=False, bulk=2)
LAGGING = Tool(text="markdown", lag=90, bulk=2)
SILENT = Tool(history=False, answers=False, bulk=3)

LONG = " ".join(["word"] * 6000)


def scenarios() -> Mapping[str, Story]:
    """The stories by name."""
    return {
        "first import": _import(),
        "steady edits both ways": _edits(),
        "create storm": _storm(),
        "a conflict that asks": _conflict("ask"),
        "a conflict that authority decides": _conflict("a"),
        "a conflict that the newest decides": _conflict("newest"),
        "an end that is passed on": _end("archive"),
        "an end that closes": _end("close"),
        "out of scope and back": _move(),
        "bulk writes": _bulk(),
        "long text": _long(),
        "a changed mapping": _mapping(),
        "a lease taken over": _takeover(),
        "comments": _comments(),
        "an answer that was lost": _lost(),
        "a merge in a tool": _merge(),
        "an undo": _undo(),
    }


def _story(
    *steps: Step,
    tools: Mapping[str, Tool] | None = None,
    title: str = "ask",
    deletes: Literal["unlink", "close", "archive"] = "unlink",
    match: bool = False,
) -> Story:
    return Story(
        tools=dict(tools or {"a": FAST, "b": PLAIN}),
        title=title,
        deletes=deletes,
        match=match,
        steps=steps,
    )


def _made(number: int, side: str) -> Create:
    return Create(record=f"r{number}", side=side, title=f"t{number}", paragraph=f"p{number}")


def _title(number: int, side: str, token: int) -> Edit:
    return Edit(record=f"r{number}", side=side, how="title", value=f"t{token}")


def _label(number: int, side: str, token: int) -> Edit:
    return Edit(record=f"r{number}", side=side, how="label", value=f"l{token}")


def _import() -> Story:
    both = [_made(n, side) for n in (1, 2, 3) for side in ("a", "b")]
    return _story(*both, _made(4, "a"), _made(5, "b"), _label(2, "b", 6), Pass(), match=True)


def _edits() -> Story:
    tools = {"a": FAST, "b": PLAIN, "c": LAGGING}
    start = (_made(1, "a"), _made(2, "b"), Pass(), Wait(seconds=100), Pass())
    texts = Edit(record="r2", side="c", how="write", value="p13", pick=1)
    edits = (_title(1, "b", 11), _label(1, "c", 12), texts, _label(2, "a", 14))
    return _story(*start, *edits, Wait(seconds=100), Pass(), tools=tools)


def _storm() -> Story:
    made = [_made(n, "a" if n % 2 else "b") for n in range(1, 8)]
    return _story(*made, Pass(), tools={"a": LAGGING, "b": SILENT})


def _conflict(policy: str) -> Story:
    both = (_title(1, "a", 11), _title(1, "b", 12), _label(1, "a", 13), _label(1, "b", 14))
    return _story(_made(1, "a"), Pass(), *both, Pass(), title=policy)


def _end(deletes: Literal["close", "archive"]) -> Story:
    tools = {"a": FAST, "b": PLAIN, "c": FAST}
    end = Fate(record="r1", side="a", what="archive")
    start = (_made(1, "a"), _made(2, "b"), Pass())
    return _story(*start, end, _title(2, "b", 11), Pass(), tools=tools, deletes=deletes)


def _move() -> Story:
    gone = (Fate(record="r1", side="b", what="leave"), _title(1, "a", 11), Pass())
    back = (_label(1, "b", 12), Fate(record="r1", side="b", what="return"))
    return _story(_made(1, "a"), Pass(), *gone, *back, Pass())


def _bulk() -> Story:
    start = [_made(n, "a") for n in range(1, 8)]
    edits = [_title(n, "a", 10 + n) for n in range(1, 8)]
    return _story(*start, Pass(), *edits, Pass(), tools={"a": FAST, "b": Tool(bulk=3)})


def _long() -> Story:
    made = Create(record="r1", side="a", title="t1", paragraph=f"p1 {LONG}")
    more = Edit(record="r1", side="b", how="write", value=f"p2 {LONG}", pick=1)
    struck = Edit(record="r1", side="a", how="rewrite", value=f"p3 {LONG}", pick=0)
    tools = {"a": FAST, "b": Tool(text="markdown")}
    return _story(made, Pass(), more, struck, Pass(), tools=tools)


def _mapping() -> Story:
    edits = (_title(1, "a", 11), _label(1, "b", 12))
    again = (Change(mapping=True), Pass(apply=True))
    return _story(_made(1, "a"), _made(2, "b"), Pass(), *edits, *again)


def _takeover() -> Story:
    begun = (_made(1, "a"), _made(2, "b"), Pass(hub=1, steps=22), Wait(seconds=30))
    return _story(*begun, Pass(hub=0))


def _comments() -> Story:
    said = [
        Edit(record="r1", side=side, how="comment", value=f"c{n}", pick=n)
        for n, side in ((11, "a"), (12, "b"), (13, "a"))
    ]
    return _story(_made(1, "a"), Pass(), *said, Pass(), tools={"a": FAST, "b": SILENT})


def _lost() -> Story:
    lost = Trouble(side="b", method="*", action="drop_after_apply", times=9)
    return _story(_made(1, "a"), Pass(), lost, _title(1, "a", 11), _made(2, "a"), Pass())


def _merge() -> Story:
    start = (_made(1, "a"), _made(2, "b"), _made(3, "c"), Pass())
    edits = (_title(1, "a", 11), _label(2, "a", 12), _title(3, "b", 13))
    merged = (Merge(record="r1", into="r2", side="b"), Merge(record="r3", into="r4", side="a"))
    tools = {"a": FAST, "b": PLAIN, "c": FAST}
    return _story(*start, *edits, _made(4, "a"), *merged, Pass(), tools=tools)


def _undo() -> Story:
    start = (_made(1, "a"), _made(2, "b"), Pass())
    edits = (_title(1, "a", 11), _label(1, "a", 12), _title(2, "b", 13), Pass())
    return _story(*start, *edits, _title(2, "a", 14), Pass(undo=0))
