"""People are partners: every user of an Odoo has one, and so has every customer.

A person's handle is therefore the id of their partner, as text. Records name users by their own
ids; who they are is looked up once and kept. A user that this account may not see keeps a handle
that nobody can be given.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from connectors.odoo.client import Client, Row, Specification
from connectors.odoo.records import Kind, RecordType
from syncline.sdk.connector import Person
from syncline.sdk.errors import Rejected

_ASKED: Specification = {"name": {}, "email": {}, "active": {}, "user_ids": {}}


class People:
    """Looks people up for one connection and remembers users."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._partners: dict[int, str] = {}

    def handle(self, user: int) -> str:
        """The handle of a user that was looked up."""
        return self._partners.get(user, f"user {user}")

    async def know(self, users: Iterable[int]) -> None:
        """Look up users that were not seen before: one request, or none."""
        unknown = sorted({user for user in users if user not in self._partners})
        if not unknown:
            return
        domain = [["id", "in", unknown]]
        for row in await self._client.all("res.users", domain, {"partner_id": {}}):
            self._partners[row["id"]] = str(row["partner_id"])
        for user in unknown:
            self._partners.setdefault(user, f"user {user}")

    async def know_all(self, kind: RecordType, rows: Iterable[Row]) -> None:
        """Look up whom rows name."""
        await self.know(user for row in rows for user in _users(kind, row))

    async def user(self, handle: object) -> int:
        """The user behind a handle; raises Rejected where that person has no account."""
        for user, known in self._partners.items():
            if known == handle and known.isdecimal():
                return user
        if str(handle).isdecimal():
            domain = [["partner_id", "=", int(str(handle))], ["active", "=", True]]
            for row in await self._client.search("res.users", domain, {"partner_id": {}}, limit=1):
                self._partners[row["id"]] = str(row["partner_id"])
                return int(row["id"])
        raise Rejected(f"The person {handle!r} has no account in Odoo; nothing was written.")

    async def by_handle(self, handles: Sequence[str]) -> dict[str, Person]:
        """The partners behind handles; unknown and hidden ones are left out."""
        ids = sorted({int(handle) for handle in handles if handle.isdecimal()})
        rows = await self._client.all("res.partner", [["id", "in", ids]], _ASKED) if ids else []
        return {str(row["id"]): _person(row) for row in rows}

    async def by_email(self, emails: Sequence[str]) -> dict[str, Person]:
        """The active person with exactly this address; of several, the one with an account."""
        wanted = {email: email.strip().lower() for email in emails}
        domain = [
            ["email_normalized", "in", sorted(set(wanted.values()))],
            ["active", "=", True],
            ["is_company", "=", False],
        ]
        rows = await self._client.all("res.partner", domain, {**_ASKED, "email_normalized": {}})
        found: dict[str, Person] = {}
        for email, normal in wanted.items():
            fits = [row for row in rows if row["email_normalized"] == normal]
            users = [row for row in fits if row["user_ids"]]
            chosen = users or fits
            if len(chosen) == 1:
                found[email] = _person(chosen[0])
        return found


def _users(kind: RecordType, row: Row) -> Iterable[int]:
    for field in kind.fields:
        value: Any = row.get(field.name)
        if field.kind is Kind.SOLE:
            yield from value or ()
        elif field.kind is Kind.USER and value:
            yield value


def _person(row: Row) -> Person:
    email = row["email"] or None
    return Person(str(row["id"]), email=email, name=row["name"] or "", active=row["active"])
