"""What PostHog makes of events: persons and their ids, groups, and the events that queries see.

Capture answers before anything is done; what was captured is processed when its lag is over, in the
order of arrival for each distinct id (posthog.com/docs/how-posthog-works/ingestion-pipeline). An
event that cannot be processed is dropped in silence: see `_kept`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import orjson

from connectors.posthog.fake.project import Office, Row
from syncline.sandbox import Call

LAG = timedelta(seconds=20)
LARGEST_EVENT = 1_000_000
GROUP_TYPES = 5
_NAMESPACE = UUID("0190a0de-0000-7000-8000-000000000000")


class Analytics:
    """Events, persons, distinct ids and groups of the project."""

    def __init__(self, office: Office) -> None:
        self.office = office
        table = office.state.table
        self.events, self.persons, self.ids = table("event"), table("person"), table("distinct_id")
        self.groups, self.types = table("group"), table("group_type")
        self._queue = table("captured")
        self.edits = 0
        """Grows with each change, so that who keeps a copy knows when it is old."""

    def accept(self, call: Call, events: list[Any]) -> None:
        """Captured events, to be processed when their lag is over."""
        now = self.office.clock.now()
        due = now + LAG + (call.lag or timedelta())
        for event in events:
            number = self.office.state.next("captured")
            row = {"event": event, "arrived": _stamp(now), "due": _stamp(due)}
            self._queue.put(str(number), row)

    def ingest(self) -> None:
        """Process what is due; whose earlier event is not due yet has to wait."""
        now, waiting = _stamp(self.office.clock.now()), set[str]()
        for number, row in list(self._queue.items()):
            who = _whose(row["event"])
            if row["due"] > now or who in waiting:
                waiting.add(who)
                continue
            self._queue.delete(number)
            if (event := _kept(row["event"], number)) is not None:
                self._process(event, row["arrived"])

    def happen(self, event: str, distinct_id: str, properties: Row, at: datetime) -> str:
        """An event that was processed the moment it happened; gives its uuid."""
        uuid = str(UUID(int=_NAMESPACE.int + self.office.state.next("event uuid")))
        row = {"event": event, "distinct_id": distinct_id, "properties": properties}
        self._process({**row, "timestamp": at.isoformat(), "uuid": uuid}, _stamp(at))
        return uuid

    def group(self, type: str, key: str, properties: Row) -> bool:
        """Set properties of a group; False where the project has its five types already."""
        index = self._type(type)
        if index is None:
            return False
        now, place = _stamp(self.office.clock.now()), f"{index}/{key}"
        old = self.groups.get(place) or {"properties": {}, "created_at": now}
        new = {"index": index, "key": key, "properties": {**old["properties"], **properties}}
        stamps = {"created_at": old["created_at"], "updated_at": f"{now[:19]}.000000"}
        self.groups.put(place, {**new, **stamps})
        self.edits += 1
        return True

    def drop_group(self, type: str, key: str) -> None:
        """A group goes, which people cannot do themselves: there is no call and no button."""
        self.groups.delete(f"{self._type(type)}/{key}")
        self.edits += 1

    def person(self, distinct_id: str, properties: Row, once: Row | None = None) -> str:
        """Set properties of the person behind a distinct id, who is made if there is none."""
        known = self.ids.get(distinct_id)
        if known is None:
            number = self.office.state.next("person")
            # Halves that sort one way as text and the other as ClickHouse's UUIDs.
            id = str(UUID(int=number << 64 | (0xFFFF_FFFF - number)))
            now = _stamp(self.office.clock.now())
            self.persons.put(id, {"id": id, "properties": {}, "created_at": now})
            known = {"person": id}
            self.ids.put(distinct_id, known)
        row = self.persons.get(known["person"])
        assert row is not None
        merged = {**(once or {}), **row["properties"], **properties}
        self.persons.put(row["id"], {**row, "properties": merged})
        self.edits += 1
        return str(row["id"])

    def merge(self, into: str, other: str) -> None:
        """Two distinct ids are one person from now on; the other's uuid is gone for good."""
        kept, known = self.person(into, {}), self.ids.get(other)
        if known is None:
            self.ids.put(other, {"person": kept})
        elif known["person"] != kept:
            self._join(self.persons.get(kept) or {}, self.persons.get(known["person"]) or {})
        self.edits += 1

    def _join(self, kept: Row, lost: Row) -> None:
        """What both said stays as the kept one says it, and the day is that of the older one."""
        for id, at in list(self.ids.items()):
            if at["person"] == lost["id"]:
                self.ids.put(id, {"person": kept["id"]})
        self.persons.delete(lost["id"])
        properties = {**lost["properties"], **kept["properties"]}
        first = min(kept["created_at"], lost["created_at"])
        self.persons.put(kept["id"], {**kept, "properties": properties, "created_at": first})

    def forget(self, event: str) -> None:
        """An event is deleted, which PostHog does on demand with its person."""
        self.events.delete(event)
        self.edits += 1

    def _process(self, event: Row, arrived: str) -> None:
        properties, who = dict(event["properties"]), event["distinct_id"]
        id = self._processed_person(event["event"], who, properties)
        if event["event"] == "$groupidentify":
            name, key = str(properties.get("$group_type")), str(properties.get("$group_key"))
            self.group(name, key, properties.get("$group_set") or {})
        groups = properties.get("$groups") or {}
        columns = {self._type(str(type)): str(key) for type, key in groups.items()}
        at = _moment(event.get("timestamp")) or arrived
        row = {"uuid": event["uuid"], "event": event["event"], "properties": properties}
        row |= {"timestamp": at, "created_at": arrived, "distinct_id": who, "person": id}
        row["groups"] = {str(index): key for index, key in columns.items() if index is not None}
        # What ClickHouse takes for the same event (the sorting key of `sharded_events`).
        same = "/".join((at[:10], event["event"], who, event["uuid"]))
        self.events.put(same, row)
        self.edits += 1

    def _processed_person(self, name: str, who: str, properties: Row) -> str | None:
        if properties.get("$process_person_profile") is False:
            return None
        id = self.person(who, properties.get("$set") or {}, properties.get("$set_once"))
        if name == "$identify" and properties.get("$anon_distinct_id"):
            self.merge(who, str(properties["$anon_distinct_id"]))
        elif name in ("$create_alias", "$merge_dangerously") and properties.get("alias"):
            self.merge(who, str(properties["alias"]))
        row = self.persons.get(id)
        if row is not None and (unset := properties.get("$unset")):
            left = {n: value for n, value in row["properties"].items() if n not in unset}
            self.persons.put(id, {**row, "properties": left})
        return id

    def _type(self, name: str) -> int | None:
        """The number of a group type; a sixth is ignored (posthog.com/docs/product-analytics)."""
        known = self.types.get(name)
        if known is None:
            if len(self.types) == GROUP_TYPES:
                return None
            known = {"group_type": name, "group_type_index": len(self.types)}
            self.types.put(name, known)
        return int(known["group_type_index"])


