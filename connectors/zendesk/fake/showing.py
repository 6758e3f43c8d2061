"""Tickets, comments and what comes along with them, as the API shows them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from connectors.zendesk.fake.account import Row
from connectors.zendesk.fake.requests import Request
from connectors.zendesk.fake.users import shown as shown_user

_PEOPLE = ("requester_id", "submitter_id", "assignee_id", "author_id")


def show_ticket(request: Request, ticket: Row) -> Row:
    """A ticket; `fields` is the older name of `custom_fields`, and both are there."""
    return shown(request.account.base_url, ticket)


def shown(base_url: str, ticket: Row) -> Row:
    """A ticket under an address."""
    return {
        **ticket,
        "url": f"{base_url}/api/v2/tickets/{ticket['id']}.json",
        "fields": ticket["custom_fields"],
    }


def show_comment(request: Request, comment: Row) -> Row:
    """A comment with its files."""
    files = [request.office.uploads.shown(one) for one in comment["attachments"]]
    return comment | {"attachments": files}


def show_audit(request: Request, audit: Row) -> Row:
    """An audit; its comments are shown like comments."""
    events = [
        show_comment(request, event) if event["type"] == "Comment" else event
        for event in audit["events"]
    ]
    return audit | {"events": events}


def alongside(request: Request, rows: Iterable[Row]) -> dict[str, Any]:
    """The users, groups and organizations that were asked for with `include`."""
    account, wanted, rows = request.account, request.included(), list(rows)
    result: dict[str, Any] = {}
    if "users" in wanted:
        ids = {row[name] for row in rows for name in _PEOPLE if row.get(name) is not None}
        found = (account.user(id) for id in sorted(ids))
        result["users"] = [shown_user(account, user) for user in found if user]
    for name, field in (("groups", "group_id"), ("organizations", "organization_id")):
        if name in wanted:
            table = account.groups if name == "groups" else account.organizations
            ids = {row[field] for row in rows if row.get(field) is not None}
            result[name] = [row for id in sorted(ids) if (row := table.get(str(id)))]
    if "comment_count" in wanted:
        for row in rows:
            row["comment_count"] = len(request.office.store.comments_of(row["id"]))
    return result
