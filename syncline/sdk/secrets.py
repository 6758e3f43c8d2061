"""Secrets by reference, and the type that holds one without ever showing it.

Configuration names a secret (`${env:NAME}`, `${file:PATH}`, `${prefect:BLOCK}`) and never contains
one. `resolve` looks the references up and puts a `Secret` in their place; only the HTTP transport
calls `reveal`, at the moment it writes the request.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from syncline.sdk.errors import Misconfigured
from syncline.sdk.redaction import MASK, redact

_REFERENCE = re.compile(r"\$\{(?P<kind>[a-z][a-z0-9_]*):(?P<name>[^{}]+)\}")

Resolver = Callable[[str], str | None]
"""Gives the value behind a reference's name, or None where there is none."""


class Secret:
    """A text that is used but never shown: printing, formatting, logging and pickling give `***`.

    `parts` are the pieces of the text that are secret on their own (the token in `Bearer …`); they
    are masked in logs and errors wherever they turn up. Not a `str`, so that no serialiser takes it
    for one.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str, parts: Iterable[str] = ()) -> None:
        self._text = text
        redact.add((text, *parts))

    def reveal(self) -> str:
        """The text itself: for the request being written, never for a variable that lives on."""
        return self._text

    def __repr__(self) -> str:
        return f"Secret('{MASK}')"

    def __str__(self) -> str:
        return MASK

    def __format__(self, spec: str) -> str:
        return format(MASK, spec)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash((Secret, self._text))

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Secret:
        return self

    # What is pickled leaves the process; it gets the mask, as plain text that opens no door.
    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        return str, (MASK,)


def resolve(
    structure: Any,
    env: Mapping[str, str],
    read_file: Callable[[str], str],
    resolvers: Mapping[str, Resolver] | None = None,
) -> Any:
    """`structure` (text, mappings, lists) with every text that holds a reference as a `Secret`.

    `resolvers` adds kinds (`prefect`). A trailing line break of a file is not part of its secret.
    Raises `Misconfigured`, naming the key's path and the reference, when one cannot be looked up.
    """
    kinds: dict[str, Resolver] = {
        "env": env.get,
        "file": lambda path: _file(path, read_file),
        **(resolvers or {}),
    }
    return _resolved(structure, "", kinds)


def _resolved(value: Any, where: str, kinds: Mapping[str, Resolver]) -> Any:
    if isinstance(value, str):
        return _text(value, where, kinds)
    if isinstance(value, Mapping):
        prefix = f"{where}." if where else ""
        return {key: _resolved(item, f"{prefix}{key}", kinds) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_resolved(item, f"{where}[{at}]", kinds) for at, item in enumerate(value)]
    return value


def _text(text: str, where: str, kinds: Mapping[str, Resolver]) -> str | Secret:
    values = [_value(match, where, kinds) for match in _REFERENCE.finditer(text)]
    if not values:
        return text
    remaining = iter(values)
    return Secret(_REFERENCE.sub(lambda _: next(remaining), text), values)


def _value(match: re.Match[str], where: str, kinds: Mapping[str, Resolver]) -> str:
    reference, kind, name = match[0], match["kind"], match["name"]
    at = where or "the value"
    if kind not in kinds:
        known = ", ".join(sorted(kinds))
        raise Misconfigured(f"{at}: {reference} cannot be read here; known kinds are {known}.")
    value = kinds[kind](name)
    if not value:
        raise Misconfigured(
            f"{at}: {reference} is missing or empty. Nothing was sent; set it and run again."
        )
    if not _is_text(value):
        raise Misconfigured(f"{at}: {reference} is not UTF-8 text. Nothing was sent.")
    return value


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _file(path: str, read_file: Callable[[str], str]) -> str | None:
    try:
        return read_file(path).rstrip("\r\n")
    except (OSError, UnicodeDecodeError):
        return None
