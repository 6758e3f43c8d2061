"""Plans as people read, save and apply them: a JSON file with every action, field by field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from os.path import commonprefix
from pathlib import Path
from typing import Any

import orjson

from syncline.engine.decision import digest
from syncline.engine.planned import LinkPlan

FORMAT = "syncline-plan/1"
LARGEST = 256 * 1024 * 1024
SHOWN = 5


class PlanError(Exception):
    """A file that is no plan of this version of Syncline."""


class PlanStale(Exception):
    """What a saved plan rests on has moved since it was made; nothing was sent."""

    def __init__(self, plan: Plan, moved: Sequence[str]) -> None:
        more = len(moved) - SHOWN
        shown = [*moved[:SHOWN], *([f"and {more} more"] if more > 0 else [])]
        super().__init__(
            f"The plan for {plan.sync} of {plan.made_at:%Y-%m-%d %H:%M:%S} UTC no longer holds: "
            f"{'; '.join(shown)}. Nothing was sent; make a new one with "
            f"`syncline plan {plan.sync} --out FILE` and look at it again."
        )
        self.moved = tuple(moved)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a pass would do. `requests`: an estimate by side. `remap`: a mapping has changed."""

    sync: str
    fingerprint: str
    made_at: datetime
    accounts: Mapping[str, str]
    remap: bool
    actions: tuple[Mapping[str, Any], ...]
    counts: Mapping[str, int]
    conflicts: tuple[Mapping[str, Any], ...] = ()
    parked: tuple[Mapping[str, Any], ...] = ()
    requests: Mapping[str, int] = field(default_factory=dict)
    refused: tuple[str, ...] = ()
    stopped: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def records(self) -> set[str]:
        """The records of every link that the actions touch, `SIDE:ID`."""
        return {
            f"{side}:{record}"
            for action in self.actions
            for side, record in action["source"].items()
        }

    def to_json(self) -> dict[str, Any]:
        """What `plan --json` prints, and what a plan's file holds."""
        return {
            "format": FORMAT,
            "sync": self.sync,
            "made_at": self.made_at.isoformat(),
            "fingerprint": self.fingerprint,
            "accounts": dict(self.accounts),
            "remap": self.remap,
            "actions": [dict(action) for action in self.actions],
            "counts": dict(self.counts),
            "conflicts": [dict(one) for one in self.conflicts],
            "parked": [dict(one) for one in self.parked],
            "requests": dict(self.requests),
            "refused": list(self.refused),
            "stopped": dict(self.stopped),
            "notes": list(self.notes),
        }


def save(plan: Plan, path: Path) -> None:
    """Write a plan's file, readable by its owner alone: it holds records' contents."""
    body = orjson.dumps(plan.to_json(), option=orjson.OPT_INDENT_2)
    path.touch(mode=0o600)
    path.write_bytes(body)


def load(path: Path) -> Plan:
    """The plan in a file. PlanError says why there is none."""
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST + 1)
    except OSError as error:
        raise PlanError(f"{path} cannot be read: {error.strerror}.") from None
    try:
        body: Any = orjson.loads(raw) if len(raw) <= LARGEST else None
        if body["format"] != FORMAT:
            raise KeyError("format")
        return Plan(
            sync=body["sync"],
            fingerprint=body["fingerprint"],
            made_at=datetime.fromisoformat(body["made_at"]),
            accounts=dict(body["accounts"]),
            remap=bool(body["remap"]),
            actions=tuple(_action(action) for action in body["actions"]),
            counts=dict(body["counts"]),
        )
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError):
        raise PlanError(
            f"{path} is no plan that this version of Syncline can read. Nothing was sent; write "
            "one with `syncline plan SYNC --out FILE`."
        ) from None


def _action(body: Mapping[str, Any]) -> dict[str, Any]:
    keys = ("side", "kind", "record", "field", "before", "after", "why", "source")
    return {**{key: body[key] for key in keys}, "source": dict(body["source"])}


def differences(saved: Plan, now: Plan) -> list[str]:
    """What of a saved plan has moved, an action each, for people; nothing: it still holds."""
    moved = []
    for side, account in saved.accounts.items():
        if now.accounts.get(side) != account:
            moved.append(f"the credentials of {side} lead to {now.accounts.get(side)} now")
    before = {_name(action): action for action in saved.actions}
    after = {_name(action): action for action in now.actions}
    for name, action in before.items():
        if name not in after:
            moved.append(f"{told(action)} is not needed or not possible any more")
        elif _effect(after[name]) != _effect(action):
            moved.append(f"{told(action)} would now be {told(after[name])}")
    moved += [f"{told(action)} has come up" for name, action in after.items() if name not in before]
    return moved


def told(action: Mapping[str, Any]) -> str:
    """An action in a few words."""
    if action["field"] is None:
        return f"{action['kind']} of {action['side']}:{action['record']}"
    if action["record"] is None:
        source = ", ".join(f"{s}:{r}" for s, r in action["source"].items())
        return f"{action['field']} of a new record in {action['side']} for {source}"
    before, after = brief(action["before"], action["after"])
    return f"{action['side']}:{action['record']}.{action['field']} {before} → {after}"


def brief(*values: Any) -> tuple[str, ...]:
    """Shared values that stand beside each other, each on one short line that shows how they
    differ."""
    return beside([_text(value) for value in values], 48)


def beside(texts: Sequence[str], length: int) -> tuple[str, ...]:
    """Texts of at most `length` characters: what is too long begins before the first difference."""
    same = len(commonprefix(texts)) if len(set(texts)) > 1 else 0
    start = min(same - length // 4, max(map(len, texts), default=0) - length)
    shown = [f"…{text[start + 1 :]}" if start > 0 else text for text in texts]
    return tuple(t if len(t) <= length else f"{t[: length - 1]}…" for t in shown)


def _text(value: Any) -> str:
    if value is None:
        return "empty"
    if isinstance(value, dict) and "source" in value:
        value = value["source"]
    text = value if isinstance(value, str) else orjson.dumps(value, default=str).decode()
    return " ".join(text.split())


def _name(action: Mapping[str, Any]) -> tuple[str, ...]:
    place = action["record"] or orjson.dumps(action["source"], option=orjson.OPT_SORT_KEYS).decode()
    return (action["side"], place, str(action["field"]), action["kind"])


def _effect(action: Mapping[str, Any]) -> bytes:
    return orjson.dumps([action["before"], action["after"]], option=orjson.OPT_SORT_KEYS)


def waiting(plans: Iterable[LinkPlan]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The conflicts of planned links, and what would be parked."""
    conflicts: list[dict[str, Any]] = []
    parked: list[dict[str, Any]] = []
    for plan in plans:
        sides = {side: at.record_id for side, at in plan.link.sides.items()}
        conflicts += [
            {
                "sides": sides,
                "field": clash.unit,
                "candidates": [candidate.to_json() for candidate in clash.candidates],
                "digest": digest(clash.unit, clash.candidates),
            }
            for clash in plan.clashes
        ]
        parked += [
            {
                "sides": sides,
                "side": refusal.side,
                "field": refusal.unit,
                "action": refusal.action,
                "reason": refusal.reason,
            }
            for refusal in plan.refusals
            if refusal.action != "note"
        ]
    return conflicts, parked
