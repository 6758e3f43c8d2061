"""Contacts and companies of Intercom as wire records, and patches as what Intercom takes.

domain      of a company: the host of its website
owner       of a contact: a teammate's id as text
companies   of a contact: the ids of the first ten
plan        of a company: the plan's name
attributes  custom attributes by their names
reference   what the connection's link attribute holds
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from connectors.intercom.client import Row, moment
from connectors.intercom.kinds import CONTACT, Kind
from connectors.intercom.wire import refuse_unwritable
from syncline.sdk.connector import Record, Wire
from syncline.sdk.errors import Rejected

USER = "user"


class Cards:
    """The shape of one kind's records for one connection; `leads` are in scope as well or not."""

    def __init__(self, kind: Kind, link_attribute: str | None, leads: bool) -> None:
        self._kind = kind
        self._link = link_attribute
        self._leads = leads

    def record(self, row: Row, workspace: str) -> Record:
        """A record; `workspace` is the address of the workspace for people."""
        kind, id = self._kind, str(row["id"])
        return Record(
            id=id,
            fields=self._fields(row),
            version=row["updated_at"],
            updated_at=moment(row["updated_at"]),
            created_at=moment(row["created_at"]),
            key=id,
            url=f"{workspace}/{kind.page}/{id}",
            in_scope=self._leads or kind is not CONTACT or row["role"] == USER,
            marker=row.get(kind.own) or None,
        )

    def _fields(self, row: Row) -> dict[str, Any]:
        kind = self._kind
        shown = {name: row.get(name) for name in (*kind.written, *kind.computed)}
        if kind is CONTACT:
            shown["owner"] = str(row["owner_id"]) if row.get("owner_id") else None
            companies = (row.get("companies") or {}).get("data") or ()
            shown["companies"] = [str(one["id"]) for one in companies]
        else:
            shown["plan"] = (row.get("plan") or {}).get("name")
            shown["domain"] = host(row.get("website"))
        custom = dict(row.get("custom_attributes") or {})
        if self._link:
            shown["reference"] = custom.pop(self._link, None)
        custom = {name: _shown(value) for name, value in custom.items()}
        return {name: _shown(value) for name, value in shown.items()} | {"attributes": custom}

    def body(self, patch: Wire) -> dict[str, Any]:
        """What Intercom takes to show the patch; raises Rejected for what it cannot."""
        paths = (*self._kind.written, "attributes", *(["reference"] if self._link else []))
        refuse_unwritable(patch, paths, self._kind.name)
        custom: dict[str, Any] = dict(patch.get("attributes") or {})
        if self._link and "reference" in patch:
            custom[self._link] = patch["reference"] or None
        body: dict[str, Any] = {"custom_attributes": custom} if custom else {}
        for path in self._kind.written.keys() & patch.keys():
            body |= self._entry(path, patch[path])
        return body

    def _entry(self, path: str, value: Any) -> Mapping[str, Any]:
        if path == "owner":
            return {"owner_id": _teammate(value)}
        if path == "domain":
            path = "website"
        if path == "email" and not value:
            raise Rejected(
                "Intercom takes no address off a contact; nothing was written. Empty it there, or "
                "give the record an address again."
            )
        return {path: self._kind.empty if value is None else value}


def host(website: Any) -> str | None:
    """The host in the address of a website, in which Intercom takes any text."""
    text = str(website or "").strip()
    try:
        found = urlsplit(text if "//" in text else f"//{text}").hostname
    except ValueError:
        return None
    return (found or "").removeprefix("www.") or None


def _shown(value: Any) -> Any:
    return None if value == "" else value


def _teammate(handle: object) -> int | None:
    if not handle:
        return None
    if not str(handle).isdecimal():
        raise Rejected(f"{handle} is no teammate's id in Intercom. Nothing was written.")
    return int(str(handle))
