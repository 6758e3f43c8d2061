"""Records to be made on sides that lack one: with what fields, and why not yet or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import orjson

from syncline.engine.decision import Decision, UnitState
from syncline.engine.identity import closed
from syncline.engine.owing import lacking
from syncline.engine.planned import Refusal, Surroundings, UnitWrite, Write, overlay
from syncline.engine.spec import SideSpec, Sync, Unit
from syncline.mapping.lens import People, Unwritable
from syncline.mapping.paths import without
from syncline.store.rows import Link, LinkSide


def creates(
    sync: Sync,
    link: Link,
    sides: Mapping[str, LinkSide],
    decided: Mapping[str, Decision],
    states: Mapping[str, UnitState],
    around: Surroundings,
) -> tuple[list[Write], list[Refusal], bool]:
    """Records to be made on sides that lack one; each is born delivered when its receipt comes.

    The last part of the answer: whether some create has to wait for a later pass.
    """
    writes: list[Write] = []
    refusals: list[Refusal] = []
    waits = False
    if sync.sides.keys() <= sides.keys():
        return writes, refusals, waits
    for name in lacking(sync, replace(link, sides=sides)):
        if name not in around.reachable & around.listed or name in around.busy_create:
            waits = True
            continue
        spec = sync.sides[name]
        if _waits_for_answer(sync, spec, decided):
            waits = True
            continue
        write, refused = _create(sync, link, spec, decided, states, around.people[name])
        parked = around.parked_creates.get(name)
        if write is not None and parked == fields_digest(write.patch):
            continue
        refusals += refused
        if write is not None:
            writes.append(write)
    return writes, refusals, waits


def _waits_for_answer(sync: Sync, spec: SideSpec, decided: Mapping[str, Decision]) -> bool:
    """Whether a record cannot be made while a field of it is in conflict.

    Such a field is made as it was decided last, as all other sides show it; but where nothing was
    decided yet, and the tool requires it, or takes it never again, the record waits for the answer.
    """
    for name, decision in decided.items():
        lens = sync.units[name].lenses.get(spec.name)
        if not decision.conflict or lens is None or not sync.units[name].writable(spec.name):
            continue
        if lens.create_only or (
            not decision.state.known and not set(spec.required).isdisjoint(lens.paths)
        ):
            return True
    return False


def _create(
    sync: Sync,
    link: Link,
    spec: SideSpec,
    decided: Mapping[str, Decision],
    states: Mapping[str, UnitState],
    people: People,
) -> tuple[Write | None, list[Refusal]]:
    parts: dict[str, UnitWrite] = {}
    refusals: list[Refusal] = []
    fields: dict[str, Any] = {}
    for name, unit in sync.units.items():
        lens = unit.lenses.get(spec.name)
        if lens is None or lens.read_only or unit.modes[spec.name] == "off":
            continue
        decided_value = states[name].value if unit.writable(spec.name) else None
        value = _default(unit, spec) if decided_value is None else decided_value
        if value is None:
            continue
        try:
            after = lens.put(None, value, people)
        except Unwritable as error:
            refusals.append(Refusal(spec.name, name, "write", error.reason, value))
            continue
        overlay(fields, lens.patch(None, after))
        if decided_value is not None:
            parts[name] = UnitWrite(decided_value, {}, after)
    missing = [path for path in spec.required if not _holds(fields, path)]
    if missing:
        reason = (
            f"{spec.name} requires {', '.join(missing)}, which nothing fills; give it a value "
            f"under sides.{spec.name}.defaults"
        )
        return None, [*refusals, Refusal(spec.name, "", "create", reason)]
    follows = closed(link, spec.name)
    why = "follow-up" if follows else "missing"
    write = Write(link.id, spec.name, "create", None, parts, fields, {}, None, why, follows)
    return write, refusals


def bare(sync: Sync, write: Write) -> Write | None:
    """A refused create without all that the record can be given later, as edits.

    What is refused for good then stops one field and not the record. None where nothing is spare.
    """
    required = set(sync.sides[write.side].required)
    lenses = {name: sync.units[name].lenses[write.side] for name in write.units}
    spare = {n: o for n, o in lenses.items() if not o.create_only and required.isdisjoint(o.paths)}
    if write.kind != "create" or not spare:
        return None
    kept = {name: unit for name, unit in write.units.items() if name not in spare}
    gone = [path for lens in spare.values() for path in lens.paths]
    return replace(write, units=kept, patch=without(write.patch, gone))


def fields_digest(fields: Mapping[str, Any]) -> str:
    """Names exactly these fields of a create, so that a refused one is not sent again as it was."""
    return hashlib.sha256(orjson.dumps(fields, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]


def _default(unit: Unit, spec: SideSpec) -> Any:
    if len(unit.fields) == 1:
        return spec.defaults.get(unit.fields[0])
    group = {f: spec.defaults[f] for f in unit.fields if f in spec.defaults}
    return group or None


def _holds(fields: Mapping[str, Any], path: str) -> bool:
    at: Any = fields
    for step in path.split("."):
        if not isinstance(at, Mapping) or at.get(step) in (None, "", []):
            return False
        at = at[step]
    return True
