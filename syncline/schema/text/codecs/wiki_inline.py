"""The words of a line of wiki markup: marks, monospaced words, links, images and escapes.

The order is the renderer's own: what stands for itself (escapes, entities, links, images, bare
addresses) is found first over the whole line, and no mark opens or closes inside of it. Then marks
are read from left to right, each closed by the first sign that can close it. No mark goes beyond
its line.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from html import unescape

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

SIGNS = {
    "*": STRONG,
    "_": EMPHASIS,
    "??": EMPHASIS,
    "-": STRIKE,
    "+": 0,
    "^": 0,
    "~": 0,
}
"""What each sign marks. Inserted, raised and lowered words have no mark here: the words stay."""

LINKABLE = re.compile(r"(?:(?:https?|ftps?)://|mailto:)[^\s\[\]|]+", re.IGNORECASE)
ADDRESS = re.compile(
    r"(?<![A-Za-z0-9\"\[|'!])(?:(?:https?|ftps?)://|mailto:)[-_.!~*';/?:@#&=%+$,A-Za-z0-9\[\]()\\]+",
    re.IGNORECASE,
)
UNFIT_END = ".,>)];}\"'!"
"""Signs that an address in a text does not end with."""

_FILE = re.compile(r"[^\s|!]+\.\w{1,8}\Z")
_ALT = re.compile(r"(?:^|[|,])\s*alt=([^|,]*)")
_ENTITY = r"&(?:#\d{1,7}|#x[0-9a-fA-F]{1,6}|[A-Za-z]\w{1,31});"
_TOKEN = re.compile(
    r"(?P<escape>(?<!\\)\\[-#*_+?^~|%{}\[\]()!@])"
    r"|(?P<gap>(?<!\\)\\\\(?!\S{0,200}\\))"
    rf"|(?P<entity>{_ENTITY})"
    r"|(?P<unseen>(?<!\\)\{(?:color(?::[^{}\n]*)?|anchor:[^{}\n]*)\})"
    r"|(?P<link>\[[^\[\]\n]{1,4000}\])"
    r"|(?P<image>(?<![^\W_])!(?=[^\s!)])[^!\n]{4,}[^\s!]!(?![^\W_]))"
    rf"|(?P<address>{ADDRESS.pattern})",
    re.IGNORECASE,
)
_BRACED = re.compile(r"\{(\*|_|\?\?|-|\+|\^|~)\}")
_SIGN = re.compile(r"\*|_|\?\?|-|\+|\^|~")
_ACTIVE = re.compile(r"[*_?\-+^~{]")


def inlines(text: str) -> Inlines:
    """The text's inlines, not yet in normal form; each line's end is a break."""
    out: list[Inline] = []
    for number, line in enumerate(text.split("\n")):
        out += [Break(), *_Line(line).all()] if number else _Line(line).all()
    return tuple(out)


def wordlike(char: str) -> bool:
    """Whether a sign beside the character is a part of its word, and marks nothing."""
    return char.isalpha() or char.isdecimal()


class _Line:
    def __init__(self, text: str, marks: int = 0, href: str = "") -> None:
        self._text = text
        self._marks = marks
        self._href = href
        self._tokens: dict[int, tuple[list[Inline], int]] = {}
        held = bytearray(len(text))
        at = 0
        while found := _TOKEN.search(text, at):
            read, stop = self._token(found)
            at = max(stop, found.start() + 1)
            if stop > found.start():
                self._tokens[found.start()] = (read, stop)
                held[found.start() : stop] = b"\x01" * (stop - found.start())
        self._starts = sorted(self._tokens)
        self._closers = _closers(text, held)

    def all(self) -> list[Inline]:
        """The line's inlines."""
        return list(self._read(0, len(self._text), self._marks, frozenset()))

    def _read(self, at: int, end: int, marks: int, opened: frozenset[str]) -> Iterator[Inline]:
        text, plain = self._text, at
        while at < end:
            active = _ACTIVE.search(text, at, end)
            at = min(active.start() if active else end, self._next_token(at, end))
            if at >= end:
                break
            if at in self._tokens:
                found, stop = self._tokens[at]
                found = [_with(one, marks) for one in found]
            else:
                found, stop = self._marked(at, end, marks, opened)
            if stop > at:
                if plain < at:
                    yield Text(text[plain:at], marks, self._href)
                yield from found
                plain = at = stop
            else:
                at += 1
        if plain < end:
            yield Text(text[plain:end], marks, self._href)

    def _next_token(self, at: int, end: int) -> int:
        index = bisect_left(self._starts, at)
        return self._starts[index] if index < len(self._starts) else end

    # what stands for itself

    def _token(self, found: re.Match[str]) -> tuple[list[Inline], int]:
        """What a token shows, without marks, and where it ends; its own start if it is none."""
        text, start, stop = found[0], found.start(), found.end()
        match found.lastgroup:
            case "escape":
                return [Text(text[1], 0, self._href)], stop
            case "gap":
                return [Break()], stop
            case "entity":
                return [Text(unescape(text), 0, self._href)], stop
            case "unseen":
                return [], stop
            case "address":
                while text[-1] in UNFIT_END:
                    text = text[:-1]
                return [Text(text, 0, self._href)], start + len(text)
            case "image":
                image = _image(text[1:-1], self._href)
                return ([image], stop) if image else ([], start)
        link = _link(text[1:-1]) if not self._href else None
        return (link, stop) if link is not None else ([], start)

    # marks

    def _marked(
        self, at: int, end: int, marks: int, opened: frozenset[str]
    ) -> tuple[list[Inline], int]:
        text = self._text
        before = text[at - 1] if at else " "
        free = not (wordlike(before) or before == "\\")
        if text.startswith("{{", at):
            return self._passage(at, at + 2, end, "{{", marks | CODE, opened) if free else ([], at)
        if braced := _BRACED.match(text, at, end):
            sign, inside = braced[1], braced.end()
        elif text[at] == "{" or not free or not (plain := _SIGN.match(text, at, end)):
            return [], at
        else:
            sign, inside = plain[0], plain.end()
        return self._passage(at, inside, end, sign, marks | SIGNS[sign], opened)

    def _passage(
        self, at: int, inside: int, end: int, sign: str, marks: int, opened: frozenset[str]
    ) -> tuple[list[Inline], int]:
        first = self._text[inside : inside + 1]
        if sign in opened or inside >= end or first.isspace() or first == sign[0]:
            return [], at
        places = self._closers.get(sign, [])
        index = bisect_left(places, (inside + 1, 0))
        if index == len(places) or places[index][1] > end:
            return [], at
        close, after = places[index]
        return list(self._read(inside, close, marks, opened | {sign})), after


