"""Plain text: paragraphs divided by empty lines, every character shown as it stands.

Nothing in a plain text is markup, so nothing is escaped. A tool whose plain texts act on `@name`
or on macros is not plain; its connector names the format it really has.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from syncline.schema.text.codecs import lower
from syncline.schema.text.codecs.base import Codec
from syncline.schema.text.codecs.parts import Losses, Segment, normal_blocks
from syncline.schema.text.tree import (
    Block,
    Blocks,
    Break,
    Code,
    Heading,
    Image,
    Inline,
    List,
    Panel,
    Paragraph,
    Quote,
    Rule,
    Table,
    Text,
)

_LINE = re.compile(r"[^\r\n]*(?:\r\n?|\n|\Z)")


class _Plain(Codec):
    name = "plain"

    def segments(self, source: str) -> list[Segment]:
        found: list[Segment] = []
        lines: list[re.Match[str]] = []
        for match in _LINE.finditer(source):
            if match[0].strip():
                lines.append(match)
            elif lines:
                found.append(_paragraph(lines))
                lines = []
        return [*found, _paragraph(lines)] if lines else found

    def render(self, blocks: Blocks, losses: Losses) -> str:
        return "\n\n".join("\n".join(_lines(block, losses)) for block in blocks)

    def inert(self, source: str) -> bool:
        return True


def _paragraph(lines: list[re.Match[str]]) -> Segment:
    inlines: list[Inline] = []
    for match in lines:
        inlines += [Break(), Text(match[0])] if inlines else [Text(match[0])]
    first, last = lines[0], lines[-1]
    start = first.end() - len(first[0].lstrip())
    end = last.start() + len(last[0].rstrip())
    return Segment(start, end, normal_blocks([Paragraph(tuple(inlines))]))


def _lines(block: Block, losses: Losses) -> Iterator[str]:
    match block:
        case Paragraph(inlines):
            yield _text(inlines, losses)
        case Heading(_, inlines):
            losses.note("heading", "shown as text")
            yield _text(inlines, losses)
        case List(ordered, items, start):
            losses.note("list", "shown as text")
            for number, item in enumerate(items, start):
                mark = f"{number}. " if ordered else "- "
                yield from _indented(mark, item.blocks, losses)
        case Quote(children):
            losses.note("quote", "shown as text")
            yield from (f"> {one}" for child in children for one in _lines(child, losses))
        case Panel():
            yield from _lines(lower.panel(block, losses), losses)
        case Code(text):
            losses.note("code block", "shown as text")
            yield from (one for one in text.split("\n") if one.strip())
        case Table():
            losses.note("table", "shown as text")
            yield from (lower.plain(row) for row in lower.table_rows(block))
        case Rule():
            losses.note("rule", "shown as dashes")
            yield "-----"


def _indented(mark: str, blocks: Blocks, losses: Losses) -> Iterator[str]:
    lead = mark
    for block in blocks:
        for one in _lines(block, losses):
            yield lead + one.replace("\n", "\n" + " " * len(mark))
            lead = " " * len(mark)


def _text(inlines: tuple[Inline, ...], losses: Losses) -> str:
    for inline in inlines:
        if isinstance(inline, Image):
            losses.note("image", "shown as its address")
        elif isinstance(inline, Text) and inline.href:
            losses.note("link", "shown as its address")
        elif isinstance(inline, Text) and inline.marks:
            losses.note("marked passage", "shown plain")
    return lower.plain(lower.names(inlines, losses))


PLAIN = _Plain()
