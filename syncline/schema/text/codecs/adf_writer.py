"""Writing ADF: first fit a document into what ADF's nodes may hold, then put it down node by node.

Which node may stand in which is from developer.atlassian.com, "Atlassian Document Format", and
where that page is silent from the JSON schema it names. Jira refuses a whole field with
INVALID_INPUT for one node in a wrong place, so what does not fit is put into simpler blocks and
counted as a loss. `fitted` is idempotent. Nothing written notifies anybody or fetches anything by
itself but images that were images before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

from syncline.schema.text.codecs import lower
from syncline.schema.text.codecs.adf_json import canonical
from syncline.schema.text.codecs.parts import Losses, addresses_apart, normal_blocks
from syncline.schema.text.tree import (
    CODE,
    EMPHASIS,
    STRIKE,
    STRONG,
    Block,
    Blocks,
    Break,
    Code,
    Heading,
    Image,
    Inline,
    Inlines,
    Item,
    List,
    Panel,
    Paragraph,
    Quote,
    Rule,
    Table,
    Text,
)

Node: TypeAlias = dict[str, Any]

PANELS = frozenset({"info", "note", "warning", "success", "error"})

_HELD: dict[str, tuple[type[Block], ...]] = {
    "": (Paragraph, Heading, List, Quote, Rule, Code, Table, Panel),
    "in a list": (Paragraph, List, Code),
    "in a quote": (Paragraph, List, Code),
    "in a panel": (Paragraph, Heading, List, Code, Rule),
}
"""The blocks that each place takes."""

_MARK_NAMES = {STRONG: "strong", EMPHASIS: "em", STRIKE: "strike", CODE: "code"}


def render(blocks: Blocks, losses: Losses) -> str:
    return ",".join(canonical(_node(block)) for block in fitted(blocks, losses))


def render_items(blocks: Blocks, losses: Losses) -> str:
    """The items of lists, without the lists."""
    lists = (block for block in fitted(blocks, losses) if isinstance(block, List))
    return ",".join(canonical(_item(item)) for one in lists for item in one.items)


def fitted(blocks: Blocks, losses: Losses) -> Blocks:
    """The blocks, in normal form, as ADF can show them."""
    return normal_blocks(list(_fit(blocks, "", losses)))


def _fit(blocks: Iterable[Block], where: str, losses: Losses) -> Iterator[Block]:
    for block in blocks:
        if isinstance(block, Panel) and Panel not in _HELD[where]:
            block = lower.panel(block, losses)
        if isinstance(block, Quote) and Quote not in _HELD[where]:
            losses.note("quote", f"shown as text {where}")
            yield from _fit(block.blocks, where, losses)
        elif isinstance(block, _HELD[where]):
            yield from _held(block, where, losses)
        else:
            lines = lower.lines((block,), losses, where)
            yield from _fit((Paragraph(one) for one in lines), where, losses)


def _held(block: Block, where: str, losses: Losses) -> Iterator[Block]:
    match block:
        case Paragraph((Image(src),)) if where != "in a panel" and _is_web(src):
            yield block
        case Paragraph(inlines):
            yield Paragraph(_inlines(inlines, losses))
        case Heading(level, inlines):
            yield Heading(level, _inlines(inlines, losses))
        case List(ordered, items, start):
            inside = (Item(tuple(_fit(item.blocks, "in a list", losses))) for item in items)
            yield List(ordered, tuple(inside), start)
        case Quote(children):
            yield Quote(tuple(_fit(children, "in a quote", losses)))
        case Panel(kind, children):
            if kind not in PANELS:
                losses.note("panel", "shown as an info panel")
            shown = kind if kind in PANELS else "info"
            yield Panel(shown, tuple(_fit(children, "in a panel", losses)))
        case Table(rows, header):
            cells = tuple(tuple(_inlines(cell, losses) for cell in row) for row in rows)
            yield Table(cells, header)
        case _:
            yield block


def _is_web(address: str) -> bool:
    return address.lower().startswith(("http://", "https://"))


def _inlines(inlines: Inlines, losses: Losses) -> Inlines:
    return tuple(_inline(one, losses) for one in lower.names(inlines, losses))


def _inline(inline: Inline, losses: Losses) -> Inline:
    """Code takes no other mark but a link, and only a paragraph's sole image is an image."""
    match inline:
        case Text(text, marks, href) if marks & CODE and marks != CODE:
            losses.note("marked passage", "shown as code alone")
            return Text(text, CODE, href)
        case Image(src, alt):
            losses.note("image", "shown as a link")
            return Text(alt or src, 0, src)
        case _:
            return inline


def _node(block: Block) -> Node:
    match block:
        case Paragraph((Image() as image,)):
            return _of("mediaSingle", [_image(image)], layout="center")
        case Paragraph(inlines):
            return _of("paragraph", _line(inlines))
        case Heading(level, inlines):
            return _of("heading", _line(inlines), level=level)
        case List(ordered, items, start):
            order = {"order": start} if ordered and start != 1 else {}
            return _of(
                "orderedList" if ordered else "bulletList", [_item(one) for one in items], **order
            )
        case Quote(children):
            return _of("blockquote", [_node(child) for child in children])
        case Rule():
            return {"type": "rule"}
        case Code(text, language):
            named = {"language": language} if language else {}
            return _of("codeBlock", [{"type": "text", "text": text}], **named)
        case Table(rows, header):
            return _of(
                "table", [_row(row, header and index == 0) for index, row in enumerate(rows)]
            )
        case Panel(kind, children):
            return _of("panel", [_node(child) for child in children], panelType=kind)


def _of(kind: str, content: list[Node], **attrs: Any) -> Node:
    node: Node = {"type": kind, "content": content}
    return node | ({"attrs": attrs} if attrs else {})


def _item(item: Item) -> Node:
    """An item begins with a block that is no list; an empty paragraph takes its place."""
    lead = [_of("paragraph", [])] if isinstance(item.blocks[0], List) else []
    return _of("listItem", lead + [_node(block) for block in item.blocks])


def _row(row: tuple[Inlines, ...], header: bool) -> Node:
    kind = "tableHeader" if header else "tableCell"
    return _of("tableRow", [_of(kind, [_of("paragraph", _line(cell))]) for cell in row])


def _image(image: Image) -> Node:
    alt = {"alt": image.alt} if image.alt else {}
    node: Node = {"type": "media", "attrs": {"type": "external", "url": image.src} | alt}
    return node | ({"marks": [_link(image.href)]} if image.href else {})


def _line(inlines: Inlines) -> list[Node]:
    return [node for inline in inlines for node in _words(inline)]


def _words(inline: Inline) -> Iterator[Node]:
    """An inline as nodes. An address is a link, since ADF, unlike other formats, makes none of
    itself."""
    match inline:
        case Break():
            yield {"type": "hardBreak"}
        case Text(text, marks, href):
            parts = [(text, href)] if href or marks & CODE else addresses_apart(text)
            for words, address in parts:
                found = [_link(address)] if address else []
                found += [{"type": name} for bit, name in _MARK_NAMES.items() if marks & bit]
                node: Node = {"type": "text", "text": words}
                yield node | ({"marks": found} if found else {})


def _link(address: str) -> Node:
    return {"type": "link", "attrs": {"href": address}}
