"""The Atlassian Document Format of Jira Cloud: a tree of JSON nodes, kept here as its JSON text.

A node at the top of the document is a block, and so is an item in a list. Those that did not
change keep their bytes, with ids, unknown attributes and nodes that nobody knows. A node is read
as what would be shown of it were it written anew, so a mention is a name. Unlike prose, a source
can be wrong: ValueError if it is no JSON, no document, or nested beyond any editor's doing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from syncline.schema.text.codecs import adf_reader, adf_writer
from syncline.schema.text.codecs.adf_json import check, content, nodes
from syncline.schema.text.codecs.base import Codec
from syncline.schema.text.codecs.parts import Losses, Segment, normal_blocks
from syncline.schema.text.normal import safe_address
from syncline.schema.text.tree import Block, Blocks, List

_HARMLESS: dict[str, frozenset[str]] = {
    **{name: frozenset() for name in ("bulletList", "listItem", "blockquote", "rule", "tableRow")},
    **{name: frozenset() for name in ("hardBreak", "taskList", "decisionList")},
    **{name: frozenset({"state"}) for name in ("taskItem", "decisionItem")},
    "doc": frozenset(),
    "paragraph": frozenset(),
    "text": frozenset(),
    "heading": frozenset({"level"}),
    "orderedList": frozenset({"order"}),
    "codeBlock": frozenset({"language"}),
    "panel": frozenset({"panelType"}),
    "table": frozenset({"isNumberColumnEnabled", "layout", "width"}),
    "tableHeader": frozenset({"background", "colspan", "rowspan", "colwidth"}),
    "tableCell": frozenset({"background", "colspan", "rowspan", "colwidth"}),
    "status": frozenset({"text", "color", "style"}),
    "date": frozenset({"timestamp"}),
    "expand": frozenset({"title"}),
    "nestedExpand": frozenset({"title"}),
}
"""Nodes and attributes that may go to another tool as they stand. Mentions notify, cards fetch,
media and extensions belong to the tool they are from."""

_HARMLESS_MARKS = frozenset({"strong", "em", "strike", "code", "underline", "subsup", "textColor"})


class _Adf(Codec):
    name = "adf"
    gap = ","
    item_gap = ","

    def check(self, source: str) -> None:
        super().check(source)
        check(source)

    def segments(self, source: str) -> list[Segment]:
        return [
            Segment(one.start, one.end, _shown(adf_reader.blocks([one.value])))
            for one in nodes(source)
        ]

    def render(self, blocks: Blocks, losses: Losses) -> str:
        return adf_writer.render(blocks, losses)

    def framed(self, text: str) -> str:
        return f'{{"content":[{text}],"type":"doc","version":1}}' if text else ""

    def inert(self, source: str) -> bool:
        return all(_harmless(one.value) for one in nodes(source))

    def parts(self, source: str, segment: Segment) -> list[Segment] | None:
        (block,) = segment.blocks
        found = content(source, segment.start)
        if not isinstance(block, List) or any(_kind(one.value) != "listItem" for one in found):
            return None
        lists = [List(block.ordered, adf_reader.items([one.value])) for one in found]
        return [
            Segment(one.start, one.end, _shown([part]))
            for one, part in zip(found, lists, strict=True)
        ]

    def render_part(self, blocks: Blocks, source: str, losses: Losses) -> str | None:
        return adf_writer.render_items(blocks, losses)


def _shown(blocks: Iterable[Block]) -> Blocks:
    return adf_writer.fitted(normal_blocks(list(blocks)), Losses())


def _kind(node: Any) -> Any:
    return node.get("type") if isinstance(node, dict) else None


def _harmless(node: Any) -> bool:
    """Whether a node, its marks and all in it are of the listed kinds."""
    kind = _kind(node)
    allowed = _HARMLESS.get(kind) if isinstance(kind, str) else None
    if allowed is None or not node.keys() <= {"type", "attrs", "content", "marks", "text"}:
        return False
    attrs, inside, marks = node.get("attrs", {}), node.get("content", []), node.get("marks", [])
    if not (isinstance(attrs, dict) and isinstance(inside, list) and isinstance(marks, list)):
        return False
    if not attrs.keys() <= allowed | {"localId"}:
        return False
    return all(map(_harmless_mark, marks)) and all(map(_harmless, inside))


def _harmless_mark(mark: Any) -> bool:
    if _kind(mark) == "link":
        attrs = mark.get("attrs")
        href = attrs.get("href") if isinstance(attrs, dict) and attrs.keys() == {"href"} else None
        return isinstance(href, str) and href != "" and safe_address(href) == href
    kind = _kind(mark)
    return isinstance(kind, str) and kind in _HARMLESS_MARKS


ADF = _Adf()
