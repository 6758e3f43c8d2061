"""What a tool demands: fields a new record must have, and the moves its states allow. Pure."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping, Sequence
from typing import Any

from syncline.mapping.lens import FieldLens
from syncline.rot.found import Edit, Finding
from syncline.rot.options import table
from syncline.rot.snapshot import Details, Snapshot
from syncline.rot.words import Told, syncs
from syncline.schema.entities import fields as entity_fields
from syncline.sdk.connector import FieldSchema

Moves = Mapping[str, Sequence[str]]

_KINDS = {"string": "text", "text": "text", "number": "number", "date": "date"}
"""Kinds that a mapping can be given for a tool's type without looking at values."""


def required(told: Told, before: Snapshot, now: Snapshot) -> Iterator[Finding]:
    """Fields that a new record must have, and need not have had before."""
    record = told.use.mapping.record
    # What a kind that is new requires was never different.
    kinds = before.of(record).required
    was, is_ = _demanded(before, record, kinds), _demanded(now, record, kinds)
    for path, demanding in is_.items():
        fresh = [kind for kind in demanding if kind not in was.get(path, ())]
        if fresh and "" not in was.get(path, ()):
            known = now.fields(record).get(path)
            if known is not None and not known.read_only:
                yield from _missing(told, known, fresh)


def _demanded(snapshot: Snapshot, record: str, kinds: Container[str]) -> dict[str, list[str]]:
    """The kinds of records that must have a field, by path; "" stands for all of them."""
    found: dict[str, list[str]] = {}
    for path, known in snapshot.fields(record).items():
        if known.required:
            found[path] = [""]
    for kind, paths in snapshot.of(record).required.items():
        for path in paths if kind in kinds else ():
            found.setdefault(path, []).append(kind)
    return found


def _missing(told: Told, known: FieldSchema, kinds: Sequence[str]) -> Iterator[Finding]:
    use = told.use
    lens = next((o for o in use.mapping.fields.values() if known.path in o.paths), None)
    writable = lens is not None and not lens.read_only
    creating = [one for one in use.syncs if one.creates]
    if lens is not None and writable:
        creating = [one for one in creating if lens.name not in one.defaults]
    if not creating:
        return
    named = syncs([one.sync for one in creating])
    of = "" if "" in kinds else f" for {syncs(kinds)}"
    what = f"{use.connection} requires {known.label!r} ({known.path}) now{of}"
    filled = [one for one in creating if lens is not None and lens.name in one.provided]
    if lens is not None and writable:
        sides = syncs(
            [f"`syncs.{o.sync}.sides.{use.connection}.defaults.{lens.name}`" for o in creating]
        )
        which = f"that have no `{lens.name}`" if len(filled) == len(creating) else "of these kinds"
        yield told(
            "field_required",
            what,
            f"{named} cannot make records there {which}: each is parked; what is linked goes on",
            f"give it a value under {sides}",
            lens=lens,
        )
        return
    name, options = _slug(known.label), _mapped_as(known)
    free = name not in use.mapping.fields and name not in entity_fields(use.mapping.entity)
    edits = (Edit(("fields", name), options),) if options and free and lens is None else ()
    sides = syncs([f"`syncs.{o.sync}.sides.{use.connection}.defaults.{name}`" for o in creating])
    yield told(
        "field_required",
        what,
        f"{named} cannot make records there{of}: each is parked; what is linked goes on",
        f"apply the patch, which maps it, and give it a value under {sides}"
        if edits
        else "take the requirement back in the tool, or map the field and give it a default",
        where=use.line("fields"),
        edits=edits,
    )


def _mapped_as(known: FieldSchema) -> dict[str, Any] | None:
    """How a mapping may speak of a field; None where a person has to say."""
    if known.options:
        return {"kind": "enum", "path": known.path, "enum": list(known.options)}
    kind = _KINDS.get(known.type)
    longest = {"max_length": known.max_length} if kind == "text" and known.max_length else {}
    return {"kind": kind, "path": known.path, **longest} if kind else None


