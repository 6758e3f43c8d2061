"""Finds which records of different sides are the same thing. Never guesses: one candidate links,
several are a question, none is a new link or a record left alone.

Evidence, in this order: a marker that we signed and wrote, an explicit reference (an address of the
other record in a field for it), the sync's `match` rule on shared fields.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from syncline.engine.plan import shared_values
from syncline.engine.spec import Sync
from syncline.mapping.lens import People
from syncline.schema.text import plain_text
from syncline.store.rows import Observation, Slice


@dataclass(frozen=True, slots=True)
class Question:
    """A record with several possible counterparts; a person decides with `syncline adopt`.

    `linked` are records `(side, id)` of a link that the record may belong to.
    """

    record: Observation
    candidates: tuple[Observation, ...]
    by: str
    linked: tuple[tuple[str, str], ...] = ()


def match_key(sync: Sync, side: str, slice_: Slice, people: Mapping[str, People]) -> str | None:
    """The key under which records of different sides meet by the `match` rule, if it has fields.

    Text is compared without case and surplus white space; a record with one of the fields empty
    has no key.
    """
    fields = next((rule for rule in sync.match if isinstance(rule, tuple)), None)
    if fields is None:
        return None
    values = shared_values(sync, side, slice_, people, set(fields))
    parts = [_comparable(values.get(name)) for name in fields]
    if any(part is None for part in parts):
        return None
    return orjson.dumps(parts).decode()


def _comparable(value: Any) -> Any:
    if isinstance(value, dict) and "format" in value:
        value = plain_text(value)  # type: ignore[arg-type]
    if isinstance(value, str):
        return " ".join(value.split()).casefold() or None
    return value


def pair(
    sync: Sync,
    loose: Sequence[Observation],
    partners: Callable[[Observation], Sequence[Observation]],
) -> tuple[list[Mapping[str, Observation]], list[Question]]:
    """Link loose records that have exactly one partner a side, and that each other's only one:
    the records of each new link, by side, and what a person has to say.

    `partners` gives the loose records that some evidence ties to a record, with its own side's
    where others match as well as it does.
    """
    matched: list[Mapping[str, Observation]] = []
    questions: list[Question] = []
    taken: set[tuple[str, str]] = set()
    for record in loose:
        if (record.side, record.record_id) in taken:
            continue
        found = partners(record)
        by_side: dict[str, list[Observation]] = {record.side: [record]}
        for partner in found:
            if (partner.side, partner.record_id) not in taken:
                by_side.setdefault(partner.side, []).append(partner)
        if len(by_side) < 2:
            continue
        if any(len(rows) > 1 for rows in by_side.values()):
            group = tuple(row for rows in by_side.values() for row in rows if row is not record)
            questions.append(Question(record, group, "match"))
            taken.update((row.side, row.record_id) for rows in by_side.values() for row in rows)
            continue
        records = {side: rows[0] for side, rows in by_side.items()}
        taken.update((row.side, row.record_id) for row in records.values())
        matched.append(records)
    return matched, questions


def spread(
    ties: Mapping[tuple[str, str], Sequence[Observation]],
) -> dict[tuple[str, str], list[Observation]]:
    """Ties that reach as far as they go: what is tied to one record is tied to all of its.

    `ties` holds each tie both ways, by side and record id. Without this, who comes first would
    take a record that others name as well.
    """
    rows = {(row.side, row.record_id): row for group in ties.values() for row in group}
    found: dict[tuple[str, str], list[Observation]] = {}
    for start in ties:
        if start in found:
            continue
        reached, waiting = {start}, [start]
        while waiting:
            more = {(row.side, row.record_id) for row in ties[waiting.pop()]} - reached
            reached |= more
            waiting += more
        for place in reached:
            found[place] = [rows[other] for other in sorted(reached) if other != place]
    return found
