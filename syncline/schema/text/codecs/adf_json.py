"""The JSON text of an ADF document: its canonical form, and where in it each node stands.

The Atlassian Document Format is a JSON object (developer.atlassian.com, "Atlassian Document
Format"); a rich text value is a text. The canonical text of a document is its JSON with sorted
keys, no white space between tokens and no escapes that are not needed. A connector makes it with
`adf_source` and sends what `adf_object` gives. Any other JSON text of the document is read as well.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

MAX_NESTING = 160
"""Brackets within one another. A node within a node costs two, so no editor comes near it."""

_SURROGATE = re.compile("[\ud800-\udfff]")
_NOT_BRACKETS = re.compile(r'"(?:[^"\\]|\\.)*+"?|[^][{}"]+', re.DOTALL)
_SPACE = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()


@dataclass(frozen=True, slots=True)
class Placed:
    """A value of the source and where it stands: source[start:end]."""

    value: Any
    start: int
    end: int


def canonical(value: Any) -> str:
    """The value as JSON text; equal values give equal texts, and every text can be UTF-8."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return _SURROGATE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def adf_source(document: dict[str, Any] | None) -> str | None:
    """The canonical text of a document as a tool sends it; None for none and for an empty one."""
    return canonical(document) if document and document.get("content") else None


def adf_object(source: str | None) -> dict[str, Any] | None:
    """The document to send for a text, None for an empty one. ValueError if it is no document."""
    if not source or not source.strip():
        return None
    document: dict[str, Any] = _parsed(source)
    return document


def nodes(source: str) -> list[Placed]:
    """The document's own nodes, in order. ValueError, saying why, if the source is no document."""
    check(source)
    return content(source, 0) if source.strip() else []


def check(source: str) -> None:
    """ValueError, saying why, if the source is not blank and no document either."""
    if source.strip():
        _parsed(source)


def content(source: str, start: int) -> list[Placed]:
    """The nodes in the `content` of the object that starts there, whatever JSON they are."""
    for key, at in _members(source, start):
        if key == "content":
            return list(_elements(source, at)) if source[at] == "[" else []
    return []


def _parsed(source: str) -> Any:
    _check_nesting(source)
    try:
        document = json.loads(source)
    except ValueError as error:
        raise ValueError(f"not an ADF document, since it is no JSON: {error}") from error
    if not isinstance(document, dict) or document.get("type") != "doc":
        raise ValueError('not an ADF document: its outermost value is no object of type "doc"')
    if not isinstance(document.get("content", []), list):
        raise ValueError("not an ADF document: its `content` is no list of nodes")
    return document


def _check_nesting(source: str) -> None:
    depth = 0
    for bracket in _NOT_BRACKETS.sub("", source):
        depth += 1 if bracket in "[{" else -1
        if depth > MAX_NESTING:
            raise ValueError(f"an ADF document nested deeper than {MAX_NESTING} brackets")


def _members(source: str, start: int) -> Iterator[tuple[str, int]]:
    """The keys of an object with where their values start, the last of equal keys first, as it is
    the one that counts."""
    found: list[tuple[str, int]] = []
    at = _after_space(source, start) + 1
    while source[at := _after_space(source, at)] == '"':
        key, at = _DECODER.raw_decode(source, at)
        at = _after_space(source, _after_space(source, at) + 1)
        found.append((key, at))
        _, at = _DECODER.raw_decode(source, at)
        at = _after_comma(source, at)
    yield from reversed(found)


def _elements(source: str, start: int) -> Iterator[Placed]:
    at = start + 1
    while source[at := _after_space(source, at)] != "]":
        value, end = _DECODER.raw_decode(source, at)
        yield Placed(value, at, end)
        at = _after_comma(source, end)


def _after_comma(source: str, at: int) -> int:
    at = _after_space(source, at)
    return at + 1 if source[at] == "," else at


def _after_space(source: str, at: int) -> int:
    found = _SPACE.match(source, at)
    return found.end() if found else at
