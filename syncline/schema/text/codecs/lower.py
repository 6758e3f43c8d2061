"""How what a format cannot show is put into words it can, the same way in every format.

The result is made of simpler blocks and inlines, so that a writer deals with few cases, and each
step is counted as a loss.
"""

from __future__ import annotations

from collections.abc import Iterator

from syncline.schema.text.codecs.parts import Losses
from syncline.schema.text.normal import merged
from syncline.schema.text.tree import (
    CODE,
    STRONG,
    Attachment,
    Block,
    Blocks,
    Break,
    Code,
    Heading,
    Image,
    Inline,
    Inlines,
    List,
    Mention,
    Panel,
    Paragraph,
    Quote,
    Rule,
    Table,
    Text,
)


def names(inlines: Inlines, losses: Losses) -> Inlines:
    """Mentions and attachments as their names: nobody is notified, no file of another tool is
    sought."""
    return tuple(merged(_named(inline, losses) for inline in inlines))


def _named(inline: Inline, losses: Losses) -> Inline:
    match inline:
        case Mention(name):
            losses.note("mention", "shown as a name")
            return Text(name)
        case Attachment(name):
            losses.note("attachment", "shown as a name")
            return Text(name)
        case _:
            return inline


def panel(block: Panel, losses: Losses) -> Quote:
    """A panel as a quote under its kind."""
    losses.note("panel", "shown as a quote")
    return Quote((Paragraph((Text(block.kind.capitalize(), STRONG),)), *block.blocks))


def lines(blocks: Blocks, losses: Losses, where: str) -> Iterator[Inlines]:
    """Blocks as lines of inlines, for a place (`where`, such as "in a list") that holds no more."""
    for block in blocks:
        yield from _lines_of(block, losses, where)


def _lines_of(block: Block, losses: Losses, where: str) -> Iterator[Inlines]:
    match block:
        case Paragraph(inlines):
            yield inlines
        case Heading(_, inlines):
            losses.note("heading", f"shown as text {where}")
            yield inlines
        case Code(text):
            losses.note("code block", f"shown as lines {where}")
            yield from ((Text(one.strip(), CODE),) for one in text.split("\n") if one.strip())
        case Table():
            losses.note("table", "shown as text")
            yield from table_rows(block)
        case Rule():
            losses.note("rule", f"shown as dashes {where}")
            yield (Text("\u2014\u2014\u2014"),)
        case Quote(children):
            losses.note("quote", f"shown as text {where}")
            yield from lines(children, losses, where)
        case Panel():
            yield from _lines_of(panel(block, losses), losses, where)
        case List(ordered, items, start):
            losses.note("list", f"shown as text {where}")
            for number, item in enumerate(items, start):
                mark = Text(f"{number}. " if ordered else "\u2022 ")
                yield from _led(mark, lines(item.blocks, losses, where))


def _led(mark: Text, found: Iterator[Inlines]) -> Iterator[Inlines]:
    first = next(found, None)
    if first is not None:
        yield (mark, *first)
        yield from found


def table_rows(block: Table) -> Iterator[Inlines]:
    """A table's rows as lines, the cells divided by bars."""
    for row in block.rows:
        out: list[Inline] = []
        for index, cell in enumerate(row):
            out += [Text(" | "), *cell] if index else cell
        yield tuple(Text(" ") if isinstance(one, Break) else one for one in out)


def broken(found: Iterator[Inlines]) -> Inlines:
    """Lines joined by breaks."""
    out: list[Inline] = []
    for one in found:
        out += [Break(), *one] if out else one
    return tuple(out)


def plain(inlines: Inlines) -> str:
    """The inlines as bare text; a link that hides its address is followed by it."""
    out: list[str] = []
    for index, inline in enumerate(inlines):
        match inline:
            case Text(text, _, href):
                following = inlines[index + 1] if index + 1 < len(inlines) else None
                ends = not (isinstance(following, Text) and following.href == href)
                out.append(f"{text} ({href})" if href and ends else text)
            case Image(src, alt):
                out.append(f"{alt} ({src})" if alt else src)
            case Break():
                out.append("\n")
            case Mention(name) | Attachment(name):
                out.append(name)
    return "".join(out)
