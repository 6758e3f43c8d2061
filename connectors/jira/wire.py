"""The wire record: an issue with names and account ids in place of Jira's objects.

    summary                                     text
    description                                 text: of the Atlassian document, or wiki markup
    status, priority, issuetype, resolution     names, None for none
    project                                     key
    assignee, reporter, creator                 account ids or names, None for nobody
    parent                                      id as text, None for none
    labels                                      list of texts
    duedate                                     "2026-11-24" or None
    created, updated, resolutiondate            times in UTC; read-only, as is creator
    custom_fields                               name: value, by its kind (`fields`)

The id is Jira's number, which stays; the key changes when an issue moves to another project.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from connectors.jira.client import KEY_PROPERTY, Issue
from connectors.jira.dialect import handle, text
from connectors.jira.fields import Fields, moment, utc
from syncline.sdk.connector import Record

NAMED = ("status", "priority", "issuetype", "resolution")
PEOPLE = ("assignee", "reporter", "creator")
PLAIN = ("summary", "duedate")
TIMES = ("created", "updated", "resolutiondate")
READ_ONLY = ("creator", *TIMES)
ASKED = (
    "summary", "description", "status", "priority", "issuetype", "resolution", "project",
    "assignee", "reporter", "creator", "parent", "labels", "duedate", *TIMES,
)  # fmt: skip


class WireShape:
    """Issues to records for one connection."""

    def __init__(self, web_url: str, scope: Sequence[str]) -> None:
        self._web_url = web_url.rstrip("/")
        self._scope = scope

    def record(self, issue: Issue, fields: Fields) -> Record:
        """The record; its version is `updated` in milliseconds since 1970."""
        told = issue["fields"]
        updated, created = moment(told["updated"]), moment(told["created"])
        return Record(
            id=str(issue["id"]),
            fields=shape(issue, fields),
            version=int(updated.timestamp() * 1000),
            updated_at=updated,
            created_at=created,
            key=issue["key"],
            url=f"{self._web_url}/browse/{issue['key']}",
            in_scope=told["project"]["key"] in self._scope,
            marker=key_of(issue),
        )


def key_of(issue: Issue) -> str | None:
    """Syncline's key of an issue that it made."""
    value = (issue.get("properties") or {}).get(KEY_PROPERTY)
    return str(value["key"]) if isinstance(value, dict) and "key" in value else None


def shape(issue: Issue, fields: Fields) -> dict[str, Any]:
    """The record's fields, in the shape the module describes."""
    told = issue["fields"]
    found: dict[str, Any] = {name: told.get(name) for name in PLAIN}
    found["description"] = text(told.get("description"))
    for name in NAMED:
        found[name] = told[name]["name"] if told.get(name) else None
    for name in PEOPLE:
        found[name] = handle(told.get(name))
    found["project"] = told["project"]["key"]
    found["parent"] = str(told["parent"]["id"]) if told.get("parent") else None
    found["labels"] = list(told.get("labels") or ())
    found |= {name: utc(told.get(name)) for name in TIMES}
    found["custom_fields"] = {f.name: f.shown(told.get(f.id)) for f in fields.all}
    return found
