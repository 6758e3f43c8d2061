"""Reading a mapping file: YAML without code, without surprises, with the line of every key.

Only plain data is read. Anchors and aliases are refused, as are duplicate keys, files over
256 KiB and deep nesting, so a file can neither run anything nor blow up. `on`, `no` and dates stay
the text they look like.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

import yaml

MAX_BYTES = 256 * 1024
MAX_DEPTH = 12


class MappingError(Exception):
    """A mapping file that cannot be used: which file, which line, what is wrong, what to do."""

    def __init__(self, what: str, origin: str = "", line: int | None = None) -> None:
        self.what = what
        self.origin = origin
        self.line = line
        where = origin if line is None else f"{origin}:{line}"
        super().__init__(f"{where}: {what}" if where else what)


@dataclass(frozen=True)
class Source:
    """A file's data, with the line of each key by its path from the top."""

    data: Any
    origin: str
    lines: Mapping[tuple[str, ...], int] = field(default_factory=dict)

    def error(self, what: str, *path: str) -> MappingError:
        """The error about the key at `path`, with the nearest line known."""
        for end in range(len(path), -1, -1):
            if path[:end] in self.lines:
                return MappingError(what, self.origin, self.lines[path[:end]])
        return MappingError(what, self.origin)


class _Loader(yaml.SafeLoader):
    """YAML 1.2's idea of true, false and numbers."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, rule) for tag, rule in rules if tag.rsplit(":", 1)[-1] in ("null", "float")]
    for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile("^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")
)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:int", re.compile("^[-+]?(?:0|[1-9][0-9]*)$"), list("-+0123456789")
)


def read(text: str, origin: str) -> Source:
    """The data of a YAML text. MappingError if it is none, or one that could do harm."""
    if len(text.encode()) > MAX_BYTES:
        raise MappingError(f"is larger than the {MAX_BYTES // 1024} KiB a mapping may have", origin)
    try:
        _check_events(text, origin)
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
            lines = dict(_lines(node, (), origin)) if node is not None else {}
            data = None if node is None else loader.construct_document(node)
        finally:
            loader.dispose()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        what = getattr(error, "problem", None) or "cannot be read"
        raise MappingError(
            f"is not plain YAML: {what}", origin, mark.line + 1 if mark else None
        ) from None
    return Source(data, origin, lines)


def suggestion(word: object, known: Iterable[str]) -> str:
    """`; did you mean …?`, or the known words if nothing is close."""
    choices = sorted(known)
    close = get_close_matches(str(word), choices, n=1)
    return f"; did you mean `{close[0]}`?" if close else f"; known are {', '.join(choices)}"


def _check_events(text: str, origin: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        line = event.start_mark.line + 1 if event.start_mark else None
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise MappingError("anchors and aliases are not allowed here", origin, line)
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            raise MappingError("is nested too deeply", origin, line)


def _lines(
    node: yaml.Node, path: tuple[str, ...], origin: str
) -> Iterator[tuple[tuple[str, ...], int]]:
    if not isinstance(node, yaml.MappingNode):
        return
    seen = set()
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise MappingError("a key must be a word", origin, line)
        if key.value in seen:
            raise MappingError(f"`{key.value}` is there twice", origin, line)
        seen.add(key.value)
        yield (*path, key.value), line
        yield from _lines(value, (*path, key.value), origin)
