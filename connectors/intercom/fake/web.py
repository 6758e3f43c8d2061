"""What people see of the workspace and do in it: teammates in the inbox, contacts in Messenger."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from html import escape, unescape
from typing import Any

from connectors.intercom.fake.desk import Author, Desk
from connectors.intercom.fake.errors import Refused
from connectors.intercom.fake.seeding import HUB
from connectors.intercom.fake.workspace import DESCRIPTION, NOBODY, TITLE, Row, Workspace
from syncline.sandbox import Field, Refusal, Remark, Sheet, Shown
from syncline.sandbox import Row as BoardRow

DELETE = "delete"
_OWN = "attribute:"


class Web:
    """The page for people."""

    def __init__(self, workspace: Workspace, desk: Desk) -> None:
        self._workspace = workspace
        self._desk = desk

    def people(self) -> list[str]:
        """Teammates first, then contacts who have a name."""
        admins = [row["name"] for row in self._workspace.admins.values() if row["email"] != HUB]
        return admins + [row["name"] for row in self._workspace.contacts.values() if row["name"]]

    def board(self) -> list[BoardRow]:
        """All tickets."""
        return [
            BoardRow(
                type="ticket",
                id=row["id"],
                key=f"#{row['ticket_id']}",
                title=row["attributes"][TITLE],
                cells={
                    "Type": self._workspace.type(row["type"])["name"],
                    "State": self._state(row),
                    "Assignee": self._name(row["admin"]),
                },
            )
            for row in self._workspace.tickets.values()
        ]

    def sheet(self, id: str) -> Sheet:
        """One ticket; raises Refusal."""
        row = self._ticket(id)
        links = [word for value in row["attributes"].values() for word in _addresses(value)]
        return Sheet(
            title=f"#{row['ticket_id']} {row['attributes'][TITLE]}",
            fields=self._fields(row),
            comments=[_remark(part) for part in row["parts"] if part.get("body")],
            links=[Shown(url, url) for url in links],
            can_comment=("public", "internal"),
            actions=(DELETE,),
        )

    def blanks(self) -> Mapping[str, Sequence[Field]]:
        """What to fill in for a new ticket."""
        types = tuple(row["name"] for row in self._workspace.types.values())
        return {
            "ticket": (
                Field("type", "Ticket type", types[0] if types else "", "choice", types),
                Field(TITLE, "Title"),
                Field(DESCRIPTION, "Description", kind="long"),
            )
        }

    def edit(self, id: str, person: str, values: Mapping[str, str]) -> None:
        """A teammate changes fields; raises Refusal."""
        row = self._ticket(id)
        type = self._workspace.type(row["type"])
        wanted: dict[str, Any] = {}
        attributes = {TITLE: TITLE, DESCRIPTION: DESCRIPTION}
        attributes |= {f"{_OWN}{one['name']}": one["name"] for one in type["attributes"]}
        given = {attributes[n]: v or None for n, v in values.items() if n in attributes}
        if given:
            wanted["ticket_attributes"] = {n: _item(type, n, v) for n, v in given.items()}
        if "state" in values:
            labels = {one["internal_label"]: one["id"] for one in type["states"]}
            wanted["ticket_state_id"] = labels.get(values["state"], "")
        if "assignee" in values:
            names = {one["name"]: one["id"] for one in self._workspace.admins.values()}
            wanted["assignee_id"] = names.get(values["assignee"], NOBODY)
        self._said(lambda: self._desk.update(self._author(person), row, wanted))

    def remark(self, id: str, person: str, text: str, public: bool) -> None:
        """A person writes on a ticket; raises Refusal."""
        author, row = self._author(person), self._ticket(id)
        if not public and author["type"] != "admin":
            raise Refusal("Contacts write no notes.")
        lines = "".join(f"<p>{escape(part)}</p>" for part in text.split("\n\n") if part.strip())
        kind = "comment" if public else "note"
        self._said(lambda: self._desk.reply(author, row, kind, lines))

    def make(self, person: str, values: Mapping[str, str]) -> str:
        """A person makes a ticket; raises Refusal."""
        author = self._author(person)
        own = {"id": author["id"]} if author["type"] == "user" else {"email": author["email"]}
        wanted = {
            "ticket_type_id": self._workspace.type_named(values["type"])["id"],
            "contacts": [own],
            "ticket_attributes": {n: values.get(n, "") for n in (TITLE, DESCRIPTION)},
        }
        made: list[Row] = []
        self._said(lambda: made.append(self._desk.create(author, wanted)))
        return str(made[0]["id"])

    def act(self, id: str, action: str) -> None:
        """A teammate deletes a ticket; raises Refusal."""
        if action != DELETE:
            raise Refusal(f"Nobody can {action} a ticket.")
        self._desk.delete(self._ticket(id))

    def _fields(self, row: Row) -> list[Field]:
        type = self._workspace.type(row["type"])
        states = tuple(one["internal_label"] for one in type["states"])
        admins = ("", *(one["name"] for one in self._workspace.admins.values()))
        fields = [
            Field("type", "Ticket type", type["name"], "readonly"),
            Field("state", "State", self._state(row), "choice", states),
            Field("assignee", "Assignee", self._name(row["admin"]), "choice", admins),
            Field(TITLE, "Title", row["attributes"][TITLE] or ""),
            Field(DESCRIPTION, "Description", row["attributes"][DESCRIPTION] or "", "long"),
        ]
        for one in type["attributes"]:
            name, value = one["name"], row["attributes"].get(one["name"])
            if one["data_type"] == "list":
                labels = {o["id"]: o["label"] for o in one["input_options"]["list_options"]}
                shown = ("", *labels.values())
                fields.append(Field(f"{_OWN}{name}", name, labels.get(value, ""), "choice", shown))
            elif one["data_type"] == "string" and name not in (TITLE, DESCRIPTION):
                fields.append(Field(f"{_OWN}{name}", name, value or ""))
        return fields

    def _said(self, done: Any) -> None:
        try:
            done()
        except Refused as refused:
            raise Refusal(str(refused)) from refused

    def _ticket(self, id: str) -> Row:
        row = self._workspace.tickets.get(id)
        if row is None:
            raise Refusal(f"There is no ticket {id}.")
        return row

    def _author(self, person: str) -> Author:
        for row in self._workspace.admins.values():
            if row["name"] == person:
                return row
        for row in self._workspace.contacts.values():
            if row["name"] == person:
                return {**row, "type": "user"}
        raise Refusal(f"Nobody here is called {person}.")

    def _state(self, row: Row) -> str:
        states = self._workspace.type(row["type"])["states"]
        return str(next(s["internal_label"] for s in states if s["id"] == row["state"]))

    def _name(self, id: str) -> str:
        admin = self._workspace.admins.get(id)
        return str(admin["name"]) if admin else ""


def _item(type: Row, name: str, value: str | None) -> str | None:
    (attribute,) = (one for one in type["attributes"] if one["name"] == name)
    if attribute["data_type"] != "list":
        return value
    labels = {o["label"]: o["id"] for o in attribute["input_options"]["list_options"]}
    return labels.get(value, value)


def _remark(part: Row) -> Remark:
    text = unescape(re.sub(r"<[^>]+>", "", re.sub(r"</p>\s*<p>", "\n\n", part["body"])))
    at = datetime.fromtimestamp(part["created_at"], UTC)
    return Remark(part["author"]["name"] or "", text, part["part_type"] == "comment", at)


def _addresses(value: Any) -> list[str]:
    words = value.split() if isinstance(value, str) else ()
    return [word for word in words if word.startswith(("http://", "https://"))]
