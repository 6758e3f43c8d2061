"""Atlassian Document Format, as far as a fake needs it: a rough check, making, and plain text.

Node names and nesting: developer.atlassian.com/cloud/jira/platform/apis/document/structure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

BLOCKS = {
    "paragraph",
    "heading",
    "bulletList",
    "orderedList",
    "taskList",
    "decisionList",
    "codeBlock",
    "blockquote",
    "panel",
    "rule",
    "table",
    "mediaSingle",
    "mediaGroup",
    "expand",
    "nestedExpand",
    "blockCard",
    "embedCard",
    "extension",
    "bodiedExtension",
    "layoutSection",
}
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
    "listItem": {"paragraph", "bulletList", "orderedList", "codeBlock", "mediaSingle"},
    "taskList": {"taskItem", "taskList", "blockTaskItem"},
    "taskItem": INLINE,
    "decisionList": {"decisionItem"},
    "decisionItem": INLINE,
    "blockquote": BLOCKS - {"heading", "table", "rule"},
    "panel": BLOCKS - {"panel", "table"},
    "table": {"tableRow"},
    "tableRow": {"tableCell", "tableHeader"},
    "tableCell": BLOCKS,
    "tableHeader": BLOCKS,
    "expand": BLOCKS,
    "nestedExpand": BLOCKS,
    "mediaSingle": {"media", "caption"},
    "mediaGroup": {"media"},
    "bodiedExtension": BLOCKS,
    "layoutSection": {"layoutColumn"},
    "layoutColumn": BLOCKS,
    "caption": INLINE,
}
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
    "alignment",
    "indentation",
    "breakout",
}
NEEDS_CHILDREN = {"bulletList", "orderedList", "listItem", "table", "tableRow"}


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
    kind = node.get("type")
    if kind == "text":
        return _is_text(node)
    content = node.get("content", [])
    if not isinstance(content, list) or (kind in NEEDS_CHILDREN and not content):
        return False
    if kind == "heading" and node.get("attrs", {}).get("level") not in range(1, 7):
        return False
    allowed = CHILDREN.get(str(kind))
    if allowed is None:
        return kind in BLOCKS | INLINE | {"media", "blockTaskItem"}
    return all(isinstance(c, dict) and c.get("type") in allowed and is_valid(c) for c in content)


def _is_text(node: dict[str, Any]) -> bool:
    text = node.get("text")
    if not isinstance(text, str) or not text:
        return False
    marks = node.get("marks", [])
    if not isinstance(marks, list):
        return False
    for mark in marks:
        if not isinstance(mark, dict) or mark.get("type") not in MARKS:
            return False
        if mark["type"] == "link" and not isinstance(mark.get("attrs", {}).get("href"), str):
            return False
    return True


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
