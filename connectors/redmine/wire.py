"""The wire record: an issue as flat JSON with names in place of ids, and people's ids as text.

    subject, description, status, priority, tracker, project   text (description: "" for none)
    author, assigned_to, parent                                ids as text; assigned_to: user, group
    category, fixed_version                                    names, None for none
    start_date, due_date                                       "2026-11-24" or None
    done_ratio, estimated_hours, is_private                    as Redmine has them
    custom_fields                                              name: text, None or list of texts
    reference                                                  text of the link field, if configured
    created_on, updated_on, closed_on                          times in UTC, read-only as is author

Lines end in "\\n": Redmine stores "\\r\\n" of what a browser, and of what this interface, sends.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.redmine.client import Issue, moment
from syncline.sdk.connector import Record

NAMED = ("project", "tracker", "status", "priority", "category", "fixed_version")
BY_ID = ("author", "assigned_to", "parent")
PLAIN = ("subject", "start_date", "due_date", "done_ratio", "estimated_hours", "is_private")
READ_ONLY = ("author", "created_on", "updated_on", "closed_on")
TIMES = ("created_on", "updated_on", "closed_on")


def lines(text: str | None) -> str:
    """Text with one kind of line end."""
    return (text or "").replace("\r\n", "\n")


def value_of(field: Mapping[str, Any]) -> Any:
    """A custom field's value: "" is none, several are a list without the empty one."""
    value = field.get("value")
    if field.get("multiple"):
        return [text for text in value or () if text]
    return lines(value) or None


def custom(issue: Issue, name: str | None) -> Any:
    """The value of the custom field of that name; None also where the issue has no such field."""
    fields = issue.get("custom_fields", ())
    return next((value_of(field) for field in fields if field["name"] == name), None)


def custom_path(name: str) -> str:
    """The path of a custom field; a dot in its name is escaped, as in mapping files."""
    return "custom_fields." + name.replace(".", r"\.")


class WireShape:
    """Issues to records for one connection."""

    def __init__(
        self,
        base_url: str,
        key_field: str | None,
        link_field: str | None,
        *,
        private_issues: bool,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._key_field = key_field
        self._link_field = link_field
        self._private_issues = private_issues

    def in_scope(self, issue: Issue, projects: Mapping[str, int]) -> bool:
        """Whether the issue is in one of the projects, and not private unless those are wanted."""
        secret = issue.get("is_private") and not self._private_issues
        return issue["project"]["id"] in projects.values() and not secret

    def record(self, issue: Issue, projects: Mapping[str, int]) -> Record:
        """The record; its version is `updated_on` as seconds since 1970."""
        updated = moment(issue["updated_on"])
        return Record(
            id=str(issue["id"]),
            fields=self.fields(issue),
            version=int(updated.timestamp()),
            updated_at=updated,
            created_at=moment(issue["created_on"]),
            key=f"#{issue['id']}",
            marker=custom(issue, self._key_field) if self._key_field else None,
            url=f"{self._base_url}/issues/{issue['id']}",
            in_scope=self.in_scope(issue, projects),
        )

    def fields(self, issue: Issue) -> dict[str, Any]:
        """The record's fields, in the shape the module describes."""
        fields: dict[str, Any] = {name: issue.get(name) for name in PLAIN}
        fields["description"] = lines(issue.get("description"))
        for name in NAMED:
            fields[name] = issue[name]["name"] if issue.get(name) else None
        for name in BY_ID:
            fields[name] = str(issue[name]["id"]) if issue.get(name) else None
        fields |= {name: issue.get(name) for name in TIMES}
        fields["custom_fields"] = {
            field["name"]: value_of(field)
            for field in issue.get("custom_fields", ())
            if field["name"] != self._key_field
        }
        if self._link_field:
            fields["reference"] = custom(issue, self._link_field)
        return fields
