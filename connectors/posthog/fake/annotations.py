"""Annotations as PostHog's serializer takes and shows them.

PostHog/posthog, products/annotations/backend/api/annotation.py: ordered by the day they mark, never
listed nor shown once deleted, but changed all the same; DELETE is forbidden.
"""

from __future__ import annotations

from connectors.posthog.fake import fields
from connectors.posthog.fake.errors import invalid, not_found
from connectors.posthog.fake.project import Office, Row

SCOPES = ("project", "organization", "dashboard", "dashboard_item", "tag")
TYPES = ("USR", "GIT")


class Annotations:
    """Annotations of the project."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.rows = office.state.table("annotation")

    def create(self, body: Row, person: str) -> Row:
        """A new one."""
        now = self.office.now()
        row = {"id": self.office.state.next("annotation"), "content": "", "date_marker": None}
        row |= {"scope": "dashboard_item", "creation_type": "USR", "deleted": False}
        row |= {**self._values(body), "created_at": now, "updated_at": now}
        row["created_by"] = self.office.member(person)
        self.rows.put(str(row["id"]), row)
        return row

    def change(self, id: str, body: Row) -> Row:
        """Changes to one, deleted or not."""
        row = self.rows.get(id)
        if row is None:
            raise not_found()
        row = {**row, **self._values(body), "updated_at": self.office.now()}
        self.rows.put(id, row)
        return row

    def get(self, id: str) -> Row:
        """One that is not deleted."""
        row = self.rows.get(id)
        if row is None or row["deleted"]:
            raise not_found()
        return row

    def remove(self, id: str) -> None:
        """A person deletes one."""
        self.get(id)
        self.change(id, {"deleted": True})

    def listed(self, scope: str, search: str) -> list[Row]:
        """Those of a scope with these words in them, the latest day first."""
        if scope and scope not in SCOPES:
            raise invalid(f"Invalid scope: {scope}", None)
        found = [row for row in self.rows.values() if not row["deleted"]]
        found = [row for row in found if not scope or row["scope"] == scope]
        for word in search.replace(",", " ").split():
            found = [row for row in found if word.casefold() in row["content"].casefold()]
        return sorted(found, key=lambda row: row["date_marker"] or "9", reverse=True)

    def _values(self, body: Row) -> Row:
        values: Row = {}
        if "content" in body:
            values["content"] = fields.text(body, "content", 8192, blank=True)
        if "date_marker" in body:
            values["date_marker"] = fields.moment(body, "date_marker")
        if body.get("scope") == "recording":
            raise invalid("Recording scope is deprecated", None)
        if "scope" in body:
            values["scope"] = fields.choice(body, "scope", SCOPES)
        if "creation_type" in body:
            values["creation_type"] = fields.choice(body, "creation_type", TYPES)
        if "deleted" in body:
            values["deleted"] = bool(body["deleted"])
        return values
