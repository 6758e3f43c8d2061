"""Users and groups. developer.zendesk.com, "Users", "Groups"."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from connectors.zendesk.fake.account import Account, Row
from connectors.zendesk.fake.errors import invalid, malformed

ROLES = ("end-user", "agent", "admin")
_SETTABLE = (
    "name", "email", "role", "external_id", "organization_id", "suspended", "phone", "details",
    "notes", "alias", "tags", "time_zone", "locale", "verified", "default_group_id",
    "ticket_restriction",
)  # fmt: skip


def new_user(account: Account, wanted: Mapping[str, Any]) -> Row:
    """A user; raises Refused where one of these addresses or external ids is taken."""
    id, now = account.new_id(), account.stamp()
    row: Row = {
        "id": id,
        "name": None,
        "email": None,
        "created_at": now,
        "updated_at": now,
        "time_zone": "UTC",
        "iana_time_zone": "Etc/UTC",
        "locale": "en-US",
        "phone": None,
        "photo": None,
        "role": "end-user",
        "verified": False,
        "external_id": None,
        "tags": [],
        "alias": "",
        "active": True,
        "shared": False,
        "shared_agent": False,
        "last_login_at": None,
        "details": "",
        "notes": "",
        "organization_id": None,
        "default_group_id": None,
        "suspended": False,
        "moderator": False,
        "only_private_comments": False,
        "restricted_agent": False,
        "ticket_restriction": None,
        "user_fields": {},
        "_group_ids": [],
    }
    return change_user(account, row, {"verified": True} | dict(wanted), at=now)


def change_user(account: Account, row: Row, wanted: Mapping[str, Any], *, at: str = "") -> Row:
    """A user with other values; raises Refused."""
    row = row | {name: wanted[name] for name in _SETTABLE if name in wanted}
    row["updated_at"] = at or account.stamp()
    if not str(row["name"] or "").strip():
        raise invalid("name", {"description": "Name: cannot be blank", "error": "BlankValue"})
    if row["role"] not in ROLES:
        raise invalid("role", "Role: is invalid")
    for name in ("email", "external_id"):
        taken = row[name] and find(account, name, row[name])
        if taken and taken["id"] != row["id"]:
            words = name.replace("_", " ").capitalize()
            problem = f"{words}: {row[name]} is already being used by another user"
            raise invalid(name, {"description": problem, "error": "DuplicateValue"})
    account.users.put(str(row["id"]), row)
    return row


def find(account: Account, name: str, value: object) -> Row | None:
    """A user by address or external id, both the same in capitals and not."""
    if name == "email":
        return account.user_by_email(str(value))
    wanted = str(value).casefold()
    return account.find_user(lambda user: str(user["external_id"] or "").casefold() == wanted)


def find_or_make(account: Account, wanted: Mapping[str, Any]) -> Row:
    """The user with an address, made if there is none; raises Refused."""
    found = find(account, "email", wanted["email"]) if wanted.get("email") else None
    return found or new_user(account, wanted)


def create_or_update(account: Account, wanted: Mapping[str, Any]) -> tuple[Row, bool]:
    """A user by external id or address, and whether it was made; raises Refused."""
    found = None
    for name in ("external_id", "email"):
        if found is None and wanted.get(name):
            found = find(account, name, wanted[name])
    if found:
        return change_user(account, found, wanted), False
    return new_user(account, wanted), True


def new_group(account: Account, name: str, *, public: bool = True) -> Row:
    """A group; only its members see the tickets of one that is not public."""
    id, now = account.new_id(), account.stamp()
    row: Row = {
        "id": id,
        "name": name,
        "description": "",
        "is_public": public,
        "default": not len(account.groups),
        "deleted": False,
        "created_at": now,
        "updated_at": now,
    }
    account.groups.put(str(id), row)
    return row


def seen(account: Account, user: Mapping[str, Any], tickets: Iterable[Row]) -> list[Row]:
    """Those of the tickets that a user is shown at all."""
    own = user["_group_ids"]
    closed = {g["id"] for g in account.groups.values() if not g["is_public"]} - set(own)
    found = (ticket for ticket in tickets if ticket["group_id"] not in closed)
    if user["role"] == "end-user":
        return [ticket for ticket in found if ticket["requester_id"] == user["id"]]
    if user["ticket_restriction"] == "groups":
        return [ticket for ticket in found if ticket["group_id"] in own]
    if user["ticket_restriction"] == "assigned":
        return [ticket for ticket in found if ticket["assignee_id"] == user["id"]]
    return list(found)


def sees(account: Account, user: Mapping[str, Any], ticket: Row) -> bool:
    """Whether a user is shown a ticket at all."""
    return bool(seen(account, user, [ticket]))


def shown(account: Account, user: Row) -> Row:
    """A user as Zendesk shows it."""
    told = {name: value for name, value in user.items() if not name.startswith("_")}
    return told | {"url": account.url(f"users/{user['id']}")}


def suggested(account: Account, query: str) -> list[Row]:
    """Users by a search: `email:`, `external_id:`, `role:`, or a part of name or address."""
    name, colon, value = query.partition(":")
    value = value.strip().strip('"')
    if colon and name in ("email", "external_id"):
        found = find(account, name, value)
        return [found] if found else []
    if colon and name == "role":
        return [user for user in account.users.values() if user["role"] == value]
    if not query.strip():
        raise malformed("query is required")
    wanted = query.strip().strip('"').casefold()
    return [
        user
        for user in account.users.values()
        if wanted in f"{user['name']} {user['email'] or ''}".casefold()
    ]
