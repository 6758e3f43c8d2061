"""The words of a Textile block: marks, code, links and images, as Redmine's expressions find
them.

One pass from left to right. Where a mark could close is found once for the whole text, so the
cost stays near linear however many marks a hostile text opens.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator
from html import unescape

from syncline.schema.text.normal import GUARD
from syncline.schema.text.tree import (
    CODE,
    EMPHASIS,
    STRIKE,
    STRONG,
    Break,
    Image,
    Inline,
    Inlines,
    Text,
)

MARKERS = {
    "**": STRONG,
    "*": STRONG,
    "__": EMPHASIS,
    "_": EMPHASIS,
    "??": EMPHASIS,
    "-": STRIKE,
    "+": 0,
    "^": 0,
    "~": 0,
    "%": 0,
}
"""Redmine's QTAGS. Underline, superscript, subscript and span have no mark here: their words
stay."""

PUNCTUATION = frozenset("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")

_RUN = re.compile(r"\*+|_+|\?+|-+|\++|\^+|~+|%+")
_CODE = re.compile(r"@(?:\|\w+\|)?(?P<text>[^@\n]+)@(?!\w)")
_CODE_TAG = re.compile(r"<(code|kbd)\b[^>]*>(?P<text>[^\n]{1,4000}?)</\1>", re.IGNORECASE)
_AS_IS = re.compile(r"==(?P<text>[^=\n]+)==(?!\S)|<notextile>(?P<tag>[^<\n]*)</notextile>")
_IMAGE = re.compile(
    r"!(?P<src>[^\s(!]+)\s?(?:\((?P<alt>[^()]*)\))?!(?::(?P<href>\S+?)(?=[^\w\s/;=?]*(?:\s|<|\Z)))?"
)
_LINK = re.compile(
    r"\"(?:\([^()\"\n]*\)|\{[^}\"\n]*\})?(?P<text>[^\"\n]+?)\s?(?:\((?P<title>[^()\"\n]+)\))?\":"
    r"(?P<href>(?:/|[a-zA-Z]{2,12}://|www\.|mailto:)[\w/]\S*)"
)
_AFTER_ADDRESS = re.compile(r"[^\w=/;()\-]*\Z")
_STYLE = re.compile(r"(?:\{[^}\n]*\}|\([^)\n]*\))+")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9a-fA-F]{1,6}|[A-Za-z]\w{1,31});")
_ACTIVE = re.compile(r"[*_?\-+^~%@!\"=<&\n]")


def inlines(text: str) -> Inlines:
    """The text's inlines, not yet in normal form."""
    text = _without_comments(text)
    return tuple(_Reader(text).read(0, len(text), 0, ""))


def _without_comments(text: str) -> str:
    out, at = [], 0
    while (start := text.find("<!--", at)) >= 0 and (end := text.find("-->", start)) >= 0:
        out.append(text[at:start])
        at = end + 3
    return "".join([*out, text[at:]])


def may_close(text: str, at: int, width: int) -> bool:
    """Whether a marker at that place can end a marked passage."""
    after = text[at + width : at + width + 1]
    return at > 0 and not text[at - 1].isspace() and (not after or ends_word(after))


def ends_word(char: str) -> bool:
    """Whether the character is white space or punctuation, as Ruby's [[:punct:]] has it."""
    return char.isspace() or char in PUNCTUATION or unicodedata.category(char)[0] == "P"


