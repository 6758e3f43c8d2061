"""Findings in words: the answer in one line, and each of them as programs read it, with what an
operator can do about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from syncline.verify.found import CAP, Disagreement, Duplicate, OneSided, Orphan, Verified


def to_json(found: Verified) -> dict[str, Any]:
    """What `verify --json` prints of a sync. Lists name `cap` findings at most; all are counted."""
    name = found.sync
    return {
        "sync": name,
        "run": found.run,
        "state": found.state,
        "at": found.finished_at,
        "since": found.since,
        **found.summary(),
        "disagreements": [_disagreement(name, one) for one in found.disagreements.kept],
        "orphans": [_orphan(name, one) for one in found.orphans.kept],
        "duplicates": [_duplicate(name, one) for one in found.duplicates.kept],
        "one_sided": [_one_sided(name, one) for one in found.one_sided.kept],
        "cap": CAP,
        "read": dict(found.read),
        "unlisted": {side: n for side, n in found.unlisted.items() if n},
        "requests": found.requests,
    }


def headline(found: Verified) -> str:
    """How far a sync agrees, and what is wrong, in one line."""
    if found.stopped:
        return f"{found.sync}: not verified, because {' and '.join(found.stopped)} cannot be read."
    if not found.whole:
        return f"{found.sync}: nothing to compare; no records are linked."
    differing, counts = found.links.differing, found.counts()
    parts = [
        f"{differing} {'differs' if differing == 1 else 'differ'}" if differing else "",
        f"{counts['one_sided']} one-sided" if counts["one_sided"] else "",
        _count(counts["orphans"], "orphan"),
        _count(counts["duplicates"], "duplicate"),
    ]
    wrong = ", ".join(part for part in parts if part)
    agreeing = f"{found.whole - found.wrong} of {_count(found.whole, 'link')}"
    return f"{found.sync}: {percent(found.agreement)} agree: {agreeing}" + (
        f"; {wrong}." if wrong else "."
    )


def percent(share: float) -> str:
    """A share of the whole, rounded down: 100 % is said only when it is true."""
    return f"{int(round(share * 1000, 6)) / 10:g} %"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}" if number else ""


def _disagreement(sync: str, one: Disagreement) -> dict[str, Any]:
    side, record = next(iter(one.records.items()))
    return {
        "sync": sync,
        "link": one.link,
        "field": one.field,
        "records": dict(one.records),
        "values": dict(one.values),
        "unreadable": dict(one.unreadable),
        "do": (
            f"`syncline why {side}:{record}.{one.field}` tells how it came; "
            f"`syncline sync {sync} --full` reads what passes have missed; else type the right "
            "value into the tool that is wrong"
        ),
    }


def _one_sided(sync: str, one: OneSided) -> dict[str, Any]:
    here = f"{one.side}:{one.record}"
    do = {
        "gone": f"`syncline sync {sync} --full` looks for it and buries it if it is gone",
        "deleted": f"the next pass sees it: `syncline sync {sync}`",
        "hidden": (
            f"let Syncline's account see {here}, or cut the link: `syncline unlink {sync} {here}`"
        ),
        "merged": (
            f"`syncline unlink {sync} {here}`, then `syncline adopt` with the record that answers"
        ),
    }
    return {
        "sync": sync,
        "link": one.link,
        "side": one.side,
        "record": one.record,
        "records": dict(one.records),
        "why": one.why,
        "do": do[one.why],
    }


def _orphan(sync: str, one: Orphan) -> dict[str, Any]:
    here = f"{one.side}:{one.record}"
    adopt = f"`syncline adopt {sync} {here} {one.missing or 'SIDE'}:ID`"
    do = {
        "unlinked": (
            f"`syncline sync {sync} --full` reads what passes have missed; if its counterpart "
            f"exists, {adopt}"
        ),
        "no_counterpart": (
            f"`syncline sync {sync}` makes it; if it does not, `syncline quarantine` says why"
        ),
        "marker": f"Syncline made it, and its link is gone: {adopt} ties it to its counterpart",
    }
    return {
        "sync": sync,
        "side": one.side,
        "record": one.record,
        "why": one.why,
        "missing": one.missing,
        "link": one.link,
        "do": do[one.why],
    }


def _duplicate(sync: str, one: Duplicate) -> dict[str, Any]:
    do: Mapping[str, str] = {
        "marker": "a copied record has a copied key: empty the key in the copy, or delete the copy",
        "reference": "one of them is about something else: take the address out there",
        "two_links": f"cut the wrong link: `syncline unlink {sync} {one.side}:{one.records[0]}`",
    }
    return {
        "sync": sync,
        "side": one.side,
        "records": list(one.records),
        "why": one.why,
        "of": one.of,
        "do": do[one.why],
    }
