"""A mapping held against what a tool's connection really has.

`syncline check` and the mapping-rot guard ask this before anything is synced: every field and
option that the mapping names must exist, be writable where it is written, and be long enough.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from syncline.mapping.codecs import BoolCodec, EnumCodec, RichTextCodec, TextCodec
from syncline.mapping.lens import FieldLens
from syncline.mapping.load import ToolMapping
from syncline.mapping.many import SetCodec
from syncline.mapping.source import suggestion
from syncline.sdk.connector import FieldSchema, Schema


@dataclass(frozen=True, slots=True)
class Problem:
    """Something to put right before syncing: where, what is wrong, what to do about it."""

    where: str
    what: str
    do: str


def check(
    mapping: ToolMapping, schema: Schema, provided: Collection[str] | None = None
) -> list[Problem]:
    """What of the mapping does not fit the tool and would fail.

    `provided`, where the sync makes records on this side, holds the shared fields that such a
    record gets: those another side maps, and the side's `defaults`.
    """
    record = schema.records.get(mapping.record)
    if record is None:
        hint = suggestion(mapping.record, schema.records)
        return [
            Problem(
                mapping.origin,
                f"the tool has no record type {mapping.record!r}{hint}",
                "correct `record`, or give the credentials access to it",
            )
        ]
    problems = [
        Problem(f"{mapping.origin} {lens.name}", what, do)
        for lens in mapping.fields.values()
        for what, do in _check_field(lens, record.fields)
    ]
    problems += _check_format(mapping, schema.text_format)
    if provided is not None:
        problems += _check_required(mapping, record.fields, provided)
    return problems


def gaps(mapping: ToolMapping, schema: Schema) -> list[Problem]:
    """The tool's options that the mapping does not speak of: records in them park that field."""
    record = schema.records.get(mapping.record)
    found = []
    for lens in mapping.fields.values():
        table = _table(lens)
        known = record.fields.get(lens.paths[0]) if record else None
        if not table or known is None or known.options is None:
            continue
        spoken = {str(wire) for wires in table for wire in wires}
        if unspoken := [option for option in known.options if option not in spoken]:
            found.append(
                Problem(
                    f"{mapping.origin} {lens.name}",
                    f"{_quoted(unspoken)} of {known.label} has no counterpart",
                    "add it to the field's `enum`, or leave records in it alone",
                )
            )
    return found


def _check_field(lens: FieldLens, fields: Mapping[str, FieldSchema]) -> Iterator[tuple[str, str]]:
    for path in lens.paths:
        known = fields.get(path)
        if known is None:
            yield (
                f"the tool has no field {path!r}{suggestion(path, fields)}",
                "correct `path`, add the field in the tool, or take it out with `field: null`",
            )
        elif not lens.read_only:
            yield from _check_writable(lens, known)


def _check_writable(lens: FieldLens, known: FieldSchema) -> Iterator[tuple[str, str]]:
    if known.read_only:
        yield f"{known.label} cannot be written in this tool", "add `read_only: true`"
    elif known.create_only and not lens.create_only:
        yield (
            f"{known.label} cannot be changed after creation in this tool",
            "add `create_only: true`",
        )
    codec, limit = lens.codec, known.max_length
    if (
        limit is not None
        and isinstance(codec, TextCodec | RichTextCodec)
        and (codec.max_length is None or codec.max_length > limit)
    ):
        yield f"{known.label} takes at most {limit} characters", f"add `max_length: {limit}`"
    written = [wires[0] for wires in _table(lens) if wires[0] not in (None, "")]
    if known.options is None:
        return
    if missing := [wire for wire in written if str(wire) not in known.options]:
        yield (
            f"{known.label} has no {_quoted(missing)}; it has: {', '.join(known.options)}",
            "correct the field's `enum`, or add the option in the tool",
        )


def _check_format(mapping: ToolMapping, tools: str) -> Iterator[Problem]:
    codecs = [lens.codec for lens in mapping.fields.values()]
    texts = {codec.format for codec in codecs if isinstance(codec, RichTextCodec)}
    if tools and mapping.text != tools and mapping.text in texts:
        yield Problem(
            mapping.origin,
            f"`text` is {mapping.text}, and this connection's text is {tools}",
            f"write `text: {tools}` in the mapping",
        )


def _check_required(
    mapping: ToolMapping, fields: Mapping[str, FieldSchema], provided: Collection[str]
) -> Iterator[Problem]:
    filled = {
        path
        for lens in mapping.fields.values()
        if lens.name in provided and not lens.read_only
        for path in lens.paths
    }
    for path, known in fields.items():
        if known.required and not known.read_only and path not in filled:
            yield Problem(
                mapping.origin,
                f"{known.label} ({path}) is required, and a record made here would have none",
                "map a field to it, and give that a value under the side's `defaults`",
            )


def _table(lens: FieldLens) -> list[tuple[object, ...]]:
    """The wire values of each shared value that has any; empty without a table."""
    codec = lens.codec
    if isinstance(codec, EnumCodec):
        return list(codec.states.values())
    if isinstance(codec, SetCodec) and codec.table is not None:
        return [wires for wires in codec.table.values() if wires]
    return [(codec.true,), (codec.false,)] if isinstance(codec, BoolCodec) else []


def _quoted(words: Sequence[object]) -> str:
    return ", ".join(repr(word) for word in words)
