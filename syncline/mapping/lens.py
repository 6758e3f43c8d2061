"""Lenses: how fields of one tool's wire record and the shared value show each other.

A lens reads only its own paths of a wire record; that part is its *slice*, `{path: wire value}`,
and a slice is all the engine ever keeps or compares. `get` makes the shared value of a slice, `put`
the slice that shows a value. Their laws (docs/architecture.md, "Mappings"; checked by `laws.py`):

    GetPut        put(s, get(s)) == s, for every slice: no tool state is rewritten into a synonym
    PutGet        get(put(s, v)) == norm(v), whatever was there before
    norm          norm(norm(v)) == norm(v); and norm(v) == v unless the lens says it is lossy
    lift          where a side shows what the value looks like there, norm(lift(v, seen, view)) is
                  its view: the side's own change, and nothing else, moved the value

Wire states that mean one shared value stay apart; a value without a counterpart is an exception
that names it and says what to do, and parks that field alone.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, TypeAlias

from syncline.mapping import paths
from syncline.schema.kinds import OVERLAP, Group, Kind, Overlap, Value

Slice: TypeAlias = Mapping[str, Any]

__all__ = [
    "NOBODY",
    "OVERLAP",
    "Codec",
    "FieldLens",
    "GroupLens",
    "Overlap",
    "People",
    "Slice",
    "UnitLens",
    "Unmappable",
    "Unwritable",
]


class Unmappable(Exception):
    """A wire value without a counterpart in the shared schema; `reason` names it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Unwritable(Exception):
    """A shared value that this side cannot take; `reason` says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class People:
    """A connection's people: wire handle to person, person to wire handle, person to name."""

    by_handle: Mapping[str, str] = field(default_factory=dict)
    handles: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)


NOBODY: Final = People()


class Codec(Protocol):
    """The part of a field's lens that knows nothing of paths.

    A lens on one path hands over that wire value; a lens of several paths (a Python lens) hands
    over `{path: wire value}` and takes the same back. A Python lens is a Codec, held to the laws.
    """

    lossy: bool

    def read(self, wire: Any, people: People) -> Value:
        """The shared value, in normal form. Unmappable if there is none."""
        ...

    def write(self, value: Value, before: Any, people: People) -> Any:
        """The wire value that shows `value` where `before` (None: nothing) was. Or Unwritable."""
        ...

    def lift(self, value: Value, seen: Value, view: Value, people: People) -> Value | Overlap:
        """What the side's change from `seen` to `view` makes of `value`."""
        ...

    def handles(self, wire: Any) -> set[str]:
        """The wire handles that `read` will look up."""
        ...

    def persons(self, value: Value) -> set[str]:
        """The persons that `write` will look up."""
        ...


class UnitLens(ABC):
    """How one side shows one unit: a field's value, or a group's `{field: value}`.

    `read_only`: this side never takes a value. `create_only`: only when the record is made.
    `lossy`: this side may show less than the value. `transition`: written along a workflow.
    """

    paths: tuple[str, ...]
    fields: tuple[str, ...]
    kind: Kind
    read_only: bool
    create_only: bool
    lossy: bool
    transition: bool

    @abstractmethod
    def read(self, wire: Mapping[str, Any]) -> dict[str, Any]:
        """The slice of a wire record."""

    @abstractmethod
    def get(self, slice_: Slice, people: People) -> Value:
        """The value a slice shows. Unmappable if it has no counterpart."""

    @abstractmethod
    def put(self, slice_: Slice | None, value: Value, people: People) -> dict[str, Any]:
        """The slice that shows `value`; None: the record is being made. Unwritable if none does.

        A slice that already shows the value is returned as it is.
        """

    @abstractmethod
    def norm(self, value: Value, people: People) -> Value:
        """What this side would show if the value were written. Unwritable if it cannot be."""

    @abstractmethod
    def lift(
        self, value: Value, seen: Slice | None, view: Slice, people: People
    ) -> Value | Overlap:
        """This side's own change, from `seen` to `view`, applied to the shared value.

        Without `seen` everything the view shows is its change. OVERLAP where it cannot be applied.
        """

    @abstractmethod
    def whole(self, value: Value, view: Slice, people: People) -> Value:
        """What the view shows, with what this side cannot show of `value` where the two agree."""

    @abstractmethod
    def handles(self, slice_: Slice) -> set[str]:
        """The wire handles that must be in `People` before `get`."""

    @abstractmethod
    def persons(self, value: Value) -> set[str]:
        """The persons that must be in `People` before `put`."""

    def shows(self, slice_: Slice, value: Value, people: People) -> bool:
        """Whether the slice shows `value` as well as this side can."""
        try:
            shown = self.get(slice_, people)
            return self.kind.equal(shown, value) or self.kind.equal(shown, self.norm(value, people))
        except (Unmappable, Unwritable):
            return False

    def patch(self, before: Slice | None, after: Slice) -> dict[str, Any]:
        """The nested wire patch of the paths that differ."""
        return paths.patch(before, after)


