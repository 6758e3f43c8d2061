"""Annotations and their tags as Mixpanel's OpenAPI file says: a PATCH leaves the day as it is."""

from __future__ import annotations

import re
from typing import Any

from connectors.mixpanel.fake.errors import Refused
from connectors.mixpanel.fake.office import Office, Row

_DATE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")


class Annotations:
    """Annotations of the project."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self.rows = office.state.table("annotation")
        self.tags = office.state.table("annotation_tag")

    def listed(self, first: str = "", last: str = "") -> list[Row]:
        """Those of these days, both included; all of them where no day is named."""
        return [
            self._shown(row)
            for row in self.rows.values()
            if (not first or row["date"][:10] >= first) and (not last or row["date"][:10] <= last)
        ]

    def get(self, id: str) -> Row:
        """One annotation."""
        row = self.rows.get(id)
        if row is None:
            raise Refused(404, "Annotation not found")
        return self._shown(row)

    def create(self, body: Row, person: str) -> Row:
        """A new one."""
        date = body.get("date")
        if not isinstance(date, str) or not _DATE.fullmatch(date):
            raise Refused(400, "date must be in the format YYYY-MM-DD HH:mm:ss")
        id = self._office.state.next("annotation")
        row = {"id": id, "date": date, "tags": [], "description": "", **self._values(body)}
        self.rows.put(str(id), {**row, "user": {"id": 7, "first_name": person, "last_name": ""}})
        return self.get(str(id))

    def change(self, id: str, body: Row) -> Row:
        """Another description or other tags; whatever else is said is passed over."""
        self.get(id)
        self.rows.put(id, {**(self.rows.get(id) or {}), **self._values(body)})
        return self.get(id)

    def move(self, id: str, date: str) -> None:
        """A person moves one to another day."""
        self.get(id)
        self.rows.put(id, {**(self.rows.get(id) or {}), "date": date})

    def remove(self, id: str) -> None:
        """For good."""
        self.get(id)
        self.rows.delete(id)

    def tag(self, name: Any) -> Row:
        """A new tag."""
        if not isinstance(name, str) or not name:
            raise Refused(400, "name is required")
        if any(one["name"] == name for one in self.tags.values()):
            raise Refused(400, "A tag with this name exists already")
        id = self._office.state.next("annotation tag")
        self.tags.put(str(id), {"id": id, "name": name})
        return self._tag(str(id))

    def all_tags(self) -> list[Row]:
        """The project's tags."""
        return [self._tag(id) for id in self.tags]

    def _values(self, body: Row) -> Row:
        values: Row = {}
        if "description" in body:
            if not isinstance(body["description"], str):
                raise Refused(400, "description must be a string")
            values["description"] = body["description"]
        if "tags" in body:
            tags = body["tags"]
            if not isinstance(tags, list) or any(str(id) not in self.tags for id in tags):
                raise Refused(400, "tags must be ids of annotation tags")
            values["tags"] = tags
        return values

    def _shown(self, row: Row) -> Row:
        tags = [self.tags.get(str(id)) for id in row["tags"]]
        return {**row, "tags": [{"id": tag["id"], "name": tag["name"]} for tag in tags if tag]}

    def _tag(self, id: str) -> Row:
        tag = self.tags.get(id) or {}
        used = any(tag["id"] in row["tags"] for row in self.rows.values())
        return {**tag, "project_id": 2195, "has_annotations": used}
