"""Reading ADF nodes: what a person sees of them, however wrong the JSON is.

Nodes and marks are those of developer.atlassian.com, "Atlassian Document Format". What the tree has
no counterpart for is read as the words it shows: a mention, a status and a date as text, a card as
its address, an expand as its title and content, an extension as its content or nothing. A node
that nobody knows is read as what is inside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from syncline.schema.text.codecs import lower
from syncline.schema.text.codecs.parts import Losses, normal_blocks
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

_MARKS = {"strong": STRONG, "em": EMPHASIS, "strike": STRIKE, "code": CODE}
_UNSEEN = frozenset({"placeholder", "extension", "inlineExtension"})


def blocks(nodes: Iterable[Any]) -> Iterator[Block]:
    """What the nodes show. Inlines that stand among blocks are paragraphs."""
    run: list[Inline] = []
    for node in nodes:
        for one in _flow(node):
            if isinstance(one, Text | Image | Break):
                run.append(one)
                continue
            if run:
                yield Paragraph(tuple(run))
                run = []
            if isinstance(one, Paragraph | Heading | List | Quote | Rule | Code | Table | Panel):
                yield one
    if run:
        yield Paragraph(tuple(run))


def items(nodes: Iterable[Any]) -> tuple[Item, ...]:
    """The items of a list. What is no item of its own, such as a task list within a task list,
    belongs to the item before it."""
    found: list[Item] = []
    for node in nodes:
        kind = _type(node)
        if kind in ("taskItem", "decisionItem"):
            done = _attrs(node).get("state") == "DONE"
            lead = (Text("[x] " if done else "[ ] "),) if kind == "taskItem" else ()
            found.append(Item((Paragraph((*lead, *_line(node))),)))
        elif kind == "listItem" or not found:
            found.append(Item(tuple(blocks(_content(node) if kind == "listItem" else [node]))))
        else:
            found[-1] = Item((*found[-1].blocks, *blocks([node])))
    return tuple(found)


def _flow(node: Any) -> Iterator[Block | Inline | None]:
    """What a node shows; None is the edge of one that stands on lines of its own."""
    kind = _type(node)
    if kind in _INLINES:
        yield from _INLINES[kind](node)
    elif kind in _BLOCKS:
        yield from _BLOCKS[kind](node)
    elif kind not in _UNSEEN and kind:
        inner = list(blocks(_content(node)))
        if len(inner) == 1 and isinstance(inner[0], Paragraph) and _holds_inlines(node):
            yield from inner[0].inlines
        else:
            yield None
            yield from inner


def _holds_inlines(node: Any) -> bool:
    return all(_type(child) in _INLINES for child in _content(node))


def _line(node: Any) -> Inlines:
    """A node's content as one run, for places that hold no blocks."""
    found = normal_blocks(list(blocks(_content(node))))
    return lower.broken(lower.lines(found, Losses(), "here"))


def _type(node: Any) -> str:
    kind = node.get("type") if isinstance(node, dict) else None
    return kind if isinstance(kind, str) else ""


def _attrs(node: Any) -> dict[str, Any]:
    attrs = node.get("attrs")
    return attrs if isinstance(attrs, dict) else {}


def _content(node: Any) -> list[Any]:
    inside = node.get("content") if isinstance(node, dict) else None
    return inside if isinstance(inside, list) else []


def _word(node: Any, *names: str) -> str:
    """The first of these attributes that is a text with something in it."""
    attrs = _attrs(node)
    found = (attrs.get(name) for name in names)
    return next((one for one in found if isinstance(one, str) and one.strip()), "")


def _count(node: Any, name: str) -> int:
    value = _attrs(node).get(name)
    return int(value) if isinstance(value, int | float) and abs(value) < 10**9 else 1


def _marked(node: Any, text: str) -> Iterator[Inline]:
    bits, href = _marks(node)
    if text:
        yield Text(text, bits, href)


def _marks(node: Any) -> tuple[int, str]:
    bits, href = 0, ""
    marks = node.get("marks")
    for mark in marks if isinstance(marks, list) else []:
        kind = _type(mark)
        bits |= _MARKS.get(kind, 0)
        href = _word(mark, "href") if kind == "link" else href
    return bits, href


def _text(node: Any) -> Iterator[Inline]:
    text = node.get("text")
    return _marked(node, text if isinstance(text, str) else "")


def _card(node: Any) -> Iterator[Inline]:
    address = _word(node, "url")
    if address:
        yield Text(address, 0, address)


def _date(node: Any) -> Iterator[Inline]:
    """A date is the milliseconds of its midnight in UTC, as a text."""
    try:
        moment = datetime.fromtimestamp(int(_attrs(node).get("timestamp", "")) / 1000, UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return iter(())
    return _marked(node, moment.date().isoformat())


def _file(node: Any) -> Iterator[Inline]:
    bits, href = _marks(node)
    address, name = _word(node, "url"), _word(node, "alt", "__fileName")
    if _attrs(node).get("type") == "external" and address:
        yield Image(address, name, href)
    elif name:
        yield Text(name, bits, href)


def _media(node: Any) -> Iterator[Block | None]:
    for child in _content(node):
        inside = _file(child) if _type(child) == "media" else iter(_line(child))
        yield Paragraph(tuple(inside))


def _expand(node: Any) -> Iterator[Block | None]:
    yield Paragraph((Text(_word(node, "title"), STRONG),))
    yield from blocks(_content(node))


def _list(node: Any) -> Iterator[Block]:
    ordered = _type(node) == "orderedList"
    yield List(ordered, items(_content(node)), _count(node, "order") if ordered else 1)


def _code(node: Any) -> Iterator[Block]:
    text = "".join(
        "\n" if isinstance(one, Break) else one.text
        for child in _content(node)
        for one in _flow(child)
        if isinstance(one, Text | Break)
    )
    yield Code(text, _word(node, "language"))


def _table(node: Any) -> Iterator[Block]:
    rows = [_content(row) for row in _content(node) if _type(row) == "tableRow"]
    header = bool(rows) and all(_type(cell) == "tableHeader" for cell in rows[0])
    yield Table(tuple(tuple(_line(cell) for cell in row) for row in rows), header)


def _inside(node: Any) -> Blocks:
    return tuple(blocks(_content(node)))


_INLINES: dict[str, Callable[[Any], Iterator[Inline]]] = {
    "text": _text,
    "hardBreak": lambda node: iter((Break(),)),
    "mention": lambda node: _marked(node, _word(node, "text")),
    "emoji": lambda node: _marked(node, _word(node, "text", "shortName")),
    "status": lambda node: _marked(node, _word(node, "text")),
    "date": _date,
    "inlineCard": _card,
    "mediaInline": _file,
}

_BLOCKS: dict[str, Callable[[Any], Iterator[Block | None]]] = {
    "paragraph": lambda node: iter((Paragraph(_line(node)),)),
    "heading": lambda node: iter((Heading(_count(node, "level"), _line(node)),)),
    "bulletList": _list,
    "orderedList": _list,
    "taskList": _list,
    "decisionList": _list,
    "blockquote": lambda node: iter((Quote(_inside(node)),)),
    "codeBlock": _code,
    "rule": lambda node: iter((Rule(),)),
    "panel": lambda node: iter((Panel(_word(node, "panelType"), _inside(node)),)),
    "table": _table,
    "mediaSingle": _media,
    "mediaGroup": _media,
    "blockCard": lambda node: iter((Paragraph(tuple(_card(node))),)),
    "embedCard": lambda node: iter((Paragraph(tuple(_card(node))),)),
    "expand": _expand,
    "nestedExpand": _expand,
}