def _slug(label: str) -> str:
    found = re.sub(r"[^a-z0-9]+", "_", label.lower()).strip("_")
    return found if found[:1].isalpha() else f"field_{found}".rstrip("_")


def moves(told: Told, before: Snapshot, now: Snapshot) -> Iterator[Finding]:
    """Steps of a workflow that are gone, and what cannot be reached without them."""
    use, record = told.use, told.use.mapping.record
    for lens in use.lenses:
        if not lens.transition or not use.writers(lens.name):
            continue
        path = lens.paths[0]
        old, known = before.fields(record).get(path), now.fields(record).get(path)
        if old is None or known is None:
            continue  # that the field is gone is told elsewhere
        names = _names(path, before.of(record), now.of(record))
        stays = {one: names.get(one, one) for one in old.options or ()}
        stays = {old: new for old, new in stays.items() if new in (known.options or ())}
        for kind, then in before.of(record).moves.items():
            today = now.of(record).moves.get(kind, {})
            was = _between(then, stays)
            is_ = _between(today, {state: state for state in stays.values()})
            kind_path = now.of(record).kind
            yield from _lost(told, lens, kind_path, kind, was, is_, names)


def _names(path: str, before: Details, now: Details) -> dict[str, str]:
    """What each option is called today, where the tool's ids tell."""
    today = {id_: name for name, id_ in now.options.get(path, {}).items()}
    ids = before.options.get(path, {}).items()
    return {name: today[id_] for name, id_ in ids if id_ in today}


def _between(steps: Moves, names: Mapping[str, str]) -> dict[str, list[str]]:
    """The steps between these states, under these names: others are told elsewhere."""
    return {
        names[state]: [names[to] for to in targets if to in names]
        for state, targets in steps.items()
        if state in names
    }


def _lost(
    told: Told,
    lens: FieldLens,
    kind_path: str,
    kind: str,
    was: Moves,
    is_: Moves,
    names: Mapping[str, str],
) -> Iterator[Finding]:
    """One finding for all the steps of a workflow that are gone."""
    use = told.use
    gone = [
        (s, to) for s, targets in was.items() for to in targets if to not in is_.get(s, targets)
    ]
    if not gone:
        return
    # A state that nobody could be asked about today is taken to lead where it did.
    whole = {**was, **is_}
    steps = " nor ".join(f"from {state!r} to {to!r}" for state, to in gone)
    what = f"the workflow of {kind} in {use.connection} no longer leads {steps}"
    stuck: dict[str, list[str]] = {}
    for target in (names.get(str(wires[0]), str(wires[0])) for wires in table(lens).values()):
        for state in was:
            if target in _reach(was, state) and target not in _reach(whole, state):
                stuck.setdefault(target, []).append(state)
    if not stuck:
        until = "nothing is parked: the steps that are left still lead there"
        do = "nothing, if the longer way is meant"
        yield told("workflow", what, until, do, lens=lens)
        return
    parts = [f"{to!r} cannot be reached from {syncs(map(repr, at))}" for to, at in stuck.items()]
    until = (
        f"{'; '.join(parts)}: {syncs(use.writers(lens.name))} parks `{lens.name}` of each {kind} "
        "that is there and becomes it elsewhere; the other fields go on"
    )
    do = "allow a step again in the tool's workflow, or make it by hand"
    there = tuple(dict.fromkeys(state for at in stuck.values() for state in at))
    shown = ((kind_path, (kind,)), (lens.paths[0], there)) if kind_path else ()
    yield told("workflow", what, until, do, lens=lens, shown=shown)


def _reach(steps: Moves, state: str) -> set[str]:
    """The states that some steps lead to, itself included."""
    found, todo = {state}, [state]
    while todo:
        fresh = [to for to in steps.get(todo.pop(), ()) if to not in found]
        found.update(fresh)
        todo += fresh
    return found
