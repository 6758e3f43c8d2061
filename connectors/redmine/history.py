"""Field changes from an issue's journal, with what was there before: names in place of ids.

A journal entry names the value that its save replaced, read under Redmine's own lock. So where a
write of ours met an edit nobody had seen, the value it replaced is told here.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from connectors.redmine.client import Issue, moment
from connectors.redmine.metadata import Metadata
from connectors.redmine.notes import person
from connectors.redmine.wire import custom_path, lines, value_of
from syncline.sdk.connector import Change

_ATTRIBUTES = {
    "project_id": "project",
    "tracker_id": "tracker",
    "status_id": "status",
    "priority_id": "priority",
    "category_id": "category",
    "fixed_version_id": "fixed_version",
    "assigned_to_id": "assigned_to",
    "parent_id": "parent",
}
_PLAIN = (
    "subject", "description", "start_date", "due_date", "done_ratio", "estimated_hours",
    "is_private",
)  # fmt: skip
_SAME_EVERYWHERE = ("tracker", "status", "priority")
_OF_PROJECT = ("category", "fixed_version")


async def changes(issue: Issue, since: datetime, me: int, metadata: Metadata) -> list[Change]:
    """The changes of one issue (read with its journals) at `since` or later, oldest first."""
    values = {f["id"]: value_of(f) for f in issue.get("custom_fields", ()) if f.get("multiple")}
    names = {str(f["id"]): f["name"] for f in issue.get("custom_fields", ())}
    told: list[Change] = []
    newest_first = sorted(issue.get("journals", ()), key=lambda j: int(j["id"]), reverse=True)
    for journal in newest_first:
        at = moment(journal["created_on"])
        if at < since:
            break
        by = person(journal.get("user"))
        for path, before, after in await _details(journal, issue, names, values, metadata):
            told.append(Change(str(issue["id"]), path, before, after, at, by, by.handle == str(me)))
    return told[::-1]


async def _details(
    journal: Mapping[str, Any],
    issue: Issue,
    names: Mapping[str, str],
    values: dict[int, list[str]],
    metadata: Metadata,
) -> list[tuple[str, Any, Any]]:
    told: list[tuple[str, Any, Any]] = []
    lists: dict[int, list[str]] = {}
    for detail in journal["details"]:
        kind, name = detail["property"], detail["name"]
        old, new = detail.get("old_value"), detail.get("new_value")
        if kind == "cf" and name in names and int(name) in values:
            # Redmine tells what went in and out of a list; the whole is worked out backwards.
            current = lists.setdefault(int(name), list(values[int(name)]))
            if new in current:
                current.remove(new)
            if old:
                current.append(old)
        elif kind == "cf" and name in names:
            told.append((custom_path(names[name]), lines(old) or None, lines(new) or None))
        elif kind == "attr":
            told += await _attribute(name, old, new, issue, metadata)
    for field, before in lists.items():
        told.append((custom_path(names[str(field)]), before, values[field]))
        values[field] = before
    return told


async def _attribute(
    name: str, old: str | None, new: str | None, issue: Issue, metadata: Metadata
) -> list[tuple[str, Any, Any]]:
    if name in _PLAIN:
        return [(name, _plain(name, old), _plain(name, new))]
    if (path := _ATTRIBUTES.get(name)) is None:
        return []
    if path in _SAME_EVERYWHERE or path in _OF_PROJECT:
        project = issue["project"]["id"] if path in _OF_PROJECT else None
        known = await metadata.names(path, project)
    elif path == "project":
        known = {str(p["id"]): p["name"] for p in (await metadata.projects()).values()}
    else:
        known = {}
    return [(path, known.get(old or "", old) or None, known.get(new or "", new) or None)]


def _plain(name: str, value: str | None) -> Any:
    if name == "is_private":
        return value == "1"
    if name == "description":
        return lines(value)
    if not value:
        return None
    if name == "done_ratio":
        return int(value)
    return float(value) if name == "estimated_hours" else value
