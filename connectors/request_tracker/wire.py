"""The wire record: a ticket as flat JSON, with names in place of ids and addresses for people.

    Subject, Status, Queue       text
    Content                      the first message in the connection's text format; it never changes
    Priority                     RT's label ("High"), or the number where `priorities` is empty
    Owner                        login, None for Nobody
    Requestors, Cc               lists of e-mail addresses (the login of who has none), sorted
    Requestor                    the first requestor, for tools that know one reporter
    CustomFields                 name: text or None; a list of texts where the field takes several
    Due                          the day ("2026-12-01") in the connection's time zone, or None
    RefersTo                     addresses outside RT, sorted
    Created, LastUpdated, Resolved   times in UTC, read-only

`body` makes of a patch in this shape what RT takes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from connectors.request_tracker.client import Row, id_of, moment
from connectors.request_tracker.config import RequestTrackerConfig
from connectors.request_tracker.text import MIME
from syncline.sdk.connector import Record
from syncline.sdk.errors import Rejected

READ_ONLY = ("Created", "LastUpdated", "Resolved")
NOBODY = "Nobody"
_TEXTS = ("Subject", "Status", "Queue")


class WireShape:
    """Tickets to records and back for one connection."""

    def __init__(self, config: RequestTrackerConfig) -> None:
        self._config = config
        self._queues = {name.casefold() for name in config.scope.queue}
        # From the highest number down, as RT looks for the label of a number.
        self._labels = sorted(config.priorities.items(), key=lambda item: -item[1])

    def record(self, row: Row, content: str, multiple: Mapping[str, bool]) -> Record:
        """The record of a row of a search; its version is LastUpdated, seconds since 1970.

        `multiple` tells of a custom field's id whether it takes several values.
        """
        updated = moment(row["LastUpdated"])
        survivor = id_of(row["EffectiveId"])
        fields = self._fields(row, multiple) | {"Content": content}
        return Record(
            id=str(row["id"]),
            fields=fields,
            version=None if updated is None else int(updated.timestamp()),
            updated_at=updated,
            created_at=moment(row["Created"]),
            key=f"#{row['id']}",
            marker=fields["CustomFields"].get(self._config.key_field),
            url=self.address(str(row["id"])),
            in_scope=self._in_scope(row) and survivor == str(row["id"]),
            deleted=row["Status"] == "deleted",
            merged_into=None if survivor == str(row["id"]) else survivor,
        )

    def address(self, id: str) -> str:
        """The page where people see the ticket."""
        return f"{self._config.web_url}/Ticket/Display.html?id={id}"

    def body(self, wanted: Mapping[str, Any], shown: Mapping[str, Any]) -> dict[str, Any]:
        """What RT takes to get from `shown` to `wanted`; empty where nothing differs.

        Raises `Rejected` for what cannot be written.
        """
        body: dict[str, Any] = {}
        for path, value in changed(wanted, shown).items():
            body |= self._entry(path, value, shown)
        return body

    def creation(self, fields: Mapping[str, Any], key: str) -> dict[str, Any]:
        """What RT takes to make the ticket, in the connection's first queue unless one is named."""
        texts = MIME[self._config.text_format]
        plain = {name: value for name, value in fields.items() if name != "Content"}
        body = {"Queue": self._config.scope.queue[0], **self.body(plain, {})}
        if links := body.pop("AddRefersTo", None):
            body["RefersTo"] = links
        if fields.get("Content"):
            body |= {"Content": fields["Content"], "ContentType": texts}
        if self._config.key_field:
            custom = body.setdefault("CustomFields", {})
            custom[self._config.key_field] = key
        return body

    def priority(self, number: object) -> str | int:
        """The label RT shows for a number: that of the highest step not above it."""
        value = int(str(number or 0))
        return next((label for label, step in self._labels if value >= step), value)

    def day(self, at: datetime | None) -> str | None:
        """The day of a moment in the connection's time zone."""
        return None if at is None else at.astimezone(self._config.zone).date().isoformat()

    def _fields(self, row: Row, multiple: Mapping[str, bool]) -> dict[str, Any]:
        requestors = _addresses(row["Requestor"])
        owner = row["Owner"]["Name"]
        return {
            "Subject": row["Subject"],
            "Status": row["Status"],
            "Queue": row["Queue"]["Name"],
            "Priority": self.priority(row["Priority"]),
            "Owner": None if owner == NOBODY else owner,
            "Requestor": requestors[0] if requestors else None,
            "Requestors": sorted(requestors),
            "Cc": sorted(_addresses(row["Cc"])),
            "CustomFields": dict(sorted(_custom(field, multiple) for field in row["CustomFields"])),
            "Due": self.day(moment(row["Due"])),
            "RefersTo": references(row),
            **{name: _told(row[name]) for name in READ_ONLY},
        }

    def _in_scope(self, row: Row) -> bool:
        queue = row["Queue"]
        return not self._queues.isdisjoint((str(queue["Name"]).casefold(), str(queue["id"])))

    def _entry(self, path: str, value: Any, shown: Mapping[str, Any]) -> dict[str, Any]:
        match path:
            case "Subject" | "Status" | "Queue":
                return {path: value or ""}
            case "Owner":
                return {path: value or NOBODY}
            case "Priority":
                return {path: self._number(value)}
            case "Due":
                return {path: self._due(value)}
            case "Requestor" | "Requestors":
                return {"Requestor": [value] if isinstance(value, str) else list(value or ())}
            case "Cc":
                return {path: list(value or ())}
            case "RefersTo":
                return _link_changes(value or (), shown.get(path) or ())
            case "CustomFields":
                # Null would add an empty value to a field that takes several.
                have = shown.get(path) or {}
                return {
                    path: {
                        name: [] if one is None and isinstance(have.get(name), list) else one
                        for name, one in value.items()
                    }
                }
            case "Content":
                raise Rejected("the first message of a ticket cannot be edited in Request Tracker")
        raise Rejected(f"{path} cannot be written in Request Tracker")

    def _number(self, value: Any) -> int:
        priorities = self._config.priorities
        if value in priorities:
            return priorities[value]
        try:
            return int(value or 0)
        except ValueError:
            known = ", ".join(priorities) or "numbers only"
            raise Rejected(
                f"priority {value!r} is none of this connection's priorities: {known}"
            ) from None

    def _due(self, value: Any) -> str:
        """RT takes "2026-12-01 00:00:00" in UTC, and clears the field for anything it misreads."""
        if not value:
            return ""
        try:
            day = date.fromisoformat(str(value))
        except ValueError:
            raise Rejected(f"Due {value!r} is not a day such as 2026-12-01") from None
        local = datetime(day.year, day.month, day.day, tzinfo=self._config.zone)
        return local.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def custom_path(name: str) -> str:
    """The path of a custom field; a dot in its name is escaped."""
    return "CustomFields." + name.replace(".", r"\.")


