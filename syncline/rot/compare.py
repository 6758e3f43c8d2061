"""A connection as it is now held against its snapshot, as far as mappings use it. Pure.

Only what changed is found: what never fitted a mapping is `check`'s to tell.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from syncline.mapping.codecs import RichTextCodec, TextCodec
from syncline.mapping.lens import FieldLens
from syncline.rot import demands, options
from syncline.rot.found import Edit, Finding, Use
from syncline.rot.renaming import Renamed, renamed
from syncline.rot.snapshot import Snapshot
from syncline.rot.words import Told, syncs
from syncline.sdk.connector import FieldSchema


def compare(before: Snapshot, now: Snapshot, uses: Sequence[Use]) -> list[Finding]:
    """Everything that changed on one connection and that a mapping in use must follow."""
    found: list[Finding] = []
    for use in uses:
        found += _of_mapping(use, before, now)
    if uses:
        found += _rights(before, now, uses)
    return found


def _of_mapping(use: Use, before: Snapshot, now: Snapshot) -> Iterator[Finding]:
    record, told = use.mapping.record, Told(use)
    if record not in before.schema.records:
        return
    if record not in now.schema.records:
        yield told(
            "record_removed",
            f"{use.connection} has no record type {record!r} any more",
            "nothing is read or written there; passes stop that side, the others go on",
            "give the credentials access to it again, or correct `record`",
            where=use.line("record"),
        )
        return
    for lens in use.lenses:
        for path in lens.paths:
            old, new = before.fields(record).get(path), now.fields(record).get(path)
            if old is not None and new is None:
                yield _gone(told, lens, old, before, now)
            elif old is not None and new is not None:
                yield from _changed(told, lens, old, new)
                yield from options.compare(told, lens, new, before, now)
    yield from demands.required(told, before, now)
    yield from demands.moves(told, before, now)
    yield from _format(told, before, now)


def _gone(
    told: Told, lens: FieldLens, old: FieldSchema, before: Snapshot, now: Snapshot
) -> Finding:
    """A mapped field that is not there any more, under its name at least."""
    use, record = told.use, told.use.mapping.record
    after = now.fields(record)
    # A field of another type is no new name of this one.
    alike = [path for path, one in after.items() if one.type == old.type]
    maybe = renamed(
        old.path,
        before.fields(record),
        alike,
        before.of(record).fields,
        {p: i for p, i in now.of(record).fields.items() if p in after},
    )
    until = (
        f"`{lens.name}` is neither read nor written in {use.connection}: what others say of it is "
        "parked there; the other fields go on"
    )
    if maybe is not None:
        return told(
            "field_renamed",
            f"{use.connection} has no field {old.label!r} ({old.path}) any more; {maybe.told()}",
            until,
            _if_meant(maybe, "`path`"),
            lens=lens,
            edits=(_path_edit(told, lens, old.path, maybe.names[0]),) if maybe.clear else (),
        )
    named = [one.sync for one in use.syncs if lens.name in one.named]
    rest = f", and take `{lens.name}` out of what {syncs(named)} names" if named else ""
    return told(
        "field_removed",
        f"{use.connection} has no field {old.label!r} ({old.path}) any more",
        until,
        f"add it again in the tool, or take it out of the mapping{rest}",
        lens=lens,
        edits=(Edit(("fields", lens.name), drop=True),) if len(use.mapping.fields) > 1 else (),
    )


def _if_meant(maybe: Renamed, key: str) -> str:
    if maybe.clear:
        return f"if that is the same one, apply the patch; else correct {key}"
    return f"say in {key} which one it is; of several none is guessed"


def _path_edit(told: Told, lens: FieldLens, old: str, new: str) -> Edit:
    said = told.use.said(lens.name)
    if "paths" in said:
        paths = [new if one == old else one for one in lens.paths]
        return Edit(("fields", lens.name, "paths"), paths)
    return Edit(("fields", lens.name, "path"), new)


def _changed(told: Told, lens: FieldLens, old: FieldSchema, new: FieldSchema) -> Iterator[Finding]:
    """A mapped field that is still there and takes something else than before."""
    use, at = told.use, f"{new.label!r} ({new.path})"
    if old.type != new.type:
        yield told(
            "field_retyped",
            f"{at} of {use.connection} is of type {new.type!r}, and was {old.type!r}",
            f"values of `{lens.name}` that do not fit are parked; the other fields go on",
            "look at the field's kind and options in the mapping: which fit is for a person to say",
            lens=lens,
        )
    writes = use.writers(lens.name) and not lens.read_only
    if writes and new.read_only and not old.read_only:
        yield told(
            "field_locked",
            f"{at} of {use.connection} cannot be written any more",
            f"each write of `{lens.name}` is refused there and parked; it is still read",
            "let Syncline's account write it again, or apply the patch",
            lens=lens,
            edits=(Edit(("fields", lens.name, "read_only"), True),),
        )
    elif writes and new.create_only and not (old.create_only or lens.create_only):
        yield told(
            "field_locked",
            f"{at} of {use.connection} cannot be changed after creation any more",
            f"each edit of `{lens.name}` is refused there and parked; new records get it",
            "apply the patch",
            lens=lens,
            edits=(Edit(("fields", lens.name, "create_only"), True),),
        )
    if writes:
        yield from _shorter(told, lens, old, new)


def _shorter(told: Told, lens: FieldLens, old: FieldSchema, new: FieldSchema) -> Iterator[Finding]:
    limit, codec = new.max_length, lens.codec
    if limit is None or not isinstance(codec, TextCodec | RichTextCodec):
        return
    if old.max_length is not None and old.max_length <= limit:
        return
    if codec.max_length is None or codec.max_length > limit:
        yield told(
            "field_shorter",
            f"{new.label!r} ({new.path}) of {told.use.connection} takes {limit} characters now",
            f"longer values of `{lens.name}` are refused there and parked",
            "apply the patch, so that they are parked before they are sent",
            lens=lens,
            edits=(Edit(("fields", lens.name, "max_length"), limit),),
        )


def _format(told: Told, before: Snapshot, now: Snapshot) -> Iterator[Finding]:
    was, is_ = before.schema.text_format, now.schema.text_format
    if is_ and was != is_ and told.use.mapping.text != is_:
        yield told(
            "text_format",
            f"texts of {told.use.connection} are {is_} now, and were {was}",
            "texts are read and written in the wrong format",
            "apply the patch before the next pass",
            where=told.use.line("text"),
            edits=(Edit(("text",), is_),),
        )


def _rights(before: Snapshot, now: Snapshot, uses: Sequence[Use]) -> Iterator[Finding]:
    """What the tool warns of now and did not then: rights that were lost, settings that hide."""
    named = tuple(dict.fromkeys(one.sync for use in uses for one in use.syncs))
    for warning in now.schema.warnings:
        if warning not in before.schema.warnings:
            yield Finding(
                uses[0].connection,
                "rights",
                warning,
                "what the tool refuses for this is parked, record by record; nothing is guessed",
                "give Syncline's account the right again",
                syncs=named,
            )
