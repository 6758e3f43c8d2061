"""From a patch in the wire record's shape to the values of Odoo's `create` and `write`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from connectors.odoo.client import Row, stamp
from connectors.odoo.metadata import Metadata
from connectors.odoo.people import People
from connectors.odoo.records import LOST, TASK_OPEN, TASK_STATES, Field, Kind, RecordType
from connectors.odoo.wire import named
from syncline.sdk.connector import Wire
from syncline.sdk.errors import Rejected

NONE = False  # what Odoo shows, and takes, for an empty value
_LINK, _UNLINK = 4, 3
_COMPUTED = "Waiting"


class Patching:
    """Translates for one connection; what cannot be written raises Rejected before it is sent."""

    def __init__(self, metadata: Metadata, people: People) -> None:
        self._metadata = metadata
        self._people = people

    async def values(
        self,
        kind: RecordType,
        patch: Wire,
        expected: Wire,
        row: Row | None,
        project: int | None = None,
    ) -> dict[str, Any]:
        """What sets `patch` on a record; `row` is what it shows, where that matters (`looks`).

        `project` is that of a task that is yet to be made.
        """
        values: dict[str, Any] = {}
        # A status names a stage of the project, which the same patch may change.
        ordered = sorted(patch, key=lambda path: path == "status")
        for path in ordered:
            field, value = self._field(kind, path), patch[path]
            if field.kind is Kind.STATUS:
                home = values.get("project_id", _project(row) or project)
                values |= await self._status(kind, value, home, row)
            elif field.kind is Kind.TAGS:
                values[field.name] = await self._tags(kind, value, expected.get(path))
            elif field.kind is Kind.SOLE:
                values[field.name] = await self._sole(value, row, field)
            else:
                values[field.name] = await self._value(field, value)
        if row is not None:
            _span_kept(kind, values, row)
        return values

    @staticmethod
    def looks(kind: RecordType, patch: Wire) -> bool:
        """Whether the record has to be read before this patch can be translated."""
        looked_at = (Kind.STATUS, Kind.SOLE)
        patched = [f for f in kind.fields if f.path in patch]
        return any(f.kind in looked_at or f.name in kind.span for f in patched)

    def _field(self, kind: RecordType, path: str) -> Field:
        field = kind.field(path)
        if field is None or field.read_only:
            why = "is read-only" if field else f"is no field of a {kind.record}"
            raise Rejected(f"{path!r} {why} in Odoo; the record is left as it is.")
        return field

    async def _value(self, field: Field, value: Any) -> Any:
        if value is None:
            if field.required:
                raise Rejected(
                    f"Odoo keeps no record without {field.label!r}; it is left as it is."
                )
            return NONE
        match field.kind:
            case Kind.CHOICE:
                return _choice(field, value)
            case Kind.DATETIME:
                return _moment(field, value)
            case Kind.DOMAIN:
                return f"https://{value}"
            case Kind.NAMED:
                return await self._project_named(value)
            case Kind.USER:
                return await self._people.user(value)
            case Kind.PARTNER:
                if not str(value).isdecimal():
                    raise Rejected(f"{field.path} {value!r} is none of Odoo's ids.")
                return int(value)
        return value

    async def _project_named(self, name: object) -> int:
        projects = await self._metadata.projects()
        if name not in projects:
            known = ", ".join(projects) or "none"
            raise Rejected(f"The project {name!r} is outside the connection's scope: {known}.")
        return projects[str(name)]

    async def _tags(self, kind: RecordType, value: Any, expected: Any) -> list[Any]:
        """Links what is added and unlinks what is taken off: what others add meanwhile stays."""
        new, old = _words(value), _words(expected)
        added = await self._metadata.tags(kind, [name for name in new if name not in old])
        removed = await self._metadata.tags(kind, [name for name in old if name not in new])
        return [*([_LINK, id] for id in added), *([_UNLINK, id] for id in removed)]

    async def _sole(self, value: Any, row: Row | None, field: Field) -> list[Any]:
        assigned: Sequence[int] = row[field.name] if row else ()
        if len(assigned) > 1:
            raise Rejected(
                f"Several people are assigned to {row and row['id']}, and Syncline keeps one: who"
                " is assigned is left as it is. Leave one person in Odoo to sync it again."
            )
        wanted = [] if value is None else [await self._people.user(value)]
        return [
            *([_UNLINK, user] for user in assigned if user not in wanted),
            *([_LINK, user] for user in wanted),
        ]

    async def _status(
        self, kind: RecordType, value: Any, project: int | None, row: Row | None
    ) -> dict[str, Any]:
        if value is None:
            raise Rejected(f"A {kind.record} cannot be without a status; it is left as it is.")
        if kind.record == "task":
            return await self._task_status(kind, value, project, row)
        if kind.record == "opportunity" and value == LOST:
            return {"active": False, "probability": 0}
        stage = {"stage_id": await self._metadata.stage(kind, value, None)}
        if row is not None and row.get("won_status") == "lost":
            return {**stage, "active": True, "lost_reason_id": NONE}
        return stage

    async def _task_status(
        self, kind: RecordType, value: Any, project: int | None, row: Row | None
    ) -> dict[str, Any]:
        state = next((key for key, label in TASK_STATES.items() if label == value), None)
        if value == _COMPUTED:
            raise Rejected("Odoo itself sets a task to Waiting, while others block it.")
        if state is not None:
            return {"state": state}
        stage = {"stage_id": await self._metadata.stage(kind, value, project)}
        if row is not None and row["state"] == TASK_OPEN and named(row["stage_id"]) == value:
            return {}
        return {**stage, "state": TASK_OPEN}


def _span_kept(kind: RecordType, values: Mapping[str, Any], row: Row) -> None:
    """Raises Rejected where Odoo would drop a day in silence, or empty the other one with it."""
    after = [values.get(name, row[name]) for name in kind.span if name in values or name in row]
    if any(name in values for name in kind.span) and any(after) and not all(after):
        raise Rejected(
            f"Odoo changes the start and end of a {kind.record} together: it drops one that is set"
            " alone, and empties both where one is emptied. Both are left as they are; give the"
            f" {kind.record} both days in Odoo, or neither."
        )


def _project(row: Row | None) -> int | None:
    project = row.get("project_id") if row else None
    return int(project["id"]) if project else None


def _words(value: Any) -> list[str]:
    return [str(name) for name in value or ()]


def _choice(field: Field, value: Any) -> str:
    for key, label in field.choices.items():
        if label == value:
            return key
    known = ", ".join(field.choices.values())
    raise Rejected(f"Odoo has no {field.path} {value!r}; there are: {known}.")


def _moment(field: Field, value: Any) -> str:
    try:
        told = datetime.fromisoformat(str(value))
        if told.tzinfo is None:
            raise ValueError("no time zone")
    except ValueError as error:
        raise Rejected(f"{field.path} {value!r} is no moment with its time zone.") from error
    return stamp(told)


def shows(shown: Mapping[str, Any], expected: Wire) -> list[str]:
    """The paths at which a record shows something else than the plan saw."""
    return [path for path, value in expected.items() if shown.get(path) != value]
