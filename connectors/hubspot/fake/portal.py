"""An account of HubSpot: its records, what may be written into them, and what is seen of them.

texts        every value is kept and given as a text; "" empties a property, null is passed over
unique       a property made with `hasUniqueValue` holds each value once; so does a contact's
             e-mail address, while companies of one domain may be many
index        searches see a record as it was until its change is indexed, moments later
merge        makes a new record with a new id; those merged are not found any more, and
             nothing but the new one's `hs_merged_object_ids` tells of them
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.hubspot.fake import properties as p
from connectors.hubspot.fake.errors import Refused, invalid, missing
from syncline.sandbox import State, ToolClock

INDEX_LAG = timedelta(seconds=10)
LONGEST = 65_536
APP = {"sourceType": "INTEGRATION", "sourceId": "4711"}
"""The private app whose token the sandbox gives out."""


class Portal:
    """One account's records, in a state that the sandbox keeps."""

    def __init__(self, state: State, clock: ToolClock) -> None:
        self.state, self.clock = state, clock
        self.note: Callable[..., None] = lambda action, kind, id, **more: None
        """Hears what happens to each record."""
        for kind in p.TYPE_IDS:
            if kind not in state.table("properties"):
                state.table("properties").put(kind, p.fresh(kind))
        if "tickets" not in state.table("pipelines"):
            _pipelines(self)

    def now(self) -> str:
        return shown_time(self.clock.now())

    def definitions(self, kind: str) -> dict[str, p.Definition]:
        """The properties of a record type by name."""
        if (found := self.state.table("properties").get(kind)) is None:
            raise invalid(f"Unable to infer object type from: {kind}")
        return found

    def add_property(self, kind: str, made: p.Definition) -> None:
        self.state.table("properties").put(kind, {**self.definitions(kind), made["name"]: made})

    def add_pipeline(self, kind: str, label: str, *stages: str) -> dict[str, Any]:
        """A pipeline with its stages; ids are the account's own."""
        there = self.state.table("pipelines").get(kind) or {}
        id = "0" if not there else str(self.state.next("pipeline", 75_000))
        numbers = [str(n) if id == "0" else str(self.state.next("stage", 990_001))
                   for n, _ in enumerate(stages, 1)]  # fmt: skip
        rows = [
            {"id": i, "label": s, "archived": False} for i, s in zip(numbers, stages, strict=True)
        ]
        made = {"id": id, "label": label, "stages": rows, "archived": False}
        self.state.table("pipelines").put(kind, {**there, id: made})
        return made

    def get(self, kind: str, id: str, *, archived: bool = False) -> dict[str, Any]:
        """A record, or the archived one; raises Refused."""
        found = self.state.table(kind).get(id)
        if found is None or found["archived"] is not archived:
            raise missing(id)
        return found

    def holder(self, kind: str, name: str, value: str) -> dict[str, Any] | None:
        """The record that holds a value of a unique property; archived ones hold theirs no more."""
        if not self.definitions(kind).get(name, {}).get("hasUniqueValue"):
            raise invalid(f"{name} is not a property with unique values", "INVALID_UNIQUE_PROPERTY")
        for doc in self.live(kind):
            if (doc["properties"].get(name) or "").casefold() == value.casefold():
                return doc
        return None

    def live(self, kind: str) -> Iterator[dict[str, Any]]:
        """The records that were neither archived nor merged away."""
        return (one for one in self.state.table(kind).values() if not one["archived"])

    def create(
        self,
        kind: str,
        values: Mapping[str, Any],
        by: Mapping[str, str],
        lag: timedelta | None = None,
    ) -> dict[str, Any]:
        """Make a record; raises Refused."""
        checked = self._checked(kind, values, None)
        if kind in p.PIPELINES:
            checked = self._staged(kind, checked)
        if kind == p.NOTES and not checked.get("hs_timestamp"):
            raise invalid("hs_timestamp is required", "REQUIRED_FIELD")
        id, now = str(self.state.next("object", 20_000_001)), self.now()
        checked |= {"hs_object_id": id, p.created(kind): now, p.modified(kind): now}
        checked |= {"hs_object_source": by["sourceType"], "hs_object_source_id": by["sourceId"]}
        doc = {"id": id, "properties": {}, "createdAt": now, "archived": False, "history": {}}
        return self._put(kind, doc, checked, by, lag)

    def update(
        self,
        kind: str,
        id: str,
        values: Mapping[str, Any],
        by: Mapping[str, str],
        lag: timedelta | None = None,
    ) -> dict[str, Any]:
        """Change a record; raises Refused."""
        doc = self.get(kind, id)
        checked = self._checked(kind, values, id)
        if kind in p.PIPELINES and checked.keys() & set(p.PIPELINES[kind]):
            checked = self._staged(kind, {**doc["properties"], **checked})
        changed = {n: v for n, v in checked.items() if doc["properties"].get(n) != v}
        if not changed:
            return doc
        return self._put(kind, doc, {**changed, p.modified(kind): self.now()}, by, lag)

    def archive(self, kind: str, id: str) -> None:
        """Put a record into the recycling bin; what is not there is passed over."""
        doc = self.state.table(kind).get(id)
        if doc is not None and not doc["archived"]:
            self.state.table(kind).put(id, {**doc, "archived": True, "archivedAt": self.now()})
            self.note("DELETE", kind, id)

    def restore(self, kind: str, id: str) -> None:
        """Take a record out of the recycling bin; its time of change stays; raises Refused."""
        doc = self.get(kind, id, archived=True)
        self.state.table(kind).put(id, {**doc, "archived": False})
        self.note("RESTORE", kind, id)

    def merge(self, kind: str, primary: str, other: str, by: Mapping[str, str]) -> dict[str, Any]:
        """One new record of two; raises Refused."""
        first, second = self.get(kind, primary), self.get(kind, other)
        taken = [*_merged(first), *_merged(second), primary, other]
        for id in (primary, other):
            self.state.table(kind).delete(id)
        own = self.definitions(kind)
        kept = {**second["properties"], **first["properties"]}
        fixed = ("hs_object_source", "hs_object_source_id")
        values = {n: v for n, v in kept.items() if n in own and not _read_only(own[n])}
        made = self.create(kind, values, by)
        more = {"hs_merged_object_ids": ";".join(taken), **{n: kept[n] for n in fixed}}
        self._retie(kind, (primary, other), made["id"])
        merged = {"primaryObjectId": int(primary), "mergedObjectIds": [int(id) for id in taken]}
        self.note("MERGE", kind, made["id"], **merged)
        return self._put(kind, self.get(kind, made["id"]), more, by, None)

    def _retie(self, kind: str, taken: Sequence[str], made: str) -> None:
        """What the merged records were tied to is tied to the new one (unverified)."""
        pairs = self.state.table("associations")
        ties = {(*tie["to"], id) for id in taken for tie in pairs.values()
                if tie["from"] == [kind, id]}  # fmt: skip
        for other, other_id, id in sorted(ties):
            pairs.delete(f"{kind} {id} {other} {other_id}")
            pairs.delete(f"{other} {other_id} {kind} {id}")
            first = kind == p.COMPANIES and p.COMPANY_OF.get(other)
            if first and self.get(other, other_id)["properties"].get(first) == id:
                self.make_primary(other, other_id, made)
            self.associate(kind, made, other, other_id)

    def associate(self, kind: str, id: str, other: str, other_id: str) -> None:
        """Tie two records; the first company that a record is tied to becomes its primary one."""
        pairs = self.state.table("associations")
        pairs.put(f"{kind} {id} {other} {other_id}", {"from": [kind, id], "to": [other, other_id]})
        pairs.put(f"{other} {other_id} {kind} {id}", {"from": [other, other_id], "to": [kind, id]})
        self._tied("ASSOCIATION_ADDED", kind, id, other, other_id)
        name = p.COMPANY_OF.get(kind)
        if other == p.COMPANIES and name:
            doc = self.get(kind, id)
            if not doc["properties"].get(name):
                # Not a change of the record: its time stamp stays as it is.
                self._put(kind, doc, {name: other_id}, APP, None)

    def make_primary(self, kind: str, id: str, company: str) -> None:
        """Tie a record to a company that it belongs to first from now on; raises Refused."""
        self.get(p.COMPANIES, company)
        self.associate(kind, id, p.COMPANIES, company)
        self._put(kind, self.get(kind, id), {p.COMPANY_OF[kind]: company}, APP, None)

    def no_primary(self, kind: str, id: str, company: str) -> None:
        """A record belongs to this company no longer first, and stays tied to it."""
        doc = self.get(kind, id)
        if doc["properties"].get(p.COMPANY_OF[kind]) == company:
            self._put(kind, doc, {p.COMPANY_OF[kind]: None}, APP, None)
            self._tied("ASSOCIATION_REMOVED", kind, id, p.COMPANIES, company)

    def associated(self, kind: str, id: str, other: str) -> list[str]:
        """The ids of the records of another type that a record is tied to."""
        pairs = self.state.table("associations").values()
        return [o["to"][1] for o in pairs if o["from"] == [kind, id] and o["to"][0] == other]

    def _tied(self, action: str, kind: str, id: str, other: str, other_id: str) -> None:
        there = {"associatedObjectTypeId": p.TYPE_IDS[other], "associatedObjectId": int(other_id)}
        self.note(action, kind, id, **there)

    def indexed(self, kind: str) -> Iterator[dict[str, Any]]:
        """What searches see of the records: a change only once it is indexed, and none archived."""
        now = self.now()
        index = self.state.table(f"index.{kind}")
        for doc in self.live(kind):
            entry = index.get(doc["id"])
            values = doc["properties"] if entry is None or entry["at"] <= now else entry["before"]
            if values is not None:
                yield {**doc, "properties": values}

    def _put(
        self,
        kind: str,
        doc: Mapping[str, Any],
        values: Mapping[str, Any],
        by: Mapping[str, str],
        lag: timedelta | None,
    ) -> dict[str, Any]:
        id, now = doc["id"], self.now()
        index = self.state.table(f"index.{kind}")
        entry = index.get(id)
        seen = doc["properties"] or None
        before = entry["before"] if entry is not None and entry["at"] > now else seen
        until = shown_time(self.clock.now() + (INDEX_LAG if lag is None else lag))
        index.put(id, {"at": until, "before": before})
        history = dict(doc["history"])
        for name, value in values.items():
            history[name] = [{"value": value, "timestamp": now, **by}, *history.get(name, ())]
        made = {**doc, "properties": {**doc["properties"], **values}, "history": history}
        made["updatedAt"] = made["properties"].get(p.modified(kind), now)
        self.state.table(kind).put(id, made)
        if p.modified(kind) in values:
            action = "UPDATE" if doc["properties"] else "CREATE"
            self.note(action, kind, id, propertyChanges=dict(values))
        return made

    def _checked(self, kind: str, values: Mapping[str, Any], id: str | None) -> dict[str, Any]:
        own = self.definitions(kind)
        checked: dict[str, Any] = {}
        for name, value in values.items():
            if name not in own:
                raise invalid(f'Property "{name}" does not exist', "PROPERTY_DOESNT_EXIST")
            if _read_only(own[name]):
                raise invalid(f'"{name}" is a read only property', "READ_ONLY_VALUE")
            if value is not None:
                checked[name] = self._value(own[name], value)
        for name, value in checked.items():
            if own[name]["hasUniqueValue"] and value:
                other = self.holder(kind, name, value)
                if other is not None and other["id"] != id:
                    raise _taken(kind, name, other["id"])
        return checked

    def _value(self, about: p.Definition, value: Any) -> str | None:
        text = str(value).lower() if isinstance(value, bool) else str(value)
        name = about["name"]
        if text == "":
            return None
        if len(text) > LONGEST:
            raise invalid(f"{name}: value is longer than {LONGEST} characters", "VALUE_TOO_LONG")
        options = [one["value"] for one in about["options"]]
        if options and text not in options:
            allowed = ", ".join(options)
            raise invalid(
                f"{text} was not one of the allowed options: [{allowed}]", "INVALID_OPTION"
            )
        if name == "hubspot_owner_id" and text not in self.state.table("owner"):
            raise invalid(f"Property hubspot_owner_id: {text} is no owner", "INVALID_OWNER_ID")
        if about["type"] == "number":
            _number(name, text)
        if about["type"] == "datetime":
            return _datetime(name, text)
        if name == "hs_note_body":
            return text.replace("<script>", "").replace("</script>", "")
        return text

    def _staged(self, kind: str, values: dict[str, Any]) -> dict[str, Any]:
        """Values with a stage that is one of their pipeline's."""
        pipeline, stage = p.PIPELINES[kind]
        there = self.state.table("pipelines").get(kind) or {}
        values.setdefault(pipeline, "0")
        found = there.get(values[pipeline])
        if found is None or values.get(stage) not in [s["id"] for s in found["stages"]]:
            told = f"{values.get(stage)} is not a stage of pipeline {values[pipeline]}"
            raise invalid(told, "INVALID_PIPELINE_STAGE")
        if kind == p.TICKETS:
            closed = values[stage] == found["stages"][-1]["id"]
            values["closed_date"] = (values.get("closed_date") or self.now()) if closed else None
        return values