def _closers(text: str, held: bytearray) -> dict[str, list[tuple[int, int]]]:
    """Where a passage of each sign could end, and what comes after it."""
    found: dict[str, list[tuple[int, int]]] = {}
    for match in re.finditer(r"\{(?:\*|_|\?\?|-|\+|\^|~)\}|\*|_|\?\?|-|\+|\^|~|\}\}", text):
        at, stop = match.span()
        braced = match[0][0] == "{"
        sign = match[0].strip("{}") if braced else match[0]
        last = text[at - 1] if at else " "
        free = braced or not wordlike(text[stop : stop + 1] or " ")
        if not held[at] and free and not last.isspace() and last not in (sign[0], "\\"):
            found.setdefault("{{" if sign == "}}" else sign, []).append((at, stop))
    return found


def _with(inline: Inline, marks: int) -> Inline:
    match inline:
        case Text(text, own, href):
            return Text(text, own | marks, href)
        case _:
            return inline


def _link(inside: str) -> list[Inline] | None:
    """What brackets show: a link, a person's or a file's name; None if they are only brackets."""
    label, bar, address = inside.partition("|")
    address = unescape((address if bar else label).split("|")[0].strip())
    if not bar and label[:1] in ("~", "^") and label[1:].strip():
        return [Text(("@" if label[0] == "~" else "") + unescape(label[1:].strip()))]
    if address.startswith("#") and bar:
        return _Line(label).all()
    if not LINKABLE.fullmatch(address):
        return None
    if not bar:
        return [Text(address.removeprefix("mailto:"), 0, address)]
    return _Line(label, 0, address).all() if label.strip() else [Text(address)]


def _image(inside: str, href: str) -> Inline | None:
    source, _, settings = inside.partition("|")
    source = unescape(source.strip())
    if LINKABLE.fullmatch(source) and not source.lower().startswith("mailto:"):
        alt = _ALT.search(settings)
        return Image(source, unescape(alt[1]).strip() if alt else "", href)
    return Text(source, 0, href) if _FILE.match(source) else None
