"""Users and groups. developer.zendesk.com, "Users", "Groups"."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from connectors.zendesk.fake.account import Account, Row
from connectors.zendesk.fake.entry_fields import with_entry_values
from connectors.zendesk.fake.errors import invalid, malformed

ROLES = ("end-user", "agent", "admin")
_SETTABLE = (
    "name", "role", "external_id", "organization_id", "suspended", "phone", "details",
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
        "_emails": [],
    }
    return change_user(account, row, {"verified": True, "user_fields": {}} | dict(wanted), at=now)


def change_user(account: Account, row: Row, wanted: Mapping[str, Any], *, at: str = "") -> Row:
    """A user with other values; raises Refused.

    An address is the primary one of a user who has none, and else one more ("Users", *email*:
    writeable on create only).
    """
    row = row | {name: wanted[name] for name in _SETTABLE if name in wanted}
    row["updated_at"] = at or account.stamp()
    if not str(row["name"] or "").strip():
        raise invalid("name", {"description": "Name: cannot be blank", "error": "BlankValue"})
    if row["role"] not in ROLES:
        raise invalid("role", "Role: is invalid")
    address = wanted.get("email")
    for name, value in (("email", address), ("external_id", row["external_id"])):
        taken = value and find(account, name, value)
        if taken and taken["id"] != row["id"]:
            words = name.replace("_", " ").capitalize()
            problem = f"{words}: {value} is already being used by another user"
            raise invalid(name, {"description": problem, "error": "DuplicateValue"})
    if address and row["email"] is None:
        row["email"] = address
    elif address and find(account, "email", address) is None:
        row["_emails"] = [*row["_emails"], address]
    if "user_fields" in wanted:
        row["user_fields"] = with_entry_values(
            account.user_fields, row["user_fields"], wanted["user_fields"]
        )
    account.users.put(str(row["id"]), row)
    return row


def find(account: Account, name: str, value: object) -> Row | None:
    """A user by address or external id, both the same in capitals and not."""
    if name == "email":
        return account.user_by_email(str(value))
    wanted = str(value).casefold()
    return account.find_user(
        lambda user: user["active"] and str(user["external_id"] or "").casefold() == wanted
    )


def delete_user(account: Account, row: Row) -> Row:
    """A user who is deleted: shown by id and by the export as not active, and nowhere else."""
    row = row | {"active": False, "updated_at": account.stamp()}
    account.users.put(str(row["id"]), row)
    return row


def merge_users(account: Account, loser: Row, winner: Row) -> Row:
    """The winner, who has the loser's addresses as well; the loser is deleted. Raises Refused."""
    if loser["id"] == winner["id"] or loser["role"] != "end-user":
        raise invalid("base", "Only another end user can be merged into a user")
    delete_user(account, loser)
    addresses = [one for one in (loser["email"], *loser["_emails"]) if one]
    winner = winner | {
        "_emails": [*winner["_emails"], *addresses],
        "updated_at": account.stamp(),
    }
    account.users.put(str(winner["id"]), winner)
    return winner


def mail_about(account: Account, before: Row | None, user: Row, wanted: Mapping[str, Any]) -> None:
    """Ask the user to verify a new address, unless the request says `skip_verify_email`."""
    known = {before["email"], *before["_emails"]} if before else set()
    if wanted.get("email") not in (None, *known) and wanted.get("skip_verify_email") is not True:
        id = str(account.new_id())
        account.mails.put(id, {"to": wanted["email"], "user_id": user["id"]})


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
        if user["active"] and wanted in f"{user['name']} {user['email'] or ''}".casefold()
    ]
