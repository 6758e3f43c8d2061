"""What is compared, and what a comparison finds: uses of a mapping, findings, and their edits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from syncline.mapping.lens import FieldLens
from syncline.mapping.load import ToolMapping

Kind = Literal[
    "record_removed",
    "field_removed",
    "field_renamed",
    "field_retyped",
    "field_locked",
    "field_shorter",
    "field_required",
    "option_removed",
    "option_renamed",
    "option_added",
    "workflow",
    "text_format",
    "rights",
]

Shown: TypeAlias = tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class Edit:
    """One change of a mapping: `value` under the key at `path` (`fields`, a field, an option).

    `drop`: the field is taken out instead.
    """

    path: tuple[str, ...]
    value: Any = None
    drop: bool = False


@dataclass(frozen=True, slots=True)
class Swap:
    """One change of a field's table (`enum` or `bool`): of the states of one shared value, `old`
    becomes `new`. Without `new` it is taken out, without `old` put behind the others."""

    field: str
    table: str
    value: Any
    old: str | None = None
    new: str | None = None


@dataclass(frozen=True, slots=True)
class SyncUse:
    """How one sync uses a side's mapping: the mode of each field it reads or writes there.

    `creates`: it makes records there, which get `provided`, shared fields that another side maps or
    `defaults` fill; `defaults` alone are always filled.
    """

    sync: str
    modes: Mapping[str, str]
    creates: bool = False
    provided: frozenset[str] = frozenset()
    defaults: frozenset[str] = frozenset()
    named: frozenset[str] = frozenset()

    def writes(self, name: str) -> bool:
        return self.modes.get(name) in ("both", "target")

    def hears(self, name: str) -> bool:
        return self.modes.get(name) in ("both", "source")


@dataclass(frozen=True, slots=True)
class Use:
    """A mapping file as one connection uses it, with the syncs that do.

    `line` tells the place of a key, like `mappings/TOOL/ticket.yaml:19`.
    """

    connection: str
    file: str
    mapping: ToolMapping
    syncs: tuple[SyncUse, ...]
    line: Callable[..., str]

    @property
    def lenses(self) -> list[FieldLens]:
        """The lenses of the fields that any of the syncs uses."""
        used = {name for one in self.syncs for name in one.modes}
        return [lens for name, lens in self.mapping.fields.items() if name in used]

    def said(self, name: str) -> Mapping[str, Any]:
        """What the mapping says of a field."""
        found: Mapping[str, Any] = self.mapping.said["fields"][name]
        return found

    def users(self, name: str) -> tuple[str, ...]:
        """The syncs that use a field."""
        return tuple(one.sync for one in self.syncs if name in one.modes)

    def writers(self, name: str) -> tuple[str, ...]:
        """The syncs that write a field."""
        return tuple(one.sync for one in self.syncs if one.writes(name))

    def hearers(self, name: str) -> tuple[str, ...]:
        """The syncs that take a field's edits from here to the other sides."""
        return tuple(one.sync for one in self.syncs if one.hears(name))


@dataclass(frozen=True, slots=True)
class Finding:
    """One change in a tool that a mapping has to follow, or an operator has to know.

    `until`: what Syncline does as long as it stays so. `shown`: paths and the wire values there
    of the linked records it is about; none: it is about no particular ones. `edits` mend the
    mapping, where there is one answer.
    """

    connection: str
    kind: Kind
    what: str
    until: str
    do: str
    syncs: tuple[str, ...] = ()
    file: str = ""
    where: str = ""
    field: str = ""
    shown: Shown = ()
    edits: tuple[Edit | Swap, ...] = ()


@dataclass(frozen=True, slots=True)
class Affected:
    """Linked records that a finding is about, as they were last seen: how many, and the first."""

    count: int = 0
    records: tuple[str, ...] = field(default=())
