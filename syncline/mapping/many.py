"""Sets and lists of people in a wire record, as a list or as words in one string.

Each side may show only part of a set, and may spell an element in its own way: an element's *image*
is what this side shows of it, if anything. A side's change is then what it added and removed among
the images, so what it cannot show survives its edits.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from syncline.mapping.codecs import ENUM_HELP, PEOPLE_HELP, Atomic
from syncline.mapping.lens import People, Unmappable, Unwritable
from syncline.schema import kinds
from syncline.schema.kinds import Overlap, Value

ListForm = Literal["list", "comma", "space"]


class ManyCodec(Atomic):
    """What sets and people share. `partial`: what has no counterpart is left out, and alone."""

    def __init__(self, form: ListForm = "list", partial: bool = False) -> None:
        self.form = form
        self.partial = partial
        self.lossy = partial

    @abstractmethod
    def _show(self, wire: Any, people: People) -> str | None:
        """The shared element, None if blank. Unmappable without a counterpart."""

    @abstractmethod
    def _spell(self, element: str, people: People) -> Any:
        """The wire element. Unwritable if this side has none."""

    def read(self, wire: Any, people: People) -> Value:
        return sorted({shown for _, shown in self._shown(wire, people) if shown}) or None

    def write(self, value: Value, before: Any, people: People) -> Any:
        wanted = {}
        for element in value or ():
            wire = self._spelt(element, people)
            if wire is not None:
                wanted[self._show(wire, people)] = wire
        kept = [
            (wire, shown)
            for wire, shown in self._kept(before, people)
            if shown is None or shown in wanted
        ]
        already = {shown for _, shown in kept}
        new = [wire for shown, wire in wanted.items() if shown not in already]
        return self._joined([wire for wire, _ in kept] + new)

    def lift(self, value: Value, seen: Value, view: Value, people: People) -> Value | Overlap:
        before, after = set(seen or ()), set(view or ())
        images = {element: self._image(element, people) for element in value or ()}
        kept = {one for one, image in images.items() if image not in before - after}
        added = (after - before) - {images[one] for one in kept}
        return sorted(kept | added) or None

    def _image(self, element: str, people: People) -> str | None:
        try:
            return self._show(self._spell(element, people), people)
        except (Unmappable, Unwritable):
            return None

    def _shown(self, wire: Any, people: People) -> list[tuple[Any, str | None]]:
        """Each wire element with what it shows; None: nothing that this lens speaks of."""
        found: list[tuple[Any, str | None]] = []
        for one in self._split(wire):
            try:
                found.append((one, self._show(one, people)))
            except Unmappable:
                if not self.partial:
                    raise
                found.append((one, None))
        return found

    def _kept(self, before: Any, people: People) -> list[tuple[Any, str | None]]:
        try:
            return self._shown(before, people)
        except Unmappable:
            return []

    def _spelt(self, element: str, people: People) -> Any:
        try:
            wire = self._spell(element, people)
        except Unwritable:
            if self.partial:
                return None
            raise
        unsafe = {"list": "", "comma": ",", "space": " \t\n"}[self.form]
        if isinstance(wire, str) and set(wire) & set(unsafe):
            if self.partial:
                return None
            raise Unwritable(f"{wire!r} holds what separates the elements of this field here")
        return wire

    def _split(self, wire: Any) -> Sequence[Any]:
        if wire is None or wire == "":
            return ()
        if self.form == "list" and isinstance(wire, list):
            return wire
        if self.form != "list" and isinstance(wire, str):
            return wire.split("," if self.form == "comma" else None)
        raise Unmappable(f"{wire!r} is not a {'list' if self.form == 'list' else 'text'}")

    def _joined(self, wires: list[Any]) -> Any:
        if self.form == "list":
            return wires
        return (", " if self.form == "comma" else " ").join(wire.strip() for wire in wires)


class SetCodec(ManyCodec):
    """A set of text, each element spelt as it is, or by a table.

    `spaces`: whether an element may hold white space here; `underscore` writes it as `_`. `case`:
    whether the tool makes everything lower-case. Both make an element look different here: lossy.
    """

    def __init__(
        self,
        form: ListForm = "list",
        table: Mapping[str, tuple[Any, ...]] | None = None,
        spaces: Literal["allow", "refuse", "underscore"] = "allow",
        case: Literal["keep", "lower"] = "keep",
        partial: bool = False,
    ) -> None:
        super().__init__(form, partial)
        self.table = table
        self.spaces = spaces
        self.case = case
        self.lossy = partial or spaces == "underscore" or case == "lower"
        self._read = {w: value for value, wires in (table or {}).items() for w in wires}

    def _show(self, wire: Any, people: People) -> str | None:
        if self.table is not None:
            try:
                return self._read[wire.strip() if isinstance(wire, str) else wire]
            except (KeyError, TypeError):
                raise Unmappable(f"{wire!r} {ENUM_HELP}") from None
        if not isinstance(wire, str):
            raise Unmappable(f"{wire!r} is not text")
        return kinds.text(self._respelt(wire))

    def _spell(self, element: str, people: People) -> Any:
        if self.table is not None:
            if not self.table.get(element):
                raise Unwritable(f"{element!r} {ENUM_HELP}")
            return self.table[element][0]
        if self.spaces == "refuse" and element.split() != [element]:
            raise Unwritable(f"{element!r} holds a space, which this tool does not take")
        return self._respelt(element)

    def _respelt(self, element: str) -> str:
        if self.spaces == "underscore":
            element = "_".join(element.split())
        return element.lower() if self.case == "lower" else element


class PeopleCodec(ManyCodec):
    """A set of persons by the tool's handles or by e-mail address."""

    def __init__(
        self,
        form: ListForm = "list",
        by: Literal["handle", "email"] = "handle",
        partial: bool = False,
    ) -> None:
        super().__init__(form, partial)
        self.by = by

    def _show(self, wire: Any, people: People) -> str | None:
        if not isinstance(wire, str):
            raise Unmappable(f"{wire!r} is not a handle")
        wire = wire.strip()
        if not wire:
            return None
        found = people.by_handle.get(wire)
        if found is None and self.by == "email" and "@" in wire:
            return kinds.person(wire)
        if found is None:
            raise Unmappable(f"{wire!r} {PEOPLE_HELP}")
        return found

    def _spell(self, element: str, people: People) -> Any:
        handle = people.handles.get(element)
        if handle is None and self.by == "email" and "@" in element:
            return element
        if handle is None:
            raise Unwritable(f"{element!r} has no account here that Syncline knows of")
        return handle

    def handles(self, wire: Any) -> set[str]:
        if self.by == "email":
            return set()
        try:
            split = self._split(wire)
        except Unmappable:
            return set()
        return {one.strip() for one in split if isinstance(one, str) and one.strip()}

    def persons(self, value: Value) -> set[str]:
        return {one for one in value or () if self.by == "handle" or "@" not in one}
