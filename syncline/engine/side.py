"""What an operator says of one side: which records are in, and what new ones get there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from syncline.config import SideConfig, did_you_mean
from syncline.engine.filters import compile_where
from syncline.engine.policies import Report
from syncline.engine.spec import Unit, Where
from syncline.mapping.lens import NOBODY, FieldLens, Unwritable
from syncline.mapping.load import ToolMapping
from syncline.schema import kinds
from syncline.sdk.connector import Schema


def where(side: str, said: SideConfig, mapping: ToolMapping, report: Report) -> Where | None:
    """Whether a record's shared values are of the sync; None where all are."""
    known = {name: lens.kind for name, lens in mapping.fields.items()}
    tests = []
    for field, condition in said.where.items():
        if field in known:
            try:
                tests.append(compile_where({field: condition}, known))
            except ValueError as error:
                report(("sides", side, "where", field), str(error))
    return _all([test for test in tests if test is not None])


def defaults(side: str, said: SideConfig, mapping: ToolMapping, report: Report) -> dict[str, Any]:
    """What new records get where nothing fills a field, in normal form."""
    found = {}
    for field, value in said.defaults.items():
        lens = mapping.fields.get(field)
        if lens is None:
            continue
        try:
            found[field] = _default(lens, value, mapping.text)
        except (ValueError, Unwritable) as error:
            hint = ""
            inner = lens.kind.inner if isinstance(lens.kind, kinds.Extension) else lens.kind
            if isinstance(inner, kinds.Enum):
                hint = did_you_mean(value, inner.options)
            report(("sides", side, "defaults", field), str(error), hint)
    return found


def required(
    side: str, units: Mapping[str, Unit], mapping: ToolMapping, schema: Schema | None
) -> tuple[str, ...]:
    """Paths that a new record must have and that some synced field could fill.

    What nothing fills is for `check` to report: the tool, or its connector, may fill it by itself.
    """
    record = schema.records.get(mapping.record) if schema else None
    if record is None:
        return ()
    fillable = {
        path
        for unit in units.values()
        if side in unit.lenses and unit.modes[side] != "off" and not unit.lenses[side].read_only
        for path in unit.lenses[side].paths
    }
    return tuple(
        path
        for path, known in record.fields.items()
        if known.required and not known.read_only and path in fillable
    )


def _default(lens: FieldLens, value: Any, text: str) -> Any:
    """A default in normal form. ValueError or Unwritable where this side cannot take it."""
    if lens.read_only:
        raise ValueError(f"`{lens.name}` is read-only there")
    if lens.kind.name == "rich_text" and isinstance(value, str):
        value = kinds.rich_text(text, value)
    found = lens.kind.normal(value)
    # Who has which handle is known to the tool alone.
    if lens.kind.name not in ("person", "people"):
        lens.put(None, found, NOBODY)
    return found


def _all(tests: Sequence[Where]) -> Where | None:
    if not tests:
        return None
    return lambda values: all(test(values) for test in tests)
