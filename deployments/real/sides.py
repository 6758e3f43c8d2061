"""What each tool shows of a record, in its own words, read through the tool's own API.

Nothing of Syncline: what `make real` shows must not be seen through the eyes of what it shows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from deployments.real.office import Office
from deployments.real.people import Desk, Tracker
from deployments.stage import Tool

STATES = {"1_done": "Done", "1_canceled": "Cancelled"}
PRIORITIES = {"0": "Low", "1": "Medium", "2": "High", "3": "Urgent"}


@dataclass(frozen=True, slots=True)
class Shown:
    """A record; `priority` is None where the tool shows a number of its own."""

    id: str
    title: str
    status: str
    priority: str | None
    labels: Sequence[str]


class Side(Protocol):
    """One tool of the sync that joins them all."""

    async def records(self) -> list[Shown]:
        """All records there are."""

    async def said(self, id: str) -> list[tuple[bool, str]]:
        """(public, text) of each remark on a record."""


class DeskSide:
    """Request Tracker."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def records(self) -> list[Shown]:
        shown = [self._desk.show(str(ticket["id"])) for ticket in self._desk.all()]
        return [
            Shown(str(t["id"]), t["Subject"], t["Status"], None, _labels(t["CustomFields"]))
            for t in shown
        ]

    async def said(self, id: str) -> list[tuple[bool, str]]:
        return [(kind == "Correspond", text) for kind, _, text in self._desk.texts(id)]


class TrackerSide:
    """Redmine; of its notes those that are private are internal, and all of them to customers."""

    def __init__(self, tracker: Tracker) -> None:
        self._tracker = tracker

    async def records(self) -> list[Shown]:
        shown = [self._tracker.show(str(issue["id"])) for issue in self._tracker.all()]
        return [
            Shown(
                str(i["id"]),
                i["subject"],
                i["status"]["name"],
                i["priority"]["name"],
                _labels(i["custom_fields"]),
            )
            for i in shown
        ]

    async def said(self, id: str) -> list[tuple[bool, str]]:
        return [(False, text) for _, _, text in self._tracker.notes(id)]


class SupportSide:
    """The sandbox's Zendesk."""

    def __init__(self, tool: Tool) -> None:
        self._tool = tool

    async def records(self) -> list[Shown]:
        return [
            Shown(str(t["id"]), t["subject"], t["status"], t["priority"], sorted(t["tags"]))
            for t in await self._tool.records()
        ]

    async def said(self, id: str) -> list[tuple[bool, str]]:
        said = await self._tool.records("comment")
        return [(c["public"], c["plain_body"]) for c in said if str(c["ticket_id"]) == id]


class JiraSide:
    """The sandbox's Jira, where customers read nothing."""

    def __init__(self, tool: Tool) -> None:
        self._tool = tool

    async def records(self) -> list[Shown]:
        found = []
        for issue in await self._tool.records():
            fields = issue["fields"]
            status, priority = fields["status"]["name"], fields["priority"]["name"]
            labels = sorted(fields["labels"])
            found.append(Shown(issue["id"], fields["summary"], status, priority, labels))
        return found

    async def said(self, id: str) -> list[tuple[bool, str]]:
        said = await self._tool.records("comment")
        return [(False, _words(c["body"])) for c in said if str(c["issueId"]) == id]


class OfficeSide:
    """The tasks of Odoo."""

    def __init__(self, office: Office) -> None:
        self._office = office

    async def records(self) -> list[Shown]:
        return [
            Shown(
                str(t["id"]),
                t["name"],
                STATES.get(t["state"]) or t["stage_id"][1],
                PRIORITIES[t["priority"]],
                t["tags"],
            )
            for t in self._office.tasks()
        ]

    async def said(self, id: str) -> list[tuple[bool, str]]:
        return self._office.said("project.task", id)


def _labels(fields: Mapping[str, Any]) -> Sequence[str]:
    return sorted(fields.get("Labels") or ())


def _words(node: Mapping[str, Any]) -> str:
    """The text of a document of Jira's."""
    inside = "".join(_words(part) for part in node.get("content", ()))
    return str(node.get("text", "")) + inside
