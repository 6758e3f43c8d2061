"""ADF for tests: a validator that knows which node may hold which, and generated documents.

The rules are those of developer.atlassian.com, "Atlassian Document Format", for the nodes that
Syncline writes; where that page is silent, those of the JSON schema it names.
"""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from tests.unit.schema.text.nasty import pieces, words

INLINE = frozenset({"text", "hardBreak"})
LISTS = frozenset({"bulletList", "orderedList"})
HOLDS: dict[str, frozenset[str]] = {
    "doc": LISTS | {"paragraph", "heading", "blockquote", "codeBlock", "rule", "panel", "table",
                    "mediaSingle"},
    "paragraph": INLINE,
    "heading": INLINE,
    "codeBlock": frozenset({"text"}),
    "bulletList": frozenset({"listItem"}),
    "orderedList": frozenset({"listItem"}),
    "listItem": LISTS | {"paragraph", "codeBlock", "mediaSingle"},
    "blockquote": LISTS | {"paragraph", "codeBlock", "mediaSingle"},
    "panel": LISTS | {"paragraph", "heading", "codeBlock", "rule"},
    "table": frozenset({"tableRow"}),
    "tableRow": frozenset({"tableHeader", "tableCell"}),
    "tableHeader": frozenset({"paragraph"}),
    "tableCell": frozenset({"paragraph"}),
    "mediaSingle": frozenset({"media"}),
    "text": frozenset(),
    "hardBreak": frozenset(),
    "rule": frozenset(),
    "media": frozenset(),
}  # fmt: skip
MAY_BE_EMPTY = frozenset({"doc", "paragraph", "heading", "text", "hardBreak", "rule", "media"})
ATTRS: dict[str, frozenset[str]] = {
    "heading": frozenset({"level"}),
    "panel": frozenset({"panelType"}),
    "mediaSingle": frozenset({"layout"}),
    "media": frozenset({"type", "url", "alt"}),
    "codeBlock": frozenset({"language"}),
    "orderedList": frozenset({"order"}),
}
REQUIRED: dict[str, frozenset[str]] = {
    "heading": frozenset({"level"}),
    "panel": frozenset({"panelType"}),
    "media": frozenset({"type", "url"}),
}


def assert_valid(source: str) -> None:
    """AssertionError, naming the node, unless Jira would take the document."""
    if not source:
        return
    document = json.loads(source)
    assert document.keys() == {"type", "version", "content"}
    assert document["version"] == 1
    _node(document, "doc")


def _node(node: dict[str, Any], kind: str) -> None:
    content, attrs = node.get("content", []), node.get("attrs", {})
    assert {one["type"] for one in content} <= HOLDS[kind], f"{kind} holds {content}"
    assert content or kind in MAY_BE_EMPTY, f"{node} is empty"
    assert attrs.keys() <= ATTRS.get(kind, frozenset()), node
    assert attrs.keys() >= REQUIRED.get(kind, frozenset()), node
    if kind == "text":
        assert node["text"], "a text without a character"
        _marks(node.get("marks", []))
    else:
        assert kind == "media" or "marks" not in node
    if kind == "listItem":
        assert content[0]["type"] in {"paragraph", "codeBlock", "mediaSingle"}
    if kind == "codeBlock":
        assert all("marks" not in one for one in content)
    assert attrs.get("level", 1) in range(1, 7)
    assert attrs.get("panelType", "info") in {"info", "note", "warning", "success", "error"}
    for child in content:
        _node(child, child["type"])


def _marks(marks: list[dict[str, Any]]) -> None:
    kinds = [mark["type"] for mark in marks]
    assert len(set(kinds)) == len(kinds)
    assert set(kinds) <= {"strong", "em", "strike", "code", "link"}
    assert "code" not in kinds or set(kinds) <= {"code", "link"}
    for mark in marks:
        assert mark["type"] != "link" or mark["attrs"]["href"]


def doc(*content: Any) -> str:
    return json.dumps({"version": 1, "type": "doc", "content": list(content)}, ensure_ascii=False)


def node(kind: str, *content: Any, **attrs: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"type": kind}
    return (
        found
        | ({"attrs": attrs} if attrs else {})
        | ({"content": list(content)} if content else {})
    )


def text(words: str, *marks: Any) -> dict[str, Any]:
    return {"type": "text", "text": words} | ({"marks": list(marks)} if marks else {})


def p(words: str, **attrs: Any) -> dict[str, Any]:
    return node("paragraph", text(words), **attrs)


_anything = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 2**40) | pieces,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(pieces, inner, max_size=2),
    max_leaves=4,
)
_marks_drawn = st.lists(
    st.sampled_from(["strong", "em", "code", "strike", "underline", "unheard"]).map(node)
    | st.sampled_from(["http://e.com", "javascript:alert(1)", 7]).map(
        lambda href: node("link", href=href)
    )
    | _anything,
    max_size=2,
)
_texts = st.builds(lambda words, marks: text(words, *marks), words, _marks_drawn)
_atoms = st.sampled_from(
    [
        node("hardBreak"),
        node("mention", id="7", text="@Jane"),
        node("emoji", shortName=":x:"),
        node("date", timestamp="1582152559000"),
        node("date", timestamp="never"),
        node("rule"),
        node("status", text="LATE", color="red"),
        node("inlineCard", url="http://e.com/1"),
        node("inlineCard", data={"@type": "x"}),
        node("inlineExtension", extensionKey="x"),
        node("extension", extensionKey="toc"),
        node("blockCard", url="http://e.com/2"),
        node("mediaSingle", node("media", type="external", url="http://e.com/i.png", alt="i")),
        node("mediaGroup", node("media", type="file", id="1", collection="c", alt="a.txt")),
        {"type": "hologram", "text": "?"},
        {"type": 5},
        {},
    ]  # fmt: skip
)
_KINDS = (
    "paragraph", "heading", "bulletList", "orderedList", "listItem", "taskList", "taskItem",
    "decisionList", "decisionItem", "blockquote", "codeBlock", "panel", "table", "tableRow",
    "tableHeader", "tableCell", "expand", "layoutSection", "hologram", "mediaSingle", "caption",
)  # fmt: skip
_attrs = st.fixed_dictionaries(
    {},
    optional={
        "level": st.integers(-1, 9) | _anything, "order": st.integers(-1, 9) | _anything,
        "language": words | _anything, "panelType": st.sampled_from(["info", "custom", "error", 5]),
        "state": st.sampled_from(["DONE", "TODO"]), "title": words, "localId": words,
    },
)  # fmt: skip


def _nest(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.builds(
        lambda kind, content, attrs: {"type": kind, "content": content, "attrs": attrs},
        st.sampled_from(_KINDS),
        st.lists(inner, max_size=4) | _anything,
        _attrs | _anything,
    )


_nodes = st.recursive(_texts | _atoms | _anything, _nest, max_leaves=12)
adf_sources = st.builds(
    lambda content, indent: json.dumps(
        {"type": "doc", "version": 1, "content": content}, indent=indent, ensure_ascii=False
    ),
    st.lists(_nodes, max_size=5),
    st.sampled_from([None, None, 1]),
)
"""Documents that look like ADF, and hold whatever JSON can where a node should be."""