class FieldLens(UnitLens):
    """The lens of one field. `origin` is the mapping file, for messages."""

    def __init__(
        self,
        name: str,
        kind: Kind,
        wire_paths: tuple[str, ...],
        codec: Codec,
        *,
        origin: str = "",
        read_only: bool = False,
        create_only: bool = False,
        transition: bool = False,
        lossy: bool = False,
    ) -> None:
        self.name = name
        self.kind = kind
        self.paths = wire_paths
        self.fields = (name,)
        self.codec = codec
        self.read_only = read_only
        self.create_only = create_only
        self.transition = transition
        self.lossy = lossy or codec.lossy
        self._where = f" ({origin})" if origin else ""
        self._steps = tuple((path, paths.keys(path)) for path in wire_paths)
        self._path = wire_paths[0] if len(wire_paths) == 1 else None

    def only_read(self) -> FieldLens:
        """The same lens, of a side that takes no value."""
        lens = copy(self)
        lens.read_only = True
        return lens

    def read(self, wire: Mapping[str, Any]) -> dict[str, Any]:
        slice_ = {}
        for path, steps in self._steps:
            found: Any = wire
            for step in steps:
                # dict is what connectors give; an exact test is much cheaper than isinstance
                if type(found) is not dict and not isinstance(found, Mapping):
                    found = None
                    break
                found = found.get(step)
            slice_[path] = found
        return slice_

    def get(self, slice_: Slice, people: People) -> Value:
        path = self._path
        try:
            return self.codec.read(
                slice_.get(path) if path is not None else self._wire(slice_), people
            )
        except Unmappable as error:
            raise Unmappable(f"{self.name} {error.reason}{self._where}") from None

    def put(self, slice_: Slice | None, value: Value, people: People) -> dict[str, Any]:
        if slice_ is not None:
            if self.shows(slice_, value, people):
                return {path: slice_.get(path) for path in self.paths}
            if self.create_only:
                raise Unwritable(f"{self.name} cannot be edited after creation{self._where}")
        if self.read_only:
            raise Unwritable(f"{self.name} is read-only{self._where}")
        return self._write(None if slice_ is None else self._wire(slice_), value, people)

    def norm(self, value: Value, people: People) -> Value:
        return self.get(self._write(None, value, people), people)

    def lift(
        self, value: Value, seen: Slice | None, view: Slice, people: People
    ) -> Value | Overlap:
        shown = self.get(view, people)
        if self.lossy and not self.kind.merges and self._looks_like(value, shown, people):
            return value
        return self.codec.lift(value, self._seen(seen, people), shown, people)

    def whole(self, value: Value, view: Slice, people: People) -> Value:
        shown = self.get(view, people)
        try:
            lifted = self.codec.lift(value, self.norm(value, people), shown, people)
        except (Unmappable, Unwritable):
            return shown
        return shown if lifted is OVERLAP else lifted

    def handles(self, slice_: Slice) -> set[str]:
        return self.codec.handles(self._wire(slice_))

    def persons(self, value: Value) -> set[str]:
        return self.codec.persons(value)

    def _looks_like(self, value: Value, shown: Value, people: People) -> bool:
        try:
            return self.kind.equal(self.norm(value, people), shown)
        except (Unmappable, Unwritable):
            return False

    def _wire(self, slice_: Slice) -> Any:
        if self._path is not None:
            return slice_.get(self._path)
        return {path: slice_.get(path) for path in self.paths}

    def _seen(self, seen: Slice | None, people: People) -> Value:
        """What was seen, None if that was nothing, or nothing that means anything today."""
        try:
            return None if seen is None else self.get(seen, people)
        except Unmappable:
            return None

    def _write(self, before: Any, value: Value, people: People) -> dict[str, Any]:
        try:
            wire = self.codec.write(value, before, people)
        except Unwritable as error:
            raise Unwritable(f"{self.name} {error.reason}{self._where}") from None
        return {self._path: wire} if self._path is not None else dict(wire)


