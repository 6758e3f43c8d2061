"""What people see of the org and do in it, each as one of its users."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from connectors.salesforce.fake.errors import Refused
from connectors.salesforce.fake.org import Org, Row
from connectors.salesforce.fake.rules import Rules
from connectors.salesforce.fake.schema import SYNCED, Column
from syncline.sandbox import Field, Refusal, Remark, Sheet, Shown
from syncline.sandbox import Row as BoardRow
from syncline.sandbox.fake import FieldKind

T = TypeVar("T")

DELETE, UNDELETE, PURGE = "delete", "undelete", "delete from the recycle bin"
_KINDS: Mapping[str, FieldKind] = {"textarea": "long", "picklist": "choice", "date": "date"}
_NUMBERS = ("currency", "int", "percent")
_ASKED = {
    "Case": ("Subject", "Description", "Status", "Priority", "Origin"),
    "Account": ("Name", "Type", "Website", "AnnualRevenue"),
    "Contact": ("FirstName", "LastName", "Email"),
    "Opportunity": ("Name", "StageName", "CloseDate", "Amount"),
}


class Web:
    """The page for people."""

    def __init__(self, org: Org, rules: Rules, hub: str) -> None:
        self._org = org
        self._rules = rules
        self._hub = hub

    def people(self) -> list[str]:
        """The org's users but the integration user."""
        rows = self._org.rows("User").values()
        return [row["Name"] for row in rows if row["IsActive"] and row["Id"] != self._hub]

    def board(self) -> list[BoardRow]:
        """All records, deleted ones too."""
        return [
            BoardRow(
                type=source,
                id=row["Id"],
                key=str(row.get("CaseNumber") or row["Id"]),
                title=_title(row),
                cells={
                    "Object": source,
                    "Status": "deleted" if row["IsDeleted"] else str(_status(row) or ""),
                    "Owner": self._name(row["OwnerId"]),
                    "Updated": row["SystemModstamp"],
                },
            )
            for source in SYNCED
            for row in self._org.rows(source).values()
        ]

    def sheet(self, type: str, id: str) -> Sheet:
        """One record; raises Refusal."""
        row = self._row(type, id)
        gone = row["IsDeleted"]
        return Sheet(
            title=f"{row.get('CaseNumber') or type} {_title(row)}",
            fields=list(self._fields(type, row)),
            comments=list(self._remarks(type, id)),
            links=[Shown(url, url) for url in str(row.get("Linked_Records__c") or "").split()],
            can_comment=() if gone else ("public", "internal"),
            actions=(UNDELETE, PURGE) if gone else (DELETE,),
        )

    def blanks(self) -> Mapping[str, Sequence[Field]]:
        """What to fill in for a new record."""
        return {
            source: [_field(self._org.columns(source)[name], None) for name in names]
            for source, names in _ASKED.items()
        }

    def edit(self, type: str, id: str, person: str, values: Mapping[str, str]) -> None:
        """A person changes fields; raises Refusal."""
        self._row(type, id)
        wanted = self._typed(type, values)
        _said(lambda: self._rules.update(type, id, wanted, self._user(person)))

    def remark(self, type: str, id: str, person: str, text: str, public: bool) -> None:
        """A person comments; raises Refusal."""
        values: Row = {"ParentId": id, "CommentBody": text, "IsPublished": public}
        source = "CaseComment"
        if type != "Case":
            source = "FeedItem"
            values = {"ParentId": id, "Body": text}
            values["Visibility"] = "AllUsers" if public else "InternalUsers"
        _said(lambda: self._rules.create(source, values, self._user(person)))

    def make(self, type: str, person: str, values: Mapping[str, str]) -> str:
        """A person makes a record; raises Refusal."""
        wanted = self._typed(type, values)
        return str(_said(lambda: self._rules.create(type, wanted, self._user(person)))["Id"])

    def act(self, type: str, id: str, person: str, action: str) -> None:
        """A person deletes, restores or purges; raises Refusal."""
        self._row(type, id)
        user = self._user(person)
        if action == DELETE:
            _said(lambda: self._rules.delete(type, id, user))
        elif action == UNDELETE:
            _said(lambda: self._rules.undelete(type, id))
        elif action == PURGE:
            self._rules.purge(type, id)
        else:
            raise Refusal(f"A {type} has no action {action!r}.")

    def _row(self, type: str, id: str) -> Row:
        row = self._org.get(type, id) if type in SYNCED else None
        if row is None:
            raise Refusal(f"There is no {type} {id}.")
        return row

    def _user(self, person: str) -> str:
        row = self._org.find("User", lambda one: one["Name"] == person)
        if row is None:
            raise Refusal(f"Nobody here is called {person}.")
        return str(row["Id"])

    def _name(self, id: Any) -> str:
        found = self._org.any(id) if id else None
        return str(found[1].get("Name") or "") if found else ""

    def _fields(self, type: str, row: Row) -> Iterator[Field]:
        for column in self._org.columns(type).values():
            if column.name in _ASKED[type] or column.custom:
                yield _field(column, row.get(column.name))
        yield Field("Owner", "Owner", self._name(row["OwnerId"]), "readonly")
        yield Field("Updated", "Updated", row["SystemModstamp"], "readonly")

    def _remarks(self, type: str, id: str) -> Iterator[Remark]:
        source = "CaseComment" if type == "Case" else "FeedItem"
        for row in self._org.rows(source).values():
            if row["ParentId"] == id and not row["IsDeleted"]:
                public = row.get("IsPublished") or row.get("Visibility") == "AllUsers"
                text = row.get("CommentBody") or row.get("Body") or ""
                at = datetime.fromisoformat(row["CreatedDate"])
                yield Remark(self._name(row["CreatedById"]), text, bool(public), at)

    def _typed(self, type: str, values: Mapping[str, str]) -> Row:
        columns = self._org.columns(type)
        return {name: _value(columns.get(name), value) for name, value in values.items()}


def _said(act: Callable[[], T]) -> T:
    try:
        return act()
    except Refused as error:
        raise Refusal(error.words) from error


def _title(row: Row) -> str:
    return str(row.get("Subject") or row.get("Name") or "")


def _status(row: Row) -> Any:
    return row.get("Status") or row.get("StageName") or row.get("Type")


def _field(column: Column, value: Any) -> Field:
    kind = _KINDS.get(column.type, "text")
    label = column.name.removesuffix("__c").replace("_", " ")
    text = "" if value is None else str(value).replace("\r\n", "\n")
    return Field(column.name, label, text, kind, ("", *column.values) if column.values else ())


def _value(column: Column | None, text: str) -> Any:
    if column is not None and column.type in _NUMBERS and text.strip():
        try:
            return float(text)
        except ValueError:
            raise Refusal(f"{column.name}: {text!r} is no number.") from None
    # Line breaks that people type in a page are kept as two characters.
    return text.replace("\n", "\r\n") or None
