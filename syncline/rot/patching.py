"""Edits of a mapping file as text, so that comments and layout stay, and the result as a diff.

A file of the operator's own is edited in place. Of a mapping that ships with Syncline the diff
makes a file of the operator's own that extends it. Names that come from a tool are written so that
neither YAML nor a terminal takes them for anything else.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import unified_diff
from typing import Any

import yaml

from syncline.rot.found import Edit, Swap

_PLAIN = re.compile(r"[^\W\d_][\w '/.()+-]*")
_RESERVED = ("true", "false", "null", "y", "n", "yes", "no", "on", "off")


def plain(edits: Iterable[Edit | Swap], said: Mapping[str, Any]) -> list[Edit]:
    """The edits without swaps: each table that swaps are about is written whole, as it is then.

    `said` is what the mapping says of each field: an `enum` is replaced as a whole by whoever
    extends it, so a part of it would be too little.
    """
    found: list[Edit] = []
    tables: dict[tuple[str, str], dict[Any, Any]] = {}
    for edit in edits:
        if isinstance(edit, Edit):
            found.append(edit)
            continue
        at = (edit.field, edit.table)
        given = said[edit.field].get(edit.table, {True: True, False: False})
        table = tables.setdefault(
            at, {one: one for one in given} if isinstance(given, list) else dict(given)
        )
        states = table[edit.value]
        states = [*states] if isinstance(states, list) else [states]
        if edit.old is None:
            states.append(edit.new)
        else:
            fresh = [] if edit.new is None else [edit.new]
            states = [s for one in states for s in (fresh if str(one) == edit.old else [one])]
        table[edit.value] = states[0] if len(states) == 1 else states
    return found + [Edit(("fields", *at), table) for at, table in tables.items()]


def edited(text: str, edits: Iterable[Edit], *, extends: bool) -> str:
    """A mapping's text with the edits made. `extends`: taking a field out is saying `null`."""
    for edit in edits:
        if edit.drop and not extends:
            text = _dropped(text, edit.path)
        else:
            text = assigned(text, edit.path, edit.value)
    return text


def override(entity: str, edits: Iterable[Edit]) -> str:
    """A new file that says what differs from the mapping that ships with Syncline."""
    top: dict[str, Any] = {"extends": "builtin", "entity": entity}
    for edit in edits:
        at = top
        for key in edit.path[:-1]:
            at = at.setdefault(key, {})
        at[edit.path[-1]] = edit.value
    return "".join(f"{line}\n" for line in _block(top, 0))


def diff(file: str, before: str | None, after: str) -> str:
    """A unified diff that `patch -p1` and `git apply` take; `before` None: the file is new."""
    old = f"a/{file}" if before is not None else "/dev/null"
    lines = unified_diff(
        (before or "").splitlines(keepends=True), after.splitlines(keepends=True), old, f"b/{file}"
    )
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )


def assigned(text: str, path: Sequence[str], value: Any) -> str:
    """The text with `value` under the keys of `path`; what is equal already keeps its spelling."""
    node: Any = yaml.compose(text, Loader=yaml.SafeLoader)
    entry: Any = None
    for number, key in enumerate(path):
        entry = _entry(node, key)
        if entry is None:
            for left in reversed(path[number + 1 :]):
                value = {left: value}
            return _inserted(text, node, key, value)
        node = entry[1]
    if isinstance(value, Mapping) and isinstance(node, yaml.MappingNode) and node.value:
        for key, one in value.items():
            text = assigned(text, (*path, _key(key)), one)
        return text
    if _data(node) == _words(value):
        return text
    start, end = node.start_mark.index, _end(node)
    if isinstance(node, yaml.CollectionNode) and not node.flow_style:
        # What stands in lines of its own gives way to one word behind its key.
        start = text.index(":", entry[0].end_mark.index) + 1
    fresh = flow(value)
    return text[:start] + ("" if start and text[start - 1] in " [{" else " ") + fresh + text[end:]


def _dropped(text: str, path: Sequence[str]) -> str:
    """The text without the entry at `path`."""
    node: Any = yaml.compose(text, Loader=yaml.SafeLoader)
    for key in path[:-1]:
        entry = _entry(node, key)
        assert entry is not None
        node = entry[1]
    entries = node.value
    place = [key.value for key, _ in entries].index(path[-1])
    key, value = entries[place]
    if node.flow_style:
        if place:
            return text[: _end(entries[place - 1][1])] + text[_end(value) :]
        after = entries[1][0].start_mark.index if len(entries) > 1 else _end(value)
        return text[: key.start_mark.index] + text[after:]
    begin = text.rfind("\n", 0, key.start_mark.index) + 1
    newline = text.find("\n", _end(value))
    return text[:begin] + ("" if newline < 0 else text[newline + 1 :])


def _inserted(text: str, node: Any, key: str, value: Any) -> str:
    """The text with a new entry at the end of a mapping."""
    if node.flow_style:
        end = node.end_mark.index - 1
        before = text[:end].rstrip()
        comma = "" if before.endswith(("{", ",")) else ","
        gap = "" if before.endswith("{") else " "
        return f"{before}{comma}{gap}{flow(key)}: {flow(value)}{text[end:]}"
    indent = node.start_mark.column
    at = text.find("\n", _end(node))
    head, tail = (f"{text}\n", "") if at < 0 else (text[: at + 1], text[at + 1 :])
    lines = _block({key: value}, indent) if indent == 0 else _entry_lines(key, value, indent)
    return head + "".join(f"{line}\n" for line in lines) + tail


def _entry_lines(key: str, value: Any, indent: int) -> list[str]:
    return [f"{' ' * indent}{flow(key)}: {flow(value)}"]


def _block(body: Mapping[Any, Any], indent: int) -> list[str]:
    """Lines of a block mapping; lists and what is within a field's option stand on one line."""
    lines = []
    for key, value in body.items():
        if isinstance(value, Mapping) and value:
            lines += [f"{' ' * indent}{flow(key)}:", *_block(value, indent + 2)]
        else:
            lines.append(f"{' ' * indent}{flow(key)}: {flow(value)}")
    return lines


def flow(value: Any) -> str:
    """A value on one line."""
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{flow(k)}: {flow(v)}' for k, v in value.items())}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(flow, value))}]"
    if isinstance(value, str):
        return _word(value)
    return json.dumps(value)


def _word(text: str) -> str:
    plain = _PLAIN.fullmatch(text) and not text.endswith((" ", "."))
    if plain and text.isprintable() and text.lower() not in _RESERVED:
        return text
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in quoted)


def _entry(node: Any, key: str) -> tuple[Any, Any] | None:
    if not isinstance(node, yaml.MappingNode):
        return None
    return next((entry for entry in node.value if entry[0].value == key), None)


def _key(key: Any) -> str:
    return json.dumps(key) if isinstance(key, bool) else str(key)


def _end(node: Any) -> int:
    """Where a node's own text ends: a block's end mark is behind the comments that follow it."""
    if isinstance(node, yaml.ScalarNode) or node.flow_style or not node.value:
        return int(node.end_mark.index)
    last = node.value[-1]
    return _end(last[1] if isinstance(last, tuple) else last)


def _data(node: Any) -> Any:
    """What a node says, in words."""
    if isinstance(node, yaml.MappingNode):
        return {key.value: _data(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [_data(one) for one in node.value]
    return None if node.style is None and node.value in ("", "null", "~") else node.value


def _words(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {_key(key): _words(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_words(one) for one in value]
    return value if value is None or isinstance(value, str) else json.dumps(value)