def as_code(text: str) -> str:
    """Code as Redmine shows it, which is as it stands, without the writer's guards."""
    return text.replace("<" + GUARD, "<")


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._closers: dict[str, list[int]] = {}
        for run in _RUN.finditer(text):
            if run[0] in MARKERS and may_close(text, run.start(), len(run[0])):
                self._closers.setdefault(run[0], []).append(run.start())

    def read(self, at: int, end: int, marks: int, opened: str) -> Iterator[Inline]:
        """The inlines of text[at:end]; `opened` are the markers of the passages around it."""
        text, start, plain = self._text, at, at
        while active := _ACTIVE.search(text, at, end):
            at = active.start()
            found, stop = self._construct(at, start, end, marks, opened)
            if stop == at:
                at = self._past(at)
                continue
            if plain < at:
                yield Text(text[plain:at], marks)
            yield from found
            plain = at = stop
        if plain < end:
            yield Text(text[plain:end], marks)

    def _past(self, at: int) -> int:
        run = _RUN.match(self._text, at)
        return run.end() if run else at + 1

    def _construct(
        self, at: int, start: int, end: int, marks: int, opened: str
    ) -> tuple[list[Inline], int]:
        """What starts at `at`, and where it ends; nothing, and `at` itself, if nothing does."""
        char = self._text[at]
        before = self._text[at - 1] if at > start else " "
        if char == "\n":
            return [Break()], at + 1
        if char == "&":
            entity = _ENTITY.match(self._text, at, end)
            return ([Text(unescape(entity[0]), marks)], entity.end()) if entity else ([], at)
        if char == "@":
            found = None if _wordlike(before) else _CODE.match(self._text, at, end)
            return self._coded(found, at, marks)
        if char == "<":
            if found := _CODE_TAG.match(self._text, at, end):
                return self._coded(found, at, marks)
            return self._as_is(at, end, marks)
        if char == "=":
            return self._as_is(at, end, marks) if before.isspace() else ([], at)
        if char == "!":
            return self._image(at, end) if before.isspace() or before == ">" else ([], at)
        if char == '"':
            return ([], at) if _wordlike(before) else self._link(at, end, marks)
        return self._marked(at, start, end, marks, opened)

    def _coded(self, found: re.Match[str] | None, at: int, marks: int) -> tuple[list[Inline], int]:
        if not found:
            return [], at
        return [Text(as_code(found["text"]), marks | CODE)], found.end()

    def _as_is(self, at: int, end: int, marks: int) -> tuple[list[Inline], int]:
        found = _AS_IS.match(self._text, at, end)
        return ([Text(found["text"] or found["tag"], marks)], found.end()) if found else ([], at)

    def _image(self, at: int, end: int) -> tuple[list[Inline], int]:
        found = _IMAGE.match(self._text, at, end)
        if not found:
            return [], at
        alt, href = unescape(found["alt"] or ""), unescape(found["href"] or "")
        return [Image(unescape(found["src"]), alt, href)], found.end()

    def _link(self, at: int, end: int, marks: int) -> tuple[list[Inline], int]:
        found = _LINK.match(self._text, at, end)
        if not found:
            return [], at
        stop = self._text.find("<", found.start("href"), found.end())
        address = self._text[found.start("href") : stop if stop >= 0 else found.end()]
        after = _AFTER_ADDRESS.search(address)
        address = address[: after.start()] if after else address
        while address.endswith(")") and address.count("(") < address.count(")"):
            address = address[:-1]
        words = unescape(found["text"])
        return [Text(words, marks, unescape(address))], found.start("href") + len(address)

    def _marked(
        self, at: int, start: int, end: int, marks: int, opened: str
    ) -> tuple[list[Inline], int]:
        run = _RUN.match(self._text, at, end)
        marker = run[0] if run else ""
        before = self._text[at - 1] if at > start else " "
        if marker not in MARKERS or marker[0] in opened or not (before.isspace() or before in ">("):
            return [], at
        inside = at + len(marker)
        if inside >= end or self._text[inside].isspace():
            return [], at
        close = self._closer(marker, inside, end)
        if close is None:
            return [], at
        style = _STYLE.match(self._text, inside, close) if marker == "%" else None
        within = style.end() if style else inside
        deeper = marks | MARKERS[marker]
        found = list(self.read(within, close, deeper, opened + marker[0]))
        return found, close + len(marker)

    def _closer(self, marker: str, inside: int, end: int) -> int | None:
        places = self._closers.get(marker, [])
        index = bisect_left(places, inside + 1)
        if index == len(places) or places[index] + len(marker) > end:
            return None
        close = places[index]
        single = close == inside + 1
        return None if single and not _wordlike(self._text[inside]) else close


def _wordlike(char: str) -> bool:
    return char.isalnum() or char == "_"
