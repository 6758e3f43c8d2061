"""Atlassian Document Format, as far as a fake needs it: a rough check, making, and plain text.

Node names and nesting: developer.atlassian.com/cloud/jira/platform/apis/document/structure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

SIMPLE = {"paragraph", "bulletList", "orderedList", "codeBlock", "mediaSingle", "mediaGroup"}
PANEL = SIMPLE | {"heading", "rule", "taskList", "decisionList", "blockCard"}
CELL = PANEL | {"blockquote", "panel", "nestedExpand", "embedCard", "extension"}
EXPAND = (CELL - {"nestedExpand"}) | {"table"}
BLOCKS = EXPAND | {"expand", "nestedExpand", "bodiedExtension", "layoutSection"}
INLINE = {
    "text",
    "hardBreak",
    "mention",
    "emoji",
    "date",
    "status",
    "inlineCard",
    "inlineExtension",
    "mediaInline",
    "placeholder",
}
CHILDREN: dict[str, set[str]] = {
    "doc": BLOCKS,
    "paragraph": INLINE,
    "heading": INLINE,
    "codeBlock": {"text"},
    "bulletList": {"listItem"},
    "orderedList": {"listItem"},
    "listItem": SIMPLE | {"taskList", "extension"},
    "taskList": {"taskItem", "taskList", "blockTaskItem"},
    "taskItem": INLINE,
    "decisionList": {"decisionItem"},
    "decisionItem": INLINE,
    "blockquote": SIMPLE | {"extension"},
    "panel": PANEL,
    "table": {"tableRow"},
    "tableRow": {"tableCell", "tableHeader"},
    "tableCell": CELL,
    "tableHeader": CELL,
    "expand": EXPAND,
    "nestedExpand": PANEL,
    "mediaSingle": {"media", "caption"},
    "mediaGroup": {"media"},
    "bodiedExtension": EXPAND,
    "layoutSection": {"layoutColumn"},
    "layoutColumn": BLOCKS,
    "caption": INLINE,
}
LEAVES = {"rule", "media", "blockCard", "embedCard", "extension", "blockTaskItem"} | INLINE
MARKS = {
    "strong",
    "em",
    "code",
    "strike",
    "underline",
    "link",
    "textColor",
    "backgroundColor",
    "subsup",
    "annotation",
    "border",
}
BESIDE_CODE = {"code", "link", "annotation"}
NEEDS_CHILDREN = {"bulletList", "orderedList", "listItem", "blockquote", "panel", "table"}
NEEDS_ATTRIBUTE = {
    "panel": "panelType",
    "mention": "id",
    "date": "timestamp",
    "status": "text",
    "emoji": "shortName",
    "taskItem": "state",
    "media": "type",
}


def is_document(value: Any) -> bool:
    """Whether `value` is an Atlassian document at all."""
    return (
        isinstance(value, dict)
        and value.get("type") == "doc"
        and value.get("version") == 1
        and isinstance(value.get("content"), list)
    )


def is_valid(node: Any) -> bool:
    """Whether every node may stand where it stands; Jira answers INVALID_INPUT otherwise."""
    if not isinstance(node, dict):
        return False
    kind, attrs = str(node.get("type")), node.get("attrs", {})
    if kind == "text":
        return _is_text(node)
    content = node.get("content", [])
    if not isinstance(content, list) or not isinstance(attrs, dict):
        return False
    if kind in NEEDS_ATTRIBUTE and NEEDS_ATTRIBUTE[kind] not in attrs:
        return False
    if kind == "heading" and attrs.get("level") not in range(1, 7):
        return False
    if kind not in CHILDREN:
        return kind in LEAVES
    return _holds(kind, content)


def _holds(kind: str, content: list[Any]) -> bool:
    if kind in NEEDS_CHILDREN and not content:
        return False
    kinds = [str(c.get("type")) if isinstance(c, dict) else "" for c in content]
    if kind == "listItem" and kinds[0] in ("bulletList", "orderedList", "taskList"):
        return False  # a list may only follow something in an item
    if kind == "codeBlock" and any("marks" in c for c in content if isinstance(c, dict)):
        return False
    return all(k in CHILDREN[kind] for k in kinds) and all(is_valid(c) for c in content)


def _is_text(node: dict[str, Any]) -> bool:
    text, marks = node.get("text"), node.get("marks", [])
    if not isinstance(text, str) or not text or not isinstance(marks, list):
        return False
    names = [str(mark.get("type")) if isinstance(mark, dict) else "" for mark in marks]
    if not set(names) <= MARKS or len(set(names)) < len(names):
        return False
    if "code" in names and not set(names) <= BESIDE_CODE:
        return False
    links = [mark for mark in marks if mark["type"] == "link"]
    return all(isinstance(link.get("attrs", {}).get("href"), str) for link in links)


def document(paragraphs: Iterable[str]) -> dict[str, Any]:
    """Paragraphs of plain text as a document."""
    return {
        "type": "doc",
        "version": 1,
        "content": [
            {"type": "paragraph", "content": list(_lines(text))} for text in paragraphs if text
        ],
    }


def _lines(text: str) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(text.split("\n")):
        if number:
            yield {"type": "hardBreak"}
        if line:
            yield {"type": "text", "text": line}


def plain(node: Any) -> str:
    """The text of a document, a block a paragraph."""
    if not isinstance(node, dict):
        return ""
    kind = node.get("type")
    if kind == "text":
        return str(node.get("text", ""))
    if kind == "hardBreak":
        return "\n"
    attrs = node.get("attrs", {})
    if kind in ("mention", "emoji", "status"):
        return str(attrs.get("text") or attrs.get("shortName") or "")
    if kind in ("inlineCard", "blockCard"):
        return str(attrs.get("url", ""))
    parts = [plain(child) for child in node.get("content", [])]
    inline = CHILDREN.get(str(kind)) is INLINE or kind == "codeBlock"
    return "".join(parts) if inline else "\n\n".join(p for p in parts if p)
