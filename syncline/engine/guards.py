"""Refusals of a whole plan that looks like harm (I22), judged before anything is sent."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from syncline.engine.spec import Sync

FLOOR = 20
"""Percentages mean nothing below this many records."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A guard that refuses the plan. `name` is what `--force NAME` takes, once and audited."""

    name: str
    reason: str


def judge(
    sync: Sync,
    *,
    links: int,
    changed: Mapping[str, int],
    deletes: int,
    fingerprint_moved: bool,
    accounts_moved: Collection[str],
    forced: Collection[str] = (),
) -> list[Refused]:
    """All guards that refuse. `changed`: linked records with something new, by side."""
    refused = []
    for side, count in changed.items():
        percent = 100 * count / links if links else 0
        if links >= FLOOR and percent > sync.guards.max_changed_percent:
            refused.append(
                Refused(
                    "changed",
                    f"{count} of {links} linked records changed in {side} at once "
                    f"({percent:.0f} %, allowed {sync.guards.max_changed_percent:.0f} %)",
                )
            )
    if deletes > sync.deletes.max and 100 * deletes > sync.deletes.max_percent * links:
        refused.append(
            Refused(
                "deletes",
                f"{deletes} of {links} linked records are gone on one side "
                f"(allowed {sync.deletes.max} or {sync.deletes.max_percent:.0f} %)",
            )
        )
    if fingerprint_moved and links:
        refused.append(
            Refused(
                "mapping",
                "the sync's scope, fields or mapping changed since its last run; look at "
                f"`syncline plan {sync.name} --out FILE` and run `syncline apply FILE`",
            )
        )
    for side in accounts_moved:
        refused.append(
            Refused(
                "account",
                f"the credentials of {side} lead to another account than before; check them, or "
                f"look at `syncline plan {sync.name} --out FILE` and run `syncline apply FILE`",
            )
        )
    return [guard for guard in refused if guard.name not in forced]


def shrunk(sync: Sync, side: str, known: int, seen: int) -> Refused | None:
    """The guard on a listing that shows too few of the records known to exist."""
    if known < FLOOR or seen >= known:
        return None
    percent = 100 * (known - seen) / known
    if percent <= sync.guards.max_shrink_percent:
        return None
    return Refused(
        "shrink",
        f"{side} lists {seen} of {known} linked records ({percent:.0f} % fewer, allowed "
        f"{sync.guards.max_shrink_percent:.0f} %); none of the missing is taken as deleted",
    )
