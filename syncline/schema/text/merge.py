"""Merging texts block by block: one side's change applied to a richer value that may have moved
on."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from syncline.schema.text.diff import Hunk, hunks
from syncline.schema.text.normal import normal
from syncline.schema.text.tree import Block, Blocks, Document

ShowBlock = Callable[[Block], Blocks]


def lift(shared: Document, seen: Document, view: Document, show: ShowBlock) -> Document | None:
    """The shared document with the change seen -> view made to it, or None if the two collide.

    `seen` and `view` are what one side showed and shows, in its own normal form; `show` is that
    side's codec's `show_block`. A block the side did not change keeps what the side cannot show
    of it. The two collide where a block the side changed was changed in `shared` too, and
    differently.

    Law: if `shared` shows as `seen`, the result shows as `view`.
    """
    owned = [(block, show(block)) for block in normal(shared).blocks]
    flat = [(one, index) for index, (_, shown) in enumerate(owned) for one in shown]
    shown = [one for one, _ in flat]
    theirs = hunks(seen.blocks, shown)
    mine = hunks(seen.blocks, view.blocks)
    placed = _placed(mine, theirs, view.blocks, shown)
    if placed is None:
        return None
    result = Document(tuple(_applied(owned, flat, placed, view.blocks)))
    if not theirs and tuple(one for block in result.blocks for one in show(block)) != view.blocks:
        return view
    return result


def _placed(
    mine: Sequence[Hunk], theirs: Sequence[Hunk], view: Blocks, shown: Sequence[Block]
) -> list[Hunk] | None:
    """My hunks in terms of what `shared` shows now; None if one touches what changed there."""
    placed: list[Hunk] = []
    moved = at = 0
    for hunk in mine:
        while at < len(theirs) and _before(theirs[at], hunk):
            one = theirs[at]
            moved += (one.new_end - one.new_start) - (one.end - one.start)
            at += 1
        if at < len(theirs) and not _before(hunk, theirs[at]):
            one = theirs[at]
            same = (one.start, one.end) == (hunk.start, hunk.end) and (
                tuple(shown[one.new_start : one.new_end]) == view[hunk.new_start : hunk.new_end]
            )
            if not same:
                return None
            continue
        placed.append(Hunk(hunk.start + moved, hunk.end + moved, hunk.new_start, hunk.new_end))
    return placed


def _before(one: Hunk, other: Hunk) -> bool:
    """Whether a hunk lies wholly before another; two insertions at one place do not."""
    if one.end != other.start:
        return one.end < other.start
    return one.start < one.end or other.start < other.end


def _applied(
    owned: Sequence[tuple[Block, Blocks]],
    flat: Sequence[tuple[Block, int]],
    placed: Sequence[Hunk],
    view: Blocks,
) -> list[Block]:
    """The shared blocks, those under a hunk replaced whole: by new blocks and by what they
    showed."""
    out: list[Block] = []
    touched = {flat[i][1] for hunk in placed for i in range(hunk.start, hunk.end)}
    touched |= {
        flat[hunk.start][1]
        for hunk in placed
        if hunk.start == hunk.end
        and 0 < hunk.start < len(flat)
        and flat[hunk.start][1] == flat[hunk.start - 1][1]
    }
    waiting = list(placed)
    position = 0
    for index, (block, shown) in enumerate(owned):
        kept = index not in touched
        for offset in range(len(shown)):
            out += _inserted(waiting, position, view)
            if kept and offset == 0:
                out.append(block)
            elif not kept and not (waiting and waiting[0].start <= position < waiting[0].end):
                out.append(shown[offset])
            position += 1
            while waiting and waiting[0].start < waiting[0].end <= position:
                out += view[waiting[0].new_start : waiting[0].new_end]
                waiting.pop(0)
        if not shown:
            out.append(block)
    for hunk in waiting:
        out += view[hunk.new_start : hunk.new_end]
    return out


def _inserted(waiting: list[Hunk], position: int, view: Blocks) -> list[Block]:
    """The blocks of the insertions that stand at this position."""
    out: list[Block] = []
    while waiting and waiting[0].start == waiting[0].end == position:
        out += view[waiting[0].new_start : waiting[0].new_end]
        waiting.pop(0)
    return out
