"""A mapping in rows that a person can read: what goes where, and what of it is lost on the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from syncline.mapping.codecs import EnumCodec, MoneyCodec, RichTextCodec, TextCodec
from syncline.mapping.lens import FieldLens
from syncline.mapping.load import ToolMapping
from syncline.mapping.many import ManyCodec, SetCodec
from syncline.schema.kinds import Extension


@dataclass(frozen=True, slots=True)
class Row:
    """One field: its kind, where it is in the record, its values, and what to know about it."""

    field: str
    kind: str
    path: str
    values: str
    notes: str


def explain(mapping: ToolMapping) -> list[Row]:
    """A row for each field, in the file's order."""
    return [
        Row(
            lens.name,
            lens.kind.inner.name if isinstance(lens.kind, Extension) else lens.kind.name,
            ", ".join(lens.paths),
            _values(lens),
            "; ".join(_notes(lens, mapping.groups.get(lens.name))),
        )
        for lens in mapping.fields.values()
    ]


def _values(lens: FieldLens) -> str:
    codec = lens.codec
    if isinstance(codec, RichTextCodec):
        return codec.format
    if isinstance(codec, MoneyCodec):
        return codec.currency
    table: Mapping[str, tuple[Any, ...]] | None = None
    if isinstance(codec, EnumCodec):
        table = codec.states
    if isinstance(codec, SetCodec):
        table = codec.table
    return "; ".join(
        f"{value or '(empty)'} = {', '.join(str(wire) for wire in wires)}"
        for value, wires in (table or {}).items()
    )


def _notes(lens: FieldLens, group: str | None) -> list[str]:
    codec = lens.codec
    notes = []
    if lens.read_only:
        notes.append("read-only")
    if lens.create_only:
        notes.append("only when the record is made")
    if lens.transition:
        notes.append("moved along the workflow")
    if group is not None:
        notes.append(f"decided with {group}")
    if isinstance(codec, EnumCodec):
        notes += [f"{value} shows as {other}" for value, other in codec.nearest.items()]
    if isinstance(codec, TextCodec | RichTextCodec) and codec.max_length is not None:
        cut = isinstance(codec, TextCodec) and codec.truncate
        notes.append(f"{'cut' if cut else 'refused'} beyond {codec.max_length} characters")
    if isinstance(codec, ManyCodec) and codec.partial:
        notes.append("elements without a counterpart are left out")
    if lens.lossy:
        notes.append("lossy")
    return notes
