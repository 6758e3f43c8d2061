"""Options of a mapped field that are gone, go by another name, or are new. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from syncline.mapping.codecs import BoolCodec, EnumCodec
from syncline.mapping.lens import FieldLens
from syncline.mapping.many import SetCodec
from syncline.rot.found import Finding, Swap
from syncline.rot.renaming import Renamed, renamed
from syncline.rot.snapshot import Snapshot
from syncline.rot.words import Told, syncs
from syncline.sdk.connector import FieldSchema

Table = Mapping[Any, tuple[Any, ...]]


def table(lens: FieldLens) -> Table:
    """The wire values of each shared value, the one that is written first; empty without any."""
    codec = lens.codec
    if isinstance(codec, EnumCodec):
        return codec.states
    if isinstance(codec, SetCodec):
        return codec.table or {}
    return {True: (codec.true,), False: (codec.false,)} if isinstance(codec, BoolCodec) else {}


def compare(
    told: Told, lens: FieldLens, new: FieldSchema, before: Snapshot, now: Snapshot
) -> Iterator[Finding]:
    """What became of the options of one field."""
    record, known = told.use.mapping.record, table(lens)
    old = before.fields(record)[new.path].options
    if not known or old is None or new.options is None:
        return
    ids = before.of(record).options.get(new.path, {}), now.of(record).options.get(new.path, {})
    mapped = {str(wire): value for value, wires in known.items() for wire in wires}
    claimed: set[str] = set()
    for option, value in mapped.items():
        if option not in old or option in new.options:
            continue
        free = [one for one in new.options if one not in mapped]
        maybe = renamed(option, old, [*(o for o in new.options if o in old), *free], *ids)
        if maybe is not None and maybe.names[0] in mapped:
            maybe = None  # the mapping speaks of that one already
        claimed.update(maybe.names if maybe else ())
        yield _gone(told, lens, new, option, value, maybe)
    # Where nobody listens, nothing fails for what cannot be read.
    for option in new.options if told.use.hearers(lens.name) else ():
        if option not in old and option not in mapped and option not in claimed:
            yield _added(told, lens, new, option, mapped, *ids)


def _gone(
    told: Told,
    lens: FieldLens,
    new: FieldSchema,
    option: str,
    value: Any,
    maybe: Renamed | None,
) -> Finding:
    """A mapped option that is not there any more, under its name at least."""
    use, wires = told.use, table(lens)[value]
    what = f"{new.label!r} of {use.connection} has no option {option!r} any more"
    if maybe is not None:
        what += f"; {maybe.told()}"
    fresh = maybe.names[0] if maybe and maybe.clear else None
    states = [fresh if str(one) == option else one for one in wires]
    states = [one for one in states if one is not None]
    if maybe is None:
        do = _choice(value, states, str(wires[0]) == option)
    elif fresh is not None:
        do = "if that is the same one, apply the patch; else correct the field's `enum`"
    else:
        do = "say in the field's `enum` which one it is; of several none is guessed"
    key = _key(lens)
    sure = fresh is not None or (maybe is None and key == "enum")
    return told(
        "option_removed" if maybe is None else "option_renamed",
        what,
        _until(told, lens, option, value, str(wires[0]) == option, maybe),
        do,
        lens=lens,
        where=use.line("fields", lens.name, key, str(value)),
        shown=((new.path, (option,)),),
        edits=(Swap(lens.name, key, value, option, fresh),) if sure else (),
    )


def _until(
    told: Told, lens: FieldLens, option: str, value: Any, written: bool, maybe: Renamed | None
) -> str:
    """What becomes of records as long as the mapping names an option that is gone."""
    use, name = told.use, lens.name
    parts = []
    if written and not lens.read_only and (writers := use.writers(name)):
        parts.append(
            f"{use.connection} refuses `{name}` {_said(value)}, so {syncs(writers)} parks that "
            "field of each record that becomes it elsewhere"
        )
    if maybe is not None and maybe.id and (hearers := use.hearers(name)):
        parts.append(
            f"records that show {maybe.names[0]!r} cannot be read, so {syncs(hearers)} parks "
            f"`{name}` of each that is edited or linked"
        )
    if not parts:
        return f"nothing fails: {option!r} was only read"
    return "; ".join(parts) + "; the other fields go on"


def _choice(value: Any, states: Sequence[Any], written: bool) -> str:
    said = _said(value)
    if states and written:
        return f"apply the patch, and {said} is written as {states[0]!r}; or add the option again"
    if states:
        return "apply the patch: nothing else speaks of it"
    return (
        f"add the option again, or name another for {said}; the patch says that there is none, and "
        f"`nearest: {{{said}: OTHER}}` which value stands in for it"
    )


def _added(
    told: Told,
    lens: FieldLens,
    new: FieldSchema,
    option: str,
    mapped: Mapping[str, Any],
    ids_before: Mapping[str, str],
    ids_now: Mapping[str, str],
) -> Finding:
    """An option that the mapping does not speak of."""
    use, id_ = told.use, ids_now.get(option)
    was = [name for name, one in ids_before.items() if id_ is not None and one == id_]
    known = was[0] if was and was[0] in mapped else None
    what = f"{new.label!r} of {use.connection} has a new option {option!r}"
    edits: tuple[Swap, ...] = ()
    if known is not None:
        what += f", which was called {known!r} (the tool's id {id_} is the same)"
        if _key(lens) == "enum":
            edits = (Swap(lens.name, "enum", mapped[known], new=option),)
    hearers = use.hearers(lens.name)
    return told(
        "option_added",
        what,
        f"records in it cannot be read: {syncs(hearers)} parks `{lens.name}` of each",
        "apply the patch if it means the same"
        if edits
        else "add it to the field's `enum`, or leave records in it alone",
        lens=lens,
        shown=((new.path, (option,)),),
        edits=edits,
    )


def _key(lens: FieldLens) -> str:
    return "bool" if isinstance(lens.codec, BoolCodec) else "enum"


def _said(value: Any) -> str:
    return str(value) if value != "" else "(empty)"