class GroupLens(UnitLens):
    """The lens of fields that are decided together; its value leaves out what is empty.

    A side may map only some fields of the group: the others it neither shows nor touches. Fields
    on one path are written as the one wire value that shows all of them.
    """

    def __init__(self, lenses: tuple[FieldLens, ...], kind: Group) -> None:
        self.lenses = lenses
        self.kind = kind
        self.fields = tuple(lens.name for lens in lenses)
        self.paths = tuple(dict.fromkeys(path for lens in lenses for path in lens.paths))
        self.read_only = all(lens.read_only for lens in lenses)
        self.create_only = all(lens.create_only for lens in lenses)
        self.lossy = any(lens.lossy for lens in lenses) or set(self.fields) != set(kind.kinds)
        self.transition = any(lens.transition for lens in lenses)
        self._shared = _shared_paths(lenses)

    def read(self, wire: Mapping[str, Any]) -> dict[str, Any]:
        slice_: dict[str, Any] = {}
        for lens in self.lenses:
            slice_.update(lens.read(wire))
        return slice_

    def get(self, slice_: Slice, people: People) -> Value:
        shown = ((lens.name, lens.get(slice_, people)) for lens in self.lenses)
        return {name: value for name, value in shown if value is not None} or None

    def put(self, slice_: Slice | None, value: Value, people: People) -> dict[str, Any]:
        if slice_ is not None and self.shows(slice_, value, people):
            return {path: slice_.get(path) for path in self.paths}
        value = value or {}
        after: dict[str, Any] = {}
        for lens in self.lenses:
            if lens.paths[0] not in self._shared:
                after.update(lens.put(slice_, value.get(lens.name), people))
        for path, sharers in self._shared.items():
            after[path] = self._joint(path, sharers, slice_, value, people)
        return after

    def norm(self, value: Value, people: People) -> Value:
        value = value or {}
        after: dict[str, Any] = {}
        for lens in self.lenses:
            if lens.paths[0] not in self._shared:
                written = lens.norm(value.get(lens.name), people)
                after.update({lens.name: written} if written is not None else {})
        for path, sharers in self._shared.items():
            wire = self._joint(path, sharers, None, value, people)
            read = ((lens.name, lens.get({path: wire}, people)) for lens in sharers)
            after.update({name: one for name, one in read if one is not None})
        return {name: after[name] for name in self.fields if name in after} or None

    def lift(
        self, value: Value, seen: Slice | None, view: Slice, people: People
    ) -> Value | Overlap:
        lifted = dict(value or {})
        for lens in self.lenses:
            mine = lifted.pop(lens.name, None)
            after = lens.get(view, people)
            before = lens._seen(seen, people)
            if seen is None or not lens.kind.equal(before, after):
                mine = lens.lift(mine, seen, view, people)
            if mine is OVERLAP:
                return OVERLAP
            if mine is not None:
                lifted[lens.name] = mine
        return lifted or None

    def whole(self, value: Value, view: Slice, people: People) -> Value:
        kept = dict(value or {})
        shown = {lens.name: lens.whole(kept.get(lens.name), view, people) for lens in self.lenses}
        return {name: one for name, one in {**kept, **shown}.items() if one is not None} or None

    def handles(self, slice_: Slice) -> set[str]:
        return set().union(*(lens.handles(slice_) for lens in self.lenses))

    def persons(self, value: Value) -> set[str]:
        value = value or {}
        return set().union(*(lens.persons(value.get(lens.name)) for lens in self.lenses))

    def _joint(
        self,
        path: str,
        lenses: tuple[FieldLens, ...],
        slice_: Slice | None,
        value: Mapping[str, Value],
        people: People,
    ) -> Any:
        """The wire value under which each of the lenses shows its own field."""
        wanted = {lens: lens.norm(value.get(lens.name), people) for lens in lenses}
        options: list[Any] = [None] if slice_ is None else [slice_.get(path), None]
        for lens in lenses:
            options += getattr(lens.codec, "wires", ())
        for wire in options:
            try:
                if all(lens.get({path: wire}, people) == wanted[lens] for lens in lenses):
                    return wire
            except Unmappable:
                continue
        said = ", ".join(f"{lens.name} {value.get(lens.name)!r}" for lens in lenses)
        raise Unwritable(f"no state of {path} shows {said} together{lenses[0]._where}")


def _shared_paths(lenses: tuple[FieldLens, ...]) -> dict[str, tuple[FieldLens, ...]]:
    by_path: dict[str, list[FieldLens]] = {}
    for lens in lenses:
        for path in lens.paths:
            by_path.setdefault(path, []).append(lens)
    return {path: tuple(found) for path, found in by_path.items() if len(found) > 1}
