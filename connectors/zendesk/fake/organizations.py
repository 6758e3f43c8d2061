"""Organizations: names, domains and external ids of their own, merges and deletions.

developer.zendesk.com, "Organizations". A deleted organization cannot be brought back; the export
alone tells of it, with `deleted_at`. A merge is done later: the loser is deleted, its users and
domain names go to the winner, and everything else of it is lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.zendesk.fake.account import Account, Row
from connectors.zendesk.fake.entry_fields import with_entry_values
from connectors.zendesk.fake.errors import invalid, malformed, not_found

_SETTABLE = ("external_id", "details", "notes", "group_id", "shared_tickets", "shared_comments")
_LISTS = ("tags", "domain_names")
_MERGE_SECONDS = 5
Claim = tuple[str, str]  # a member, and its value in small letters


def new_organization(account: Account, wanted: Mapping[str, Any]) -> Row:
    """An organization; raises Refused where its name, a domain or its external id is taken."""
    id, now = account.new_id(), account.stamp()
    row: Row = {
        "id": id,
        "url": account.url(f"organizations/{id}"),
        "name": None,
        "external_id": None,
        "domain_names": [],
        "details": None,
        "notes": None,
        "group_id": None,
        "shared_tickets": False,
        "shared_comments": False,
        "tags": [],
        "organization_fields": {},
        "created_at": now,
        "updated_at": now,
    }
    return change_organization(account, row, {"organization_fields": {}, **wanted})


def change_organization(account: Account, row: Row, wanted: Mapping[str, Any]) -> Row:
    """An organization with other values; a list replaces the list there is. Raises Refused."""
    row = row | {name: wanted[name] for name in _SETTABLE if name in wanted}
    row |= {name: _list(name, wanted[name]) for name in _LISTS if name in wanted}
    if "name" in wanted:
        row["name"] = str(wanted["name"] or "").strip()
    if not row["name"]:
        raise invalid("name", {"description": "Name: cannot be blank", "error": "BlankValue"})
    for claim, problem in _claims(row).items():
        if account.organization_claims.get(claim, row["id"]) != row["id"]:
            raise invalid(claim[0], {"description": problem, "error": "DuplicateValue"})
    if "organization_fields" in wanted:
        row["organization_fields"] = with_entry_values(
            account.organization_fields, row["organization_fields"], wanted["organization_fields"]
        )
    row["updated_at"] = account.stamp()
    _let_go(account, row["id"])
    account.organization_claims |= {claim: row["id"] for claim in _claims(row)}
    account.organizations.put(str(row["id"]), row)
    return row


def create_or_update_organization(account: Account, wanted: Mapping[str, Any]) -> tuple[Row, bool]:
    """An organization by id or external id, never by name, and whether it was made."""
    found = account.organizations.get(str(wanted.get("id")))
    if found is None and wanted.get("external_id"):
        found = with_external_id(account, str(wanted["external_id"]))
    if found is not None:
        return change_organization(account, found, wanted), False
    return new_organization(account, wanted), True


def with_external_id(account: Account, external_id: str) -> Row | None:
    """External ids are the same in capitals and not."""
    wanted = external_id.casefold()
    for row in account.organizations.values():
        if str(row["external_id"] or "").casefold() == wanted:
            return row
    return None


def delete_organization(account: Account, id: str) -> None:
    """Take an organization away for good; its users stay. Raises Refused."""
    row = account.organizations.get(id)
    if row is None:
        raise not_found()
    now = account.stamp()
    _let_go(account, row["id"])
    account.organizations.delete(id)
    account.deleted_organizations.put(id, row | {"updated_at": now, "deleted_at": now})
    _move_users(account, row["id"], None)


def start_merge(account: Account, loser: str, winner: object) -> Row:
    """A merge that is done later; raises Refused."""
    if loser == str(winner) or account.organizations.get(str(winner)) is None:
        raise invalid("winner_id", "Winner: is invalid")
    if account.organizations.get(loser) is None:
        raise not_found()
    id = f"01{account.new_id():024d}"
    merge: Row = {
        "id": id,
        "loser_id": int(loser),
        "winner_id": int(str(winner)),
        "status": "new",
        "url": account.url(f"organization_merges/{id}"),
        "_due": account.seconds() + _MERGE_SECONDS,
    }
    account.organization_merges.put(id, merge)
    return merge


def finish_merges(account: Account) -> None:
    """Do the merges that are due by the clock."""
    for merge in list(account.organization_merges.values()):
        if merge["status"] == "new" and merge["_due"] <= account.seconds():
            account.organization_merges.put(
                merge["id"], merge | {"status": _merged(account, merge)}
            )


def _merged(account: Account, merge: Row) -> str:
    loser = account.organizations.get(str(merge["loser_id"]))
    winner = account.organizations.get(str(merge["winner_id"]))
    if loser is None or winner is None:
        return "error"
    _move_users(account, loser["id"], winner["id"])
    delete_organization(account, str(loser["id"]))
    names = dict.fromkeys([*winner["domain_names"], *loser["domain_names"]])
    change_organization(account, winner, {"domain_names": list(names)})
    return "complete"


def _move_users(account: Account, before: int, after: int | None) -> None:
    for id, user in list(account.users.items()):
        if user["organization_id"] == before:
            moved = {"organization_id": after, "updated_at": account.stamp()}
            account.users.put(id, user | moved)


def claims(account: Account) -> dict[Claim, int]:
    """What each organization has alone, and whose it is."""
    rows = account.organizations.values()
    return {claim: row["id"] for row in rows for claim in _claims(row)}


def _claims(row: Row) -> dict[Claim, str]:
    """What no other organization may have, with what is said to one that wants it."""
    told = {("name", row["name"]): "Name"}
    told |= {("domain_names", domain): "Domain names" for domain in row["domain_names"]}
    if row["external_id"]:
        told["external_id", str(row["external_id"])] = "External"
    return {
        (field, value.casefold()): f"{label}: {value} has already been taken"
        for (field, value), label in told.items()
    }


def _let_go(account: Account, id: int) -> None:
    if before := account.organizations.get(str(id)):
        for claim in _claims(before):
            account.organization_claims.pop(claim, None)


def _list(name: str, value: object) -> list[str]:
    if not isinstance(value, list | None):
        raise malformed(f"{name} is no list")
    return [str(one) for one in value or ()]
