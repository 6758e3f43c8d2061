"""What the suite needs of a tool besides its connector: a person at the keyboard, and a counter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple, Protocol

from syncline.sdk.connector import Record, Visibility, Wire


class Requests(NamedTuple):
    """How many requests the tool has been sent by the connector so far."""

    read: int
    write: int


class Trouble(StrEnum):
    """What can be made to happen to the connector's next request."""

    LOST_ANSWER = "lost answer"  # a write is applied, its answer never arrives
    RATE_LIMIT = "rate limit"  # "not now", once
    DOWN = "down"  # reads fail until `recover`


@dataclass(frozen=True, slots=True)
class Shape:
    """Where the suite finds things in the connector's wire record. Paths are dotted.

    title       one line of text that can be changed; every record of the suite has one
    text        long text that can be given at creation
    clearable   a field that may be empty and can be emptied
    refused     a patch with a value that the tool refuses for good, at creation and later
    far_status  a path and a value that takes more than one workflow transition from a new record
    base        fields that a record must have besides the title to be created at all
    longest     characters of the longest text the tool keeps
    many        more records than one page of `changes` holds
    volatile    paths that the tool changes by itself whenever a record changes
    """

    record: str
    title: str
    refused: Wire
    text: str | None = None
    clearable: str | None = None
    far_status: tuple[str, Any] | None = None
    base: Wire = field(default_factory=dict)
    longest: int = 32_768
    many: int = 105
    volatile: frozenset[str] = frozenset()

    def sample(self, title: str, more: Wire | None = None) -> dict[str, Any]:
        """The fields of a record to be created; `more` holds values by path."""
        fields = merged(self.base, nested(self.title, title))
        for path, value in (more or {}).items():
            fields = merged(fields, nested(path, value))
        return fields


class ToolUnderTest(Protocol):
    """The tool as people use it: past the connector, signed in as somebody else than the hub.

    A tool that cannot do one of these raises `NotImplementedError`, and the tests that need it are
    named in `exempt`.
    """

    secrets: Sequence[str]
    """Every secret text that the connector under test was given."""

    def requests(self) -> Requests:
        """Counted since the start, all of the connector's requests."""
        ...

    async def create(self, fields: Wire) -> str:
        """Make a record as a person and give its id."""
        ...

    async def edit(self, id: str, patch: Wire) -> None:
        """Change a record as a person."""
        ...

    async def delete(self, id: str) -> None:
        """Remove a record for good, or as thoroughly as the tool's people can."""
        ...

    async def hide(self, id: str) -> None:
        """Take the hub's permission to see this record."""
        ...

    async def leave_scope(self, id: str) -> None:
        """Move a record out of the connection's scope."""
        ...

    async def comment(self, id: str, body: str, visibility: Visibility) -> None:
        """Comment on a record as a person."""
        ...

    async def links_shown(self, id: str) -> Sequence[str]:
        """The addresses of the linked records that people see on this record."""
        ...

    async def somebody(self) -> tuple[str, str]:
        """The handle and the e-mail address of an active person, another than the hub."""
        ...

    async def settle(self) -> None:
        """Wait until searches show all that was written and the lookback lies behind."""
        ...

    async def trouble(self, kind: Trouble) -> None:
        """From the next request on, let this happen; all but `DOWN` once."""
        ...

    async def recover(self) -> None:
        """Nothing goes wrong any more, and no earlier "wait" is in force."""
        ...


def nested(path: str, value: Any) -> dict[str, Any]:
    """The smallest wire record with `value` at `path`."""
    head, _, rest = path.partition(".")
    return {head: nested(rest, value) if rest else value}


def value_at(fields: Wire, path: str) -> Any:
    """What stands at a path; None where nothing does."""
    value: Any = fields
    for key in path.split("."):
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def merged(fields: Wire, patch: Wire) -> dict[str, Any]:
    """`fields` with `patch`'s values at their paths."""
    result = dict(fields)
    for key, value in patch.items():
        old = result.get(key)
        both = isinstance(old, Mapping) and isinstance(value, Mapping)
        result[key] = merged(old, value) if both else value  # type: ignore[arg-type]
    return result


def leaves(fields: Wire, prefix: str = "") -> dict[str, Any]:
    """Every path with what stands there; an empty value counts as absent."""
    result: dict[str, Any] = {}
    for key, value in fields.items():
        if isinstance(value, Mapping):
            result |= leaves(value, f"{prefix}{key}.")
        elif value not in (None, "", [], ()):
            result[f"{prefix}{key}"] = value
    return result


def the_record(answer: object) -> Record:
    """The answer of `fetch`, which must be a record."""
    assert isinstance(answer, Record), f"expected a record, got {answer!r}"
    return answer
