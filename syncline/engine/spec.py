"""A sync as the engine runs it: sides, units, policies and guards, compiled from configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from syncline.mapping.lens import People, UnitLens
from syncline.schema.kinds import Kind
from syncline.sdk.connector import Visibility

Mode = Literal["both", "source", "target", "off"]


class Where(Protocol):
    """A side's filter on shared values."""

    def __call__(self, values: Mapping[str, Any]) -> bool:
        """Whether a record with these shared values belongs to the sync."""
        ...


@dataclass(frozen=True, slots=True)
class Policy:
    """Who wins a conflict of one unit; every kind ends in the same tie-break: authority, else ask.

    `kind`: ask | newest | merge | state | authority. `order` lists the values of `state`, the
    furthest last.
    """

    kind: str = "ask"
    authority: str | None = None
    order: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Unit:
    """What is decided together: one shared field, or a group whose lenses share a wire path.

    `lenses` has the sides that map the unit; `modes` the same sides. `on_uneditable`: park | note,
    for sides that take it at creation only.
    """

    name: str
    fields: tuple[str, ...]
    kind: Kind
    lenses: Mapping[str, UnitLens]
    modes: Mapping[str, Mode]
    policy: Policy = Policy()
    on_uneditable: str = "park"

    def writable(self, side: str) -> bool:
        """Whether this side takes values from the others."""
        return self.modes.get(side) in ("both", "target")

    def heard(self, side: str) -> bool:
        """Whether an edit on this side counts."""
        return self.modes.get(side) in ("both", "source")


@dataclass(frozen=True, slots=True)
class SideSpec:
    """One side of a sync. `create`: never | when_missing | ask.

    `defaults` fill shared fields of records made here; `required` are wire paths that a new record
    must have. `references` are wire paths that hold addresses of linked records; `cards`: the tool
    can show linked records and the sync wants it to. `on_closed`: park | follow_up, for records
    that their tool has closed for good. `read_only`: nothing is ever written there; its units are
    `source` or `off`.
    """

    name: str
    record: str
    text_format: str
    create: str = "never"
    where: Where | None = None
    defaults: Mapping[str, Any] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    cards: bool = False
    on_closed: str = "park"
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class CommentPolicy:
    """Which comments are copied (`visibility`) and as what (`same`, `internal`, `public`)."""

    visibility: tuple[Visibility, ...] = (Visibility.PUBLIC,)
    as_: str = "internal"
    attachments: bool = True


@dataclass(frozen=True, slots=True)
class DeletePolicy:
    """What a delete on one side does to the others: unlink | close | archive | delete."""

    propagate: str = "unlink"
    on_edit: str = "keep"
    max: int = 5
    max_percent: float = 10.0


MAX_WRITES = 10
"""Writes of one unit of one record within an hour that need no explanation."""


@dataclass(frozen=True, slots=True)
class Guards:
    """Limits above which a whole plan is refused; percentages count from 20 records up.

    `max_writes_per_hour` parks one unit of one record and refuses no plan.
    """

    max_changed_percent: float = 50.0
    max_shrink_percent: float = 30.0
    max_writes_per_hour: int = MAX_WRITES


@dataclass(frozen=True, slots=True)
class Sync:
    """One sync, ready to run. `fingerprint` changes with scope, mapping or policy of values."""

    name: str
    entity: str
    sides: Mapping[str, SideSpec]
    units: Mapping[str, Unit]
    match: tuple[str | tuple[str, ...], ...] = ("reference", "marker")
    comments: CommentPolicy | None = None
    deletes: DeletePolicy = DeletePolicy()
    guards: Guards = Guards()
    fingerprint: str = ""

    def read(self, side: str, wire: Mapping[str, Any]) -> dict[str, Any]:
        """The slice of a wire record that this sync reads on a side."""
        slice_: dict[str, Any] = {}
        for unit in self.units.values():
            lens = unit.lenses.get(side)
            if lens is not None:
                slice_.update(lens.read(wire))
        return slice_


__all__ = [
    "CommentPolicy",
    "DeletePolicy",
    "Guards",
    "Mode",
    "People",
    "Policy",
    "SideSpec",
    "Sync",
    "Unit",
    "Where",
]
