"""Events, of which Mixpanel keeps one for each name, time, user and insert id.

docs.mixpanel.com/reference/import-events: those four tell duplicates.
"""

from __future__ import annotations

from typing import Any

from connectors.mixpanel.fake.office import TOKEN, Office, Row

NEEDED = ("time", "distinct_id", "$insert_id")


class Events:
    """All events of the project."""

    def __init__(self, office: Office) -> None:
        self.rows = office.state.table("event")

    def take(self, event: Row, *, imported: bool) -> None:
        """Keep an event; the same one twice is one. `/import` knows the project by its account."""
        has = event["properties"]
        if not imported and has.get("token") != TOKEN:
            return
        name = "|".join(str(has.get(one, "")) for one in NEEDED)
        self.rows.put(f"{event['event']}|{name}", event)


def problem(event: Any, *, old: bool) -> tuple[str, str] | None:
    """The field that is wrong and why, where an event does not fit."""
    if not isinstance(event, dict) or not isinstance(event.get("properties"), dict):
        return "properties", "must be an object"
    if not isinstance(event.get("event"), str) or not event["event"]:
        return "event", "must be a non-empty string"
    for name in NEEDED if old else ():
        if not event["properties"].get(name):
            return f"properties.{name}", "must not be missing or empty"
    return None