def references(row: Row) -> list[str]:
    """The addresses outside RT that a ticket refers to."""
    return sorted(
        link["_url"]
        for link in row["_hyperlinks"]
        if link["ref"] == "refers-to" and link["type"] == "external"
    )


def changed(wanted: Mapping[str, Any], shown: Mapping[str, Any]) -> dict[str, Any]:
    """The part of `wanted` that `shown` does not show; custom fields one by one."""
    found: dict[str, Any] = {}
    for path, value in wanted.items():
        if path == "CustomFields":
            have = shown.get(path) or {}
            inner = {n: v for n, v in value.items() if not same(v, have.get(n))}
            found |= {path: inner} if inner else {}
        elif not same(value, shown.get(path)):
            found[path] = value
    return found


def leaves(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Values by path: the custom fields have paths of their own."""
    flat = {name: value for name, value in fields.items() if name != "CustomFields"}
    custom = fields.get("CustomFields") or {}
    return flat | {custom_path(name): value for name, value in custom.items()}


def nested(values: Mapping[str, Any]) -> dict[str, Any]:
    """The inverse of `leaves`."""
    patch: dict[str, Any] = {}
    for path, value in values.items():
        if path.startswith("CustomFields."):
            name = path.removeprefix("CustomFields.").replace(r"\.", ".")
            patch.setdefault("CustomFields", {})[name] = value
        else:
            patch[path] = value
    return patch


def same(one: Any, other: Any) -> bool:
    """Whether two wire values show the same; lists have no order, and what is empty is equal."""
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return sorted(map(str, one)) == sorted(map(str, other))
    return bool(one == other or (_empty(one) and _empty(other)))


def _empty(value: Any) -> bool:
    return value is None or value == "" or value == [] or value == ()


def _link_changes(wanted: Sequence[str], shown: Sequence[str]) -> dict[str, list[str]]:
    # Setting RefersTo as a whole would also take off links between tickets, which are not shown.
    added = [url for url in wanted if url not in shown]
    gone = [url for url in shown if url not in wanted]
    return {name: urls for name, urls in (("AddRefersTo", added), ("DeleteRefersTo", gone)) if urls}


def _custom(field: Row, multiple: Mapping[str, bool]) -> tuple[str, Any]:
    values = [value for value in field["values"] if value not in (None, "")]
    if multiple.get(str(field["id"]), len(values) > 1):
        return field["name"], sorted(values)
    return field["name"], values[0] if values else None


def _addresses(people: Sequence[Row]) -> list[str]:
    return [person.get("EmailAddress") or person.get("Name") or person["id"] for person in people]


def _told(text: str) -> str | None:
    return text if moment(text) else None
