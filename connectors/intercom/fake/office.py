"""Contacts and companies as teammates see, change and remove them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from connectors.intercom.fake.companies import Companies
from connectors.intercom.fake.contacts import Contacts
from connectors.intercom.fake.errors import Refused
from connectors.intercom.fake.seeding import LINKS
from connectors.intercom.fake.workspace import Row, Workspace
from syncline.sandbox import Field, Refusal, Sheet, Shown
from syncline.sandbox import Row as BoardRow

CONTACT, COMPANY = "contact", "company"
_OWN = "attribute:"
_FIELDS = {CONTACT: ("name", "email", "phone"), COMPANY: ("name", "website", "industry", "plan")}
_ACTIONS = {CONTACT: ("archive", "delete"), COMPANY: ("delete",)}

T = TypeVar("T")


class Office:
    """The pages; what Intercom refuses is a Refusal."""

    def __init__(self, workspace: Workspace, contacts: Contacts, companies: Companies) -> None:
        self._workspace = workspace
        self._contacts = contacts
        self._companies = companies

    def board(self) -> list[BoardRow]:
        """Contacts that are not archived, and companies that have one."""
        contacts = [
            BoardRow(CONTACT, row["id"], row["email"] or "", row["name"] or "", {})
            for row in self._workspace.contacts.values()
            if not row["archived"]
        ]
        companies = [
            BoardRow(COMPANY, row["id"], row["company_id"], row["name"] or "", {})
            for row in self._workspace.companies.values()
            if self._companies.users(row)
        ]
        return contacts + companies

    def sheet(self, type: str, id: str) -> Sheet:
        """One record."""
        row = self._row(type, id)
        fields = [Field(name, name.capitalize(), row.get(name) or "") for name in _FIELDS[type]]
        for one in self._workspace.data_attributes(type):
            value = row["custom"].get(one["name"]) or ""
            fields.append(Field(f"{_OWN}{one['name']}", one["name"], str(value)))
        links = str(row["custom"].get(LINKS) or "").split()
        shown = [Shown(url, url) for url in links]
        return Sheet(row["name"] or id, fields, links=shown, actions=_ACTIONS[type])

    def blanks(self) -> Mapping[str, Sequence[Field]]:
        """What to fill in for a new one."""
        return {
            type: [Field(name, name.capitalize()) for name in names]
            for type, names in _FIELDS.items()
        }

    def edit(self, type: str, id: str, values: Mapping[str, str]) -> None:
        """A teammate changes fields."""
        row = self._row(type, id)
        own = {n.removeprefix(_OWN): v for n, v in values.items() if n.startswith(_OWN)}
        wanted: Row = {name: values[name] for name in _FIELDS[type] if name in values}
        wanted |= {"custom_attributes": own} if own else {}
        if type == CONTACT:
            _said(lambda: self._contacts.update(row, wanted))
        else:
            _said(lambda: self._companies.update(row, wanted))

    def make(self, type: str, values: Mapping[str, str]) -> str:
        """A teammate makes a contact, or a company, which the first contact joins."""
        wanted: dict[str, Any] = {n: values[n] for n in _FIELDS[type] if values.get(n)}
        if type == CONTACT:
            return str(_said(lambda: self._contacts.create({"role": "user", **wanted}))["id"])
        wanted["company_id"] = f"made-here-{self._workspace.state.next('made here')}"
        made = _said(lambda: self._companies.put(wanted))
        for contact in list(self._workspace.contacts.values())[:1]:
            self._companies.attach(contact, made["id"])
        return str(made["id"])

    def act(self, type: str, id: str, action: str) -> None:
        """A teammate archives or deletes."""
        row = self._row(type, id)
        if action not in _ACTIONS[type]:
            raise Refusal(f"Nobody can {action} a {type}.")
        if action == "archive":
            self._contacts.archive(row)
        elif type == CONTACT:
            self._contacts.delete(row)
        else:
            self._companies.delete(row)

    def _row(self, type: str, id: str) -> Row:
        if type == CONTACT:
            return _said(lambda: self._contacts.row(id))
        return _said(lambda: self._companies.row(id))


def _said(done: Callable[[], T]) -> T:
    try:
        return done()
    except Refused as refused:
        raise Refusal(str(refused)) from refused