def shown_time(moment: datetime) -> str:
    """A time as HubSpot gives it: UTC, in milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _merged(doc: Mapping[str, Any]) -> list[str]:
    return [i for i in (doc["properties"].get("hs_merged_object_ids") or "").split(";") if i]


def _read_only(about: p.Definition) -> bool:
    return bool(about["modificationMetadata"]["readOnlyValue"])


def _number(name: str, text: str) -> None:
    try:
        float(text)
    except ValueError:
        raise invalid(f"{text} was not a valid number. ({name})", "INVALID_NUMBER") from None


def _datetime(name: str, text: str) -> str:
    """A time given in milliseconds since 1970 or by ISO 8601, as it is shown."""
    try:
        if text.lstrip("-").isdecimal():
            return shown_time(datetime.fromtimestamp(int(text) / 1000, UTC))
        return shown_time(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        raise invalid(f"{text} was not a valid date. ({name})", "INVALID_DATE") from None


def _taken(kind: str, name: str, id: str) -> Refused:
    if kind == p.CONTACTS and name == "email":
        return Refused(409, "CONFLICT", f"Contact already exists. Existing ID: {id}")
    said = f"A record with this {name} already exists. Existing ID: {id}"
    return Refused(400, "VALIDATION_ERROR", said, "DUPLICATE_VALUE")


def _pipelines(portal: Portal) -> None:
    stages = ("New", "Waiting on contact", "Waiting on us", "Closed")
    portal.add_pipeline(p.TICKETS, "Support Pipeline", *stages)
    deals = ("Appointment scheduled", "Contract sent", "Closed won", "Closed lost")
    portal.add_pipeline(p.DEALS, "Sales Pipeline", *deals)
