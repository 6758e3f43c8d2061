"""A description as people make it in Jira's editor, with what Redmine's Textile cannot show.

The nodes are those of developer.atlassian.com, "Atlassian Document Format".
"""

from __future__ import annotations

import json
from typing import Any

PLAIN = "The total is wrong by one cent."


def _text(words: str, *marks: dict[str, Any]) -> dict[str, Any]:
    return {"type": "text", "text": words} | ({"marks": list(marks)} if marks else {})


def _node(kind: str, *content: Any, **attrs: Any) -> dict[str, Any]:
    node: dict[str, Any] = {"type": kind}
    node |= {"attrs": attrs} if attrs else {}
    return node | ({"content": list(content)} if content else {})


def _paragraph(*content: Any, **attrs: Any) -> dict[str, Any]:
    return _node("paragraph", *content, **attrs)


def _cell(kind: str, words: str, **attrs: Any) -> dict[str, Any]:
    return _node(kind, _paragraph(_text(words)), **attrs)


def document() -> dict[str, Any]:
    """The whole description; one paragraph of it is PLAIN and nothing else."""
    red = {"type": "textColor", "attrs": {"color": "#bf2600"}}
    content = [
        _node("heading", _text("Rounding in the basket"), level=2),
        _node("panel", _paragraph(_text("Seen by three customers.")), panelType="warning"),
        _paragraph(
            _text("Ask "),
            _node("mention", id="712020:0b7a", text="@Leila Haddad", accessLevel=""),
            _text(" before "),
            _text("any", red),
            _text(" change "),
            _node("emoji", shortName=":fire:", id="1f525", text="🔥"),
            localId="f3c1",
        ),
        _paragraph(_text(PLAIN)),
        _node(
            "table",
            _node("tableRow", _cell("tableHeader", "Net"), _cell("tableHeader", "Gross")),
            _node(
                "tableRow",
                _cell("tableCell", "9.995", background="#ffebe6"),
                _cell("tableCell", "11.89"),
            ),
            isNumberColumnEnabled=False,
            layout="center",
            localId="77aa",
        ),
        _node("codeBlock", _text("round(total, 2)  # half to even\n"), language="python"),
        _node(
            "mediaSingle",
            _node("media", type="file", id="6e7c-41", collection="", alt="basket.png"),
            layout="align-start",
        ),
        _node(
            "taskList",
            _node("taskItem", _text("Add a test"), localId="t1", state="DONE"),
            _node("taskItem", _text("Mend it"), localId="t2", state="TODO"),
            localId="tl",
        ),
        _node("expand", _paragraph(_text("Nothing else in the log.")), title="Log"),
        _paragraph(
            _text("Due "),
            _node("date", timestamp="1798761600000"),
            _text(" "),
            _node("status", text="LATE", color="red", localId="s1"),
        ),
    ]
    return {"type": "doc", "version": 1, "content": content}


def replaced(shown: dict[str, Any], old: str, new: str) -> dict[str, Any]:
    """The description with some words of one text replaced, and everything else as it was."""
    source = json.dumps(shown)
    if source.count(json.dumps(old)[1:-1]) != 1:
        raise ValueError(f"{old!r} is not there once")
    found: dict[str, Any] = json.loads(source.replace(json.dumps(old)[1:-1], json.dumps(new)[1:-1]))
    return found
