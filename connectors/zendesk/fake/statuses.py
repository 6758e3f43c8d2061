"""Statuses: six categories, each with statuses of the account's own.

developer.zendesk.com, "Custom Ticket Statuses". `status` is the category; `custom_status_id` the
status itself. Writing one sets the other.
"""

from __future__ import annotations

from connectors.zendesk.fake.account import Account, Row
from connectors.zendesk.fake.errors import invalid
from connectors.zendesk.fake.fields import STATUSES

CATEGORIES = STATUSES[:5]  # `closed` has no status of its own


def new_status(account: Account, category: str, label: str, *, default: bool = False) -> Row:
    """A status of the account."""
    row: Row = {
        "id": account.new_id(),
        "status_category": category,
        "agent_label": label,
        "end_user_label": label,
        "raw_agent_label": label,
        "raw_end_user_label": label,
        "description": "",
        "end_user_description": "",
        "active": True,
        "default": default,
        "created_at": account.stamp(),
        "updated_at": account.stamp(),
    }
    row["url"] = account.url(f"custom_statuses/{row['id']}")
    account.statuses.put(str(row["id"]), row)
    return row


def default_of(account: Account, category: str) -> int | None:
    """The status that a ticket gets by its category alone."""
    rows = account.statuses.values()
    fits = (row for row in rows if row["status_category"] == category and row["default"])
    return next((row["id"] for row in fits), None)


def apply_status(account: Account, draft: Row, wanted: Row) -> None:
    """Set `status` and `custom_status_id` from what was asked; raises Refused."""
    before = draft["status"]
    if wanted.get("custom_status_id") and account.settings.custom_statuses:
        row = account.statuses.get(str(wanted["custom_status_id"]))
        if row is None or not row["active"]:
            raise invalid("custom_status_id", "Custom status: is invalid")
        draft["status"], draft["custom_status_id"] = row["status_category"], row["id"]
    elif wanted.get("status"):
        if wanted["status"] not in STATUSES:
            raise invalid("status", f"Status: {wanted['status']} is not included in the list")
        if wanted["status"] != before:
            draft["status"] = wanted["status"]
            # A closed ticket keeps the status in which it was solved.
            draft["custom_status_id"] = default_of(account, wanted["status"]) or draft.get(
                "custom_status_id"
            )
    if draft["status"] == "new" and before != "new":
        # A ticket is new once; Zendesk says nothing and leaves it as it is.
        draft["status"], draft["custom_status_id"] = before, default_of(account, before)
    assigned = {"assignee_id", "assignee_email"} & wanted.keys()
    if draft["status"] == "new" and assigned and draft["assignee_id"] is not None:
        draft["status"], draft["custom_status_id"] = "open", default_of(account, "open")
    if not account.settings.custom_statuses:
        draft.pop("custom_status_id", None)
