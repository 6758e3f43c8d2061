"""People across the tools: who is matched, by what, and who is not. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from syncline.identities import nearest
from syncline.identities.nearest import Party
from syncline.store.rows import PersonRow

Known = Mapping[str, Mapping[str, PersonRow]]
"""People by connection and handle."""

Found = Mapping[str, Mapping[str, str]]
"""Handles by connection and address, as tools told when they were asked."""

Wants = Mapping[str, frozenset[str]]
"""For each connection the others that its people are written to."""


@dataclass(frozen=True, slots=True)
class Matched:
    """Somebody known in several tools. `by`: e-mail, or the operator's table."""

    person: str
    name: str
    handles: Mapping[str, str]
    by: str


@dataclass(frozen=True, slots=True)
class Unmatched:
    """Somebody in `party`'s tool whom `missing` does not know.

    `candidates` are equally near for the `reason`; of several none is proposed. `entry` is what the
    configuration's `people` would say.
    """

    party: Party
    missing: str
    candidates: Sequence[Party] = ()
    reason: str = ""
    entry: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class People:
    """The report on people."""

    matched: Sequence[Matched]
    unmatched: Sequence[Unmatched]


def report(met: Known, table: Known, found: Found, wants: Wants) -> People:
    """Everybody whom a tool told of, and whom each of the tools that want them knows.

    `met` are people that tools told of, `table` the operator's own; `found` are addresses that a
    tool says it knows, asked just now.
    """
    told = {c: {**met.get(c, {}), **table.get(c, {})} for c in {*met, *table, *wants}}
    known = {
        c: {row.email for row in rows.values() if row.email and row.active} | set(found.get(c, ()))
        for c, rows in told.items()
    }
    unmatched = [
        _unmatched(connection, row, missing, told, known)
        for connection in sorted(wants)
        for _, row in sorted(told[connection].items())
        if row.active
        for missing in sorted(wants[connection])
        if row.email is None or row.email not in known[missing]
        # Whom the operator named is settled, also where they are in one tool only.
        if row.handle not in table.get(connection, {})
    ]
    return People(list(_matched(told, table, found)), unmatched)


def unknown(met: Known, table: Known, wants: Wants) -> dict[str, set[str]]:
    """For each connection the addresses that it may know, though no record has named them yet."""
    asked: dict[str, set[str]] = {}
    for connection, others in wants.items():
        rows = {**met.get(connection, {}), **table.get(connection, {})}.values()
        mine = {row.email for row in rows if row.email and "@" in row.email and row.active}
        for other in others:
            there = {**met.get(other, {}), **table.get(other, {})}.values()
            asked.setdefault(other, set()).update(mine - {row.email for row in there})
    return {connection: emails for connection, emails in asked.items() if emails}


def _matched(told: Known, table: Known, found: Found) -> Iterator[Matched]:
    handles: dict[str, dict[str, str]] = {}
    names: dict[str, str] = {}
    for connection, rows in sorted(told.items()):
        for handle, row in sorted(rows.items()):
            if row.email and row.active:
                handles.setdefault(row.email, {}).setdefault(connection, handle)
                names[row.email] = names.get(row.email) or row.name
    for person, at in sorted(handles.items()):
        everywhere = {c: emails[person] for c, emails in found.items() if person in emails} | at
        if len(everywhere) > 1:
            named = any(handle in table.get(c, {}) for c, handle in at.items())
            yield Matched(person, names[person], everywhere, "table" if named else "e-mail")


def _unmatched(
    connection: str, row: PersonRow, missing: str, told: Known, known: Mapping[str, set[str]]
) -> Unmatched:
    one = _party(row)
    # Somebody who has a counterpart of their own is somebody else.
    free = [
        other
        for other in told[missing].values()
        if other.active and (other.email is None or other.email not in known[connection])
    ]
    near, reason = nearest.nearest(one, map(_party, free), nearest.people)
    entry = _entry(one, near[0]) if len(near) == 1 else None
    return Unmatched(one, missing, near, reason.words if reason else "", entry)


def entries(unmatched: Sequence[Unmatched]) -> list[dict[str, Any]]:
    """What may be put under `people`: each person once, with all their handles."""
    found: list[dict[str, Any]] = []
    for entry in (one.entry for one in unmatched if one.entry):
        mine: dict[str, str] = entry["handles"]
        for known in found:
            handles = known["handles"]
            shared = [c for c in mine if handles.get(c) == mine[c]]
            if shared and all(handles.get(c, mine[c]) == mine[c] for c in mine):
                handles.update(mine)
                break
        else:
            found.append({**entry, "handles": dict(mine)})
    return found


def _party(row: PersonRow) -> Party:
    return Party(row.connection, row.handle, row.name, row.email or "")


def _entry(one: Party, other: Party) -> dict[str, Any]:
    email = one.at or other.at
    return {
        "name": one.name or other.name or one.id,
        **({"email": email} if email else {}),
        "handles": {one.connection: one.id, other.connection: other.id},
    }
