"""The laws of lenses, as functions, and a trial of a whole mapping by them.

Each law takes a lens with what it is tried on and returns what is wrong, None if the law holds. A
value that a side refuses (`Unwritable`), or a wire value without a counterpart (`Unmappable`), is
an honest answer and no breach. `try_mapping` is what `syncline config lint` runs on an operator's
mapping; the project's own tests run the same laws on generated lenses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Any

from syncline.mapping import samples
from syncline.mapping.lens import (
    OVERLAP,
    GroupLens,
    People,
    Slice,
    UnitLens,
    Unmappable,
    Unwritable,
)
from syncline.mapping.load import ToolMapping
from syncline.schema import kinds
from syncline.schema.kinds import Value
from syncline.sdk.connector import RecordSchema


@dataclass(frozen=True, slots=True)
class Breach:
    """A law that a field's lens does not keep, and the value that shows it."""

    field: str
    law: str
    value: Any
    what: str

    def __str__(self) -> str:
        return f"{self.field} breaks {self.law} for {self.value!r}: {self.what}"


def get_put(lens: UnitLens, slice_: Slice, people: People) -> str | None:
    """Writing back what a side shows changes nothing, whichever state of the tool it is."""
    try:
        shown = lens.get(slice_, people)
    except Unmappable:
        return None
    try:
        after = lens.put(slice_, shown, people)
    except Unwritable as error:
        return f"it shows {shown!r} and refuses it: {error.reason}"
    if dict(slice_) != after or lens.patch(slice_, after):
        return f"writing back {shown!r} would send {lens.patch(slice_, after)!r}"
    return None


def put_get(lens: UnitLens, slice_: Slice | None, value: Value, people: People) -> str | None:
    """What is written is what is shown, up to the side's normal form, and writing again is idle."""
    try:
        after = lens.put(slice_, value, people)
        expected = lens.norm(value, people)
    except Unwritable:
        return None
    shown = lens.get(after, people)
    if not lens.kind.equal(shown, expected):
        return f"over {slice_!r} it shows {shown!r}, not {expected!r}"
    again = lens.put(after, value, people)
    return None if again == after else f"writing it again turns {after!r} into {again!r}"


def norm_stable(lens: UnitLens, value: Value, people: People) -> str | None:
    """The normal form is its own normal form, and the value itself unless the lens is lossy."""
    try:
        once = lens.norm(value, people)
    except Unwritable:
        return None
    try:
        twice = lens.norm(once, people)
    except Unwritable as error:
        return f"its normal form {once!r} is refused: {error.reason}"
    if not lens.kind.equal(once, twice):
        return f"its normal form {once!r} becomes {twice!r}"
    if value is not None and not lens.lossy and not lens.kind.equal(once, value):
        return f"it becomes {once!r}, and the field does not say `lossy`"
    return None


def lift_shows(lens: UnitLens, value: Value, view: Slice, people: People) -> str | None:
    """An edit made on a side that showed the value lifts to a value that shows the edit."""
    try:
        seen = lens.put(None, value, people)
        shown = lens.get(view, people)
        lifted = lens.lift(value, seen, view, people)
        if lifted is OVERLAP:
            return f"the change to {shown!r} is refused as a conflict with nothing"
        looks = lens.norm(lifted, people)
    except (Unwritable, Unmappable):
        return None
    if lens.kind.equal(looks, shown):
        return None
    return f"the change to {shown!r} lifts to {lifted!r}, which shows as {looks!r}"


def lenses(mapping: ToolMapping) -> Iterator[UnitLens]:
    """The lens of each field, and of each group as this mapping alone declares it."""
    groups: dict[str, list[str]] = {}
    for name, lens in mapping.fields.items():
        if name in mapping.groups:
            groups.setdefault(mapping.groups[name], []).append(name)
        else:
            yield lens
    for names in groups.values():
        members = tuple(mapping.fields[name] for name in names)
        yield GroupLens(members, kinds.Group({lens.name: lens.kind for lens in members}))


def try_mapping(
    mapping: ToolMapping,
    rng: Random,
    schema: RecordSchema | None = None,
    examples: int = 200,
    people: People = samples.PEOPLE,
) -> list[Breach]:
    """Every law tried on every field with made-up records; one breach a field and law."""
    return [
        breach for lens in lenses(mapping) for breach in _try(lens, rng, schema, examples, people)
    ]


def _try(
    lens: UnitLens, rng: Random, schema: RecordSchema | None, examples: int, people: People
) -> Iterator[Breach]:
    name = ", ".join(lens.fields)
    broken: set[str] = set()
    for _ in range(examples):
        try:
            view = samples.slice_of(lens, rng, schema)
        except LookupError as error:
            yield Breach(name, "sample", None, str(error))
            return
        before = rng.choice((None, samples.slice_of(lens, rng, schema)))
        value = samples.value_of(lens.kind, rng)
        trials: dict[str, tuple[Any, Callable[[], str | None]]] = {
            "GetPut": (view, partial(get_put, lens, view, people)),
            "PutGet": (value, partial(put_get, lens, before, value, people)),
            "norm": (value, partial(norm_stable, lens, value, people)),
            "lift": (value, partial(lift_shows, lens, value, view, people)),
        }
        for law, (tried, trial) in trials.items():
            what = None if law in broken else trial()
            if what is not None:
                broken.add(law)
                yield Breach(name, law, tried, what)
