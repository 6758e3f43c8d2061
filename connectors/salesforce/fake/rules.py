"""What happens to a record: checked, changed, noted in its history, deleted, merged.

Refusals have Salesforce's codes and words (REST API Developer Guide, "Status Codes and Error
Responses"; SOAP API Developer Guide, "Core Data Types: StatusCode").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from connectors.salesforce.fake.documents import published
from connectors.salesforce.fake.errors import Refused, deleted, not_found
from connectors.salesforce.fake.org import Org, Row, sources
from connectors.salesforce.fake.schema import HISTORY, PROBABILITY, Column

_NUMBERS = ("currency", "int", "percent", "double")


class Rules:
    """The org's rules; `by` is the id of the user who acts, `api` the integration user's."""

    def __init__(self, org: Org, api: str) -> None:
        self._org = org
        self._api = api

    def create(self, source: str, values: Mapping[str, Any], by: str) -> Row:
        """Make a record; raises Refused."""
        self._may(source, by)
        columns = self._columns(source, by)
        checked = self._checked(source, columns, values)
        for column in columns.values():
            if column.default is not None and checked.get(column.name) is None:
                checked[column.name] = column.default
        missing = [n for n, c in columns.items() if c.required and checked.get(n) is None]
        if missing:
            words = f"Required fields are missing: [{', '.join(missing)}]"
            raise Refused("REQUIRED_FIELD_MISSING", words, missing)
        self._unlike(source, checked)
        now = self._org.stamp()
        row: Row = dict.fromkeys(self._org.columns(source))
        row |= {"OwnerId": by} if "OwnerId" in row else {}
        row |= checked
        row |= {"Id": self._org.new_id(source), "IsDeleted": False, "CreatedById": by}
        row |= {"CreatedDate": now, "LastModifiedDate": now, "SystemModstamp": now}
        row["LastModifiedById"] = by
        if source == "Case":
            row["CaseNumber"] = f"{self._org.state.next('case', 1001):08d}"
        row = self._derived(source, None, row)
        self._org.put(source, row)
        if source in HISTORY:
            self._note(source, row["Id"], "created", None, None, by)
        return row

    def update(self, source: str, id: str, values: Mapping[str, Any], by: str) -> Row:
        """Change a record; raises Refused. It gets a new stamp, also where nothing is new."""
        before = self.writable(source, id, by)
        checked = self._checked(source, self._columns(source, by), values, id)
        now = self._org.stamp()
        after = {**before, **checked, "LastModifiedDate": now, "LastModifiedById": by}
        after["SystemModstamp"] = now
        empty = [
            n for n, c in self._org.columns(source).items() if c.required and after.get(n) is None
        ]
        if empty:
            words = f"Required fields are missing: [{', '.join(empty)}]"
            raise Refused("REQUIRED_FIELD_MISSING", words, empty)
        after = self._derived(source, before, after)
        if source == "FeedItem" and after["Body"] != before["Body"]:
            after["LastEditDate"] = now
        self._org.put(source, after)
        self._tracked(source, before, after, by)
        return after

    def delete(self, source: str, id: str, by: str) -> None:
        """Put a record into the recycle bin, with what belongs to it; raises Refused."""
        row = self.writable(source, id, by)
        self._bury(source, row, {})
        for child in ("CaseComment", "FeedItem"):
            for one in list(self._org.rows(child).values()):
                if one["ParentId"] == id and not one["IsDeleted"]:
                    self._bury(child, one, {})

    def undelete(self, source: str, id: str) -> None:
        """Take a record out of the recycle bin."""
        row = self._org.get(source, id)
        if row is None:
            raise not_found()
        now = self._org.stamp()
        self._org.put(source, {**row, "IsDeleted": False, "SystemModstamp": now})
        self._org.deletions.delete(id)

    def purge(self, source: str, id: str) -> None:
        """Delete a record from the recycle bin for good."""
        self._org.rows(source).delete(id)

    def merge(self, source: str, winner: str, loser: str) -> None:
        """Merge one record into another: nothing on the winner tells of it, and the loser's
        comments and files become the winner's. (Object Reference, MasterRecordId)"""
        row = self._org.get(source, loser)
        if row is None or self._org.get(source, winner) is None:
            raise not_found()
        for child in ("CaseComment", "FeedItem"):
            for one in list(self._org.rows(child).values()):
                if one["ParentId"] == loser:
                    self._org.put(child, {**one, "ParentId": winner})
        for one in list(self._org.rows("ContentDocumentLink").values()):
            if one["LinkedEntityId"] == loser:
                self._org.put("ContentDocumentLink", {**one, "LinkedEntityId": winner})
        self._bury(source, row, {"MasterRecordId": winner})

    def writable(self, source: str, id: str, by: str) -> Row:
        """A record that this user may write; raises Refused."""
        row = self._org.get(source, id)
        if row is None:
            raise Refused("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", status=404)
        if row["IsDeleted"]:
            raise deleted()
        self._may(source, by)
        if by == self._api and id in self._org.private:
            words = "insufficient access rights on object id"
            raise Refused("INSUFFICIENT_ACCESS_OR_READONLY", words, status=403)
        parents = {row.get("AccountId"), row.get("ParentId"), id}
        if parents & self._org.locked:
            words = f"unable to obtain exclusive access to this record or 1 records: {id}"
            raise Refused("UNABLE_TO_LOCK_ROW", words)
        return row

    def _may(self, source: str, by: str) -> None:
        if by == self._api and f"{source} write" in self._org.revoked:
            words = "insufficient access rights on entity: " + source
            raise Refused("INSUFFICIENT_ACCESS_OR_READONLY", words, status=403)

    def _columns(self, source: str, by: str) -> dict[str, Column]:
        return self._org.visible(source) if by == self._api else self._org.columns(source)

    def _checked(
        self, source: str, columns: Mapping[str, Column], values: Mapping[str, Any], id: str = ""
    ) -> Row:
        checked: Row = {}
        for name, value in values.items():
            column = columns.get(name)
            if column is None:
                words = f"No such column '{name}' on sobject of type {source}"
                raise Refused("INVALID_FIELD", words)
            if not column.writable:
                raise Refused(
                    "INVALID_FIELD_FOR_INSERT_UPDATE",
                    f"Unable to create/update fields: {name}. Please check the security settings "
                    "of this field and verify that it is read/write for your profile or "
                    "permission set.",
                    [name],
                )
            checked[name] = self._value(column, value)
            if column.unique and checked[name] is not None:
                self._unique(source, column, checked[name], id)
        return checked

    def _value(self, column: Column, value: Any) -> Any:
        if isinstance(value, str):
            value = value.strip() or None  # an empty text is none, and spaces at the ends are lost
        if value is None:
            return None
        bad = Refused(
            "JSON_PARSER_ERROR", f"Cannot deserialize instance of {column.type} from {value!r}"
        )
        if column.type == "boolean" or column.type in _NUMBERS:
            wanted = bool if column.type == "boolean" else int | float
            if not isinstance(value, wanted) or (column.type in _NUMBERS and value is True):
                raise bad
            return value
        if not isinstance(value, str):
            raise bad
        if column.type == "date":
            try:
                return date.fromisoformat(value).isoformat()
            except ValueError:
                raise bad from None
        if column.references:
            return self._reference(column, value)
        return _text(column, value)

    def _reference(self, column: Column, value: str) -> str:
        name = column.name
        if not any(source in column.references for source in sources(value)):
            raise Refused("MALFORMED_ID", f"{name}: id value of incorrect type: {value}", [name])
        found = self._org.any(value)
        if found is None or found[1]["IsDeleted"]:
            raise Refused("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", [name])
        return value

    def _unique(self, source: str, column: Column, value: Any, id: str) -> None:
        same = str(value).casefold()
        for row in self._org.rows(source).values():
            if row["Id"] != id and str(row.get(column.name) or "").casefold() == same:
                raise Refused(
                    "DUPLICATE_VALUE",
                    f"duplicate value found: {column.name} duplicates value on record with id: "
                    f"{row['Id']}",
                )

    def _unlike(self, source: str, values: Row) -> None:
        """A duplicate rule that alerts also blocks the API, unless a header says otherwise."""
        if not self._org.settings.duplicate_rules or source not in ("Account", "Contact"):
            return
        name = str(values.get("Name") or values.get("LastName")).casefold()
        if self._org.find(source, lambda row: str(row["Name"]).casefold().endswith(name)):
            raise Refused("DUPLICATES_DETECTED", "Use one of these records?")

    def _derived(self, source: str, before: Row | None, row: Row) -> Row:
        """What Salesforce sets by itself."""
        if source == "Contact":
            names = (row["FirstName"], row["LastName"])
            row["Name"] = " ".join(name for name in names if name)
        if source == "Case":
            row["IsClosed"] = row["Status"] == "Closed"
            row["ClosedDate"] = (
                (row["ClosedDate"] or row["SystemModstamp"]) if row["IsClosed"] else None
            )
            contact = self._org.get("Contact", row["ContactId"])
            if contact and (before is None or before["ContactId"] != row["ContactId"]):
                row["AccountId"] = row["AccountId"] or contact["AccountId"]
        if source == "ContentVersion" and before is None:
            row = published(self._org, row)
        if source == "Opportunity" and (before is None or before["StageName"] != row["StageName"]):
            row["Probability"] = PROBABILITY.get(row["StageName"], 0)
            row["IsWon"] = row["StageName"] == "Closed Won"
            row["IsClosed"] = str(row["StageName"]).startswith("Closed")
        return row

    def _tracked(self, source: str, before: Row, after: Row, by: str) -> None:
        if source not in HISTORY:
            return
        for name, column in self._org.columns(source).items():
            old, new = before.get(name), after.get(name)
            if not column.tracked or old == new:
                continue
            if column.type == "textarea":
                self._note(source, after["Id"], name, None, None, by)
            elif column.references:
                field = name.removesuffix("Id")
                self._note(source, after["Id"], field, self._name(old), self._name(new), by)
                self._note(source, after["Id"], field, old, new, by)
            else:
                self._note(source, after["Id"], name, old, new, by)

    def _note(self, source: str, id: str, field: str, old: Any, new: Any, by: str) -> None:
        table, parent = HISTORY[source]
        now = self._org.stamp()
        row = {"Id": self._org.new_id(table), parent: id, "Field": field, "OldValue": old}
        row |= {"NewValue": new, "CreatedDate": now, "CreatedById": by, "IsDeleted": False}
        row |= {"DataType": "Text", "SystemModstamp": now}
        self._org.put(table, row)

    def _name(self, id: Any) -> str | None:
        found = self._org.any(id) if id else None
        if found is None:
            return None
        return str(found[1].get("Name") or found[1].get("CaseNumber") or id)

    def _bury(self, source: str, row: Row, more: Row) -> None:
        now = self._org.stamp()
        self._org.put(source, {**row, **more, "IsDeleted": True, "SystemModstamp": now})
        self._org.deletions.put(row["Id"], {"object": source, "id": row["Id"], "deletedDate": now})


def _text(column: Column, value: str) -> str:
    name = column.name
    if column.length and len(value) > column.length:
        shown = f"{value[:30]}..."
        raise Refused(
            "STRING_TOO_LONG",
            f"{name}: data value too large: {shown} (max length={column.length})",
            [name],
        )
    if column.type == "email" and "@" not in value:
        raise Refused("INVALID_EMAIL_ADDRESS", f"{name}: invalid email address: {value}", [name])
    wanted: Sequence[str] = value.split(";") if column.type == "multipicklist" else [value]
    # A picklist that is not restricted keeps whatever it is given.
    if column.restricted and any(one not in column.values for one in wanted):
        raise Refused(
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
            f"{name}: bad value for restricted picklist field: {value}",
            [name],
        )
    return value