def _kept(event: Any, number: str) -> Row | None:
    """The event as it is processed, or None where PostHog drops it without a word.

    Without name or distinct id, with a uuid that is none, or larger than a megabyte
    (posthog.com/docs/data/ingestion-warnings).
    """
    if not isinstance(event, Mapping) or len(orjson.dumps(event)) > LARGEST_EVENT:
        return None
    properties = event.get("properties") or {}
    name, who = event.get("event"), _whose(event)
    if not name or not who or not isinstance(properties, Mapping):
        return None
    try:
        uuid = str(UUID(str(event["uuid"]))) if event.get("uuid") else None
    except ValueError:
        return None
    uuid = uuid or str(uuid5(_NAMESPACE, number))
    more = {n: event[n] for n in ("$set", "$set_once", "$unset") if n in event}
    kept = {"event": str(name), "distinct_id": who, "uuid": uuid}
    return {**kept, "properties": {**properties, **more}, "timestamp": event.get("timestamp")}


def _whose(event: Any) -> str:
    if not isinstance(event, Mapping):
        return ""
    properties = event.get("properties")
    inner = properties.get("distinct_id") if isinstance(properties, Mapping) else None
    return str(event.get("distinct_id") or inner or "")


def _moment(text: Any) -> str | None:
    """A client's time; a number instead of ISO 8601 is no time (measured by others, 2026-07)."""
    try:
        found = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return _stamp(found) if found.tzinfo else f"{found.isoformat(' ', 'microseconds')}"


def _stamp(moment: datetime) -> str:
    """A time as ClickHouse keeps it: UTC, all of one length."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")
