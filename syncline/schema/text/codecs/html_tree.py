"""Untrusted HTML as a small tree of elements that remember where in the source they stand.

Nothing is ever executed or fetched. The parser is the standard library's, because positions are
needed to rewrite a text in place; depth is bounded here, length by the codec, so hostile input
costs no more than its own length. What the parser does not understand becomes text, and text is
escaped when written.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import TypeAlias

MAX_DEPTH = 80

VOID = frozenset({"br", "hr", "img", "input", "meta", "link", "wbr", "area", "base", "col", "embed",
                  "source", "track", "param"})  # fmt: skip
BLOCKS = frozenset({"p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote",
                    "pre", "hr", "table", "thead", "tbody", "tfoot", "tr", "td", "th", "caption",
                    "section", "article", "main", "header", "footer", "aside", "nav", "figure",
                    "figcaption", "details", "summary", "dl", "dt", "dd", "address", "center",
                    "form", "fieldset", "html", "body"})  # fmt: skip
UNSEEN = frozenset({"script", "style", "head", "title", "template", "noscript", "iframe", "object",
                    "embed", "svg", "math", "textarea", "select", "button", "audio", "video",
                    "canvas", "applet", "meta", "link", "base", "param", "xmp",
                    "noembed", "noframes"})  # fmt: skip

_CLOSED_BY: dict[str, frozenset[str]] = {
    "li": frozenset({"li"}),
    "dt": frozenset({"dt", "dd"}),
    "dd": frozenset({"dt", "dd"}),
    "tr": frozenset({"tr", "thead", "tbody", "tfoot"}),
    "td": frozenset({"td", "th", "tr", "thead", "tbody", "tfoot"}),
    "th": frozenset({"td", "th", "tr", "thead", "tbody", "tfoot"}),
    "thead": frozenset({"tbody", "tfoot", "thead"}),
    "tbody": frozenset({"tbody", "tfoot", "thead"}),
    "p": BLOCKS - {"td", "th", "tr", "thead", "tbody", "tfoot", "html", "body", "caption"},
}
"""An open element on the left ends where one on the right begins, as in the HTML standard."""

_BARRIERS = frozenset({"table", "ul", "ol", "td", "th", "blockquote", "div", "li", "dl"})


@dataclass(slots=True)
class Element:
    tag: str
    start: int
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Node] = field(default_factory=list)
    end: int = 0
    blocks: bool = False
    """Whether it is, or holds, an element that stands on lines of its own."""


@dataclass(frozen=True, slots=True)
class Words:
    text: str
    start: int
    end: int


Node: TypeAlias = Element | Words


class _Builder(HTMLParser):
    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("", 0, end=len(source))
        self._stack = [self.root]
        self._overflow = 0
        self._source = source
        self._lines = [0, *(match.end() for match in re.finditer("\n", source))]
        self.feed(source)
        self.close()
        self._pop_to(1, len(source))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        start = self._position()
        end = start + len(self.get_starttag_text() or "")
        self._close_implied(tag, start)
        one = Element(tag, start, {name: value or "" for name, value in attrs}, end=end)
        one.blocks = tag in BLOCKS
        if tag in VOID or len(self._stack) < MAX_DEPTH:
            self._stack[-1].children.append(one)
        if tag in VOID:
            return
        if len(self._stack) < MAX_DEPTH:
            self._stack.append(one)
        else:
            self._overflow += 1

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """`<b/>` opens a bold that stays open: browsers ignore the slash."""
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag == "br":
            self.handle_starttag(tag, [])
            return
        if self._overflow and tag not in VOID:
            self._overflow -= 1
            return
        for index in range(len(self._stack) - 1, 0, -1):
            one = self._stack[index]
            if one.tag == tag:
                end = self._source.find(">", self._position()) + 1
                self._pop_to(index, self._position(), end or len(self._source))
                return
            if one.tag in _BARRIERS and tag not in BLOCKS:
                return

    def handle_data(self, data: str) -> None:
        start = self._position()
        children = self._stack[-1].children
        children.append(Words(data, start, start))

    def _position(self) -> int:
        row, column = self.getpos()
        return self._lines[row - 1] + column

    def _close_implied(self, tag: str, at: int) -> None:
        for index in range(len(self._stack) - 1, 0, -1):
            one = self._stack[index]
            if tag in _CLOSED_BY.get(one.tag, ()):
                self._pop_to(index, at)
            elif one.tag in _BARRIERS and one.tag not in ("td", "th", "li"):
                return

    def _pop_to(self, index: int, at: int, end: int | None = None) -> None:
        """Close the stack down to `index`; the lowest ends at `end`, those in it at `at`."""
        while len(self._stack) > index:
            one = self._stack.pop()
            one.end = at if len(self._stack) > index or end is None else end
            if one.blocks:
                self._stack[-1].blocks = True


def parse(source: str) -> Element:
    """The source as a tree under a nameless root. Never fails: wrong HTML is what it looks like."""
    return _Builder(source).root


def text_of(node: Node) -> str:
    """All words under a node, as they stand."""
    if isinstance(node, Words):
        return node.text
    if node.tag == "br":
        return "\n"
    return "" if node.tag in UNSEEN else "".join(text_of(child) for child in node.children)
