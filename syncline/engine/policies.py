"""What an operator says of a field, as a unit's modes and its policy for conflicts."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from syncline.config import FieldConfig, did_you_mean
from syncline.engine.spec import Mode, Policy
from syncline.mapping.units import Unit
from syncline.schema import kinds
from syncline.sdk.connector import Capabilities, Visibility


class Report(Protocol):
    """Takes a problem: where in the sync, what is wrong, what to do."""

    def __call__(self, path: Sequence[str], what: str, do: str = "") -> None: ...


def modes(
    unit: Unit, said: Mapping[str, FieldConfig], sides: Collection[str], report: Report
) -> dict[str, Mode]:
    """The unit's mode on each side that maps it; what a tool never takes is `source`."""
    found: dict[str, Mode] = {}
    for field, config in said.items():
        for side, mode in config.sides.items():
            at = ("fields", field, "sides", side)
            if side not in sides:
                report(at, f"`{side}` is no side of this sync", did_you_mean(side, sides))
            elif side not in unit.lenses or field not in unit.lenses[side].fields:
                report(at, f"{side} does not map `{field}`", "take this side out")
            elif unit.lenses[side].read_only and mode == "target":
                report(at, f"`{field}` is read-only in {side}, so it cannot be a target", "")
            elif found.setdefault(side, mode) != mode:
                report(
                    at,
                    f"`{field}` is decided together with {' and '.join(unit.fields)}, "
                    f"which cannot have two modes on {side}",
                    "give them the same mode",
                )
    return {
        side: _mode(found.get(side, "both"), lens.read_only) for side, lens in unit.lenses.items()
    }


def _mode(said: Mode, read_only: bool) -> Mode:
    return "source" if read_only and said == "both" else said


def policy(
    unit: Unit, said: Mapping[str, FieldConfig], sides: Collection[str], report: Report
) -> Policy:
    """The unit's policy: `merge` where the kind can, else `ask`, unless the operator says more."""
    spoken = {
        field: config
        for field, config in said.items()
        if config.on_conflict or config.authority or config.order
    }
    if len({(c.on_conflict, c.authority, c.order) for c in spoken.values()}) > 1:
        names = " and ".join(spoken)
        field = next(iter(spoken))
        report(("fields", field), f"{names} are decided together", "give them the same policy")
    default = "merge" if unit.kind.merges else "ask"
    for field, config in spoken.items():
        at = ("fields", field)
        if config.authority is not None and config.authority not in sides:
            hint = did_you_mean(config.authority, sides)
            report((*at, "authority"), f"`{config.authority}` is no side of this sync", hint)
        kind = config.on_conflict or ("authority" if config.authority else default)
        if kind == "merge" and not unit.kind.merges:
            report(
                (*at, "on_conflict"),
                f"two values of `{field}` cannot be merged",
                "use `ask`, `newest`, or `authority: SIDE`",
            )
        return Policy(kind, config.authority, _order(unit, field, kind, config, report))
    return Policy(default)


def uneditable(
    unit: Unit,
    said: Mapping[str, FieldConfig],
    capabilities: Mapping[str, Capabilities],
    report: Report,
) -> str:
    """What happens to later edits where the unit is taken at creation only: `park` or `note`."""
    for field, config in said.items():
        if config.on_uneditable != "note":
            continue
        at = ("fields", field, "on_uneditable")
        fixed = [side for side, lens in unit.lenses.items() if lens.create_only]
        if not fixed:
            report(at, f"`{field}` can be edited on every side", "take `on_uneditable` out")
        for side in fixed:
            can = capabilities.get(side)
            if can is not None and Visibility.INTERNAL not in can.visibilities:
                report(at, f"{side} has no internal notes", "take `on_uneditable` out")
        return "note"
    return "park"


def _order(
    unit: Unit, field: str, kind: str, config: FieldConfig, report: Report
) -> tuple[str, ...]:
    at = ("fields", field, "order")
    if kind != "state":
        if config.order:
            report(at, "`order` is for `on_conflict: state`", "add that, or take `order` out")
        return ()
    inner = unit.kind.inner if isinstance(unit.kind, kinds.Extension) else unit.kind
    if not isinstance(inner, kinds.Enum):
        report(
            ("fields", field, "on_conflict"),
            f"`state` needs a field of its own with options, and `{field}` is none",
            "use `ask`, `newest`, or `authority: SIDE`",
        )
        return ()
    for value in config.order:
        if value not in inner.options:
            report(at, f"`{field}` has no value `{value}`", did_you_mean(value, inner.options))
    return config.order or inner.options
