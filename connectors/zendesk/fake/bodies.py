"""A comment's body in its three forms, as Zendesk reads it back.

`body` was written as text with Markdown, `html_body` as HTML of which only harmless elements stay,
and `plain_body` is neither. developer.zendesk.com, "Ticket Comments".
"""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser
from typing import Any

import nh3
from markdown_it import MarkdownIt

_MARKDOWN = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable(["strikethrough"])
_BLOCKS = frozenset(
    ("p", "div", "li", "ul", "ol", "pre", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "tr")
)
_SHELL = '<div class="zd-comment" dir="auto">'


def bodies(comment: dict[str, Any]) -> dict[str, str]:
    """The three forms of what somebody wrote."""
    if comment.get("html_body"):
        inside = nh3.clean(str(comment["html_body"]))
        text = plain(inside)
        return {"body": text, "html_body": _shell(inside), "plain_body": text}
    text = str(comment.get("body") or "")
    inside = _MARKDOWN.render(text).strip().replace("<p>", '<p dir="auto">')
    return {"body": text, "html_body": _shell(inside), "plain_body": plain(inside)}


def of_text(text: str) -> dict[str, str]:
    """The three forms of plain text: blank lines part its paragraphs."""
    parts = [html.escape(part, quote=False) for part in re.split(r"\n{2,}", text.strip())]
    inside = "".join(f'<p dir="auto">{part}</p>' for part in parts).replace("\n", "<br>")
    return {"body": text, "html_body": _shell(inside), "plain_body": text}


def plain(markup: str) -> str:
    """HTML as text: a blank line between blocks, none of the elements."""
    reader = _Text()
    reader.feed(markup)
    return re.sub(r"\n{3,}", "\n\n", reader.text).strip("\n")


def _shell(inside: str) -> str:
    return f"{_SHELL}{inside}</div>"


class _Text(HTMLParser):
    """Collects text, and where blocks begin and end."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self._verbatim = 0  # how many elements around keep their spaces

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag == "br":
            self._break("\n")
        elif tag in _BLOCKS:
            self._break("\n" if tag == "li" else "\n\n")
        self._verbatim += tag == "pre"

    def handle_endtag(self, tag: str) -> None:
        self._verbatim -= tag == "pre"
        if tag in _BLOCKS and tag != "li":
            self._break("\n\n")

    def handle_data(self, data: str) -> None:
        if not self._verbatim:
            data = re.sub(r"\s+", " ", data)
            data = data.lstrip() if self.text[-1:] in ("", "\n") else data
        self.text += data

    def _break(self, lines: str) -> None:
        self.text = self.text.rstrip(" ") + lines
