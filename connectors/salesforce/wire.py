"""The wire record: a record's fields under Salesforce's API names, and a few of Syncline's own.

    FIELD       as in Salesforce: text, number, true, a day, a time; None where it is empty
                a multi-select picklist is a sorted list; line breaks are single
    Owner       a user's id; None where a queue or the integration user itself holds the record
    RecordType  the record type's developer name
    Name        of a contact: first and last name in one
    Domain      of an account: the host of its website
    reference   what the connection's link field holds

`body` makes of a patch in this shape what Salesforce takes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from connectors.salesforce.client import Row, moment, seconds
from connectors.salesforce.config import SalesforceConfig
from connectors.salesforce.metadata import Described, Field
from connectors.salesforce.objects import USER, is_id
from syncline.sdk.connector import Record
from syncline.sdk.errors import Rejected

OWNER, RECORD_TYPE, DOMAIN, REFERENCE = "Owner", "RecordType", "Domain", "reference"


class WireShape:
    """Records to wire and back for one connection."""

    def __init__(self, config: SalesforceConfig) -> None:
        self._config = config

    def record(
        self, row: Row, described: Described, scope: frozenset[str] | None, me: str
    ) -> Record:
        """The record of a row; its version is `SystemModstamp`, in seconds since 1970."""
        id, kind = str(row["Id"]), described.kind.name
        return Record(
            id=id,
            fields=self.fields(row, described, me),
            version=seconds(row["SystemModstamp"]),
            updated_at=moment(row["SystemModstamp"]),
            created_at=moment(row["CreatedDate"]),
            key=row.get("CaseNumber") or None,
            url=f"{self._config.web_url}/lightning/r/{kind}/{id}/view",
            in_scope=scope is None or row.get("RecordTypeId") in scope,
            deleted=bool(row.get("IsDeleted")),
            merged_into=row.get("MasterRecordId") or None,
            marker=row.get(self._config.key_field) or None,
        )

    def fields(self, row: Row, described: Described, me: str) -> dict[str, Any]:
        """What a row shows."""
        shown = {f.name: value_of(f, row.get(f.name)) for f in described.shown(self._config)}
        if "OwnerId" in described.fields:
            shown[OWNER] = owner(row.get("OwnerId"), me)
        if described.record_types:
            shown[RECORD_TYPE] = described.record_types.get(str(row.get("RecordTypeId")))
        if described.kind.name == "Account" and "Website" in shown:
            shown[DOMAIN] = host(shown["Website"])
        if self._config.link_field in described.fields:
            shown[REFERENCE] = unbroken(row.get(self._config.link_field or "")) or ""
        return shown

    def body(
        self, patch: Mapping[str, Any], described: Described, me: str, *, making: bool = False
    ) -> dict[str, Any]:
        """What Salesforce takes to show the patch; raises Rejected for what cannot be written."""
        body: dict[str, Any] = {}
        for path, value in patch.items():
            body |= self._entry(path, value, described, me, making)
        return body

    def creation(
        self, fields: Mapping[str, Any], key: str, described: Described, me: str
    ) -> dict[str, Any]:
        """What Salesforce takes to make the record, which carries the key."""
        given = {name: value for name, value in fields.items() if value is not None}
        names = self._config.scope.record_types.get(described.kind.name)
        if names and RECORD_TYPE not in given:
            given[RECORD_TYPE] = names[0]
        body = self.body(given, described, me, making=True)
        return {
            "attributes": {"type": described.kind.name},
            **body,
            self._config.key_field: key,
        }

    def _entry(
        self, path: str, value: Any, described: Described, me: str, making: bool
    ) -> dict[str, Any]:
        kind = described.kind.name
        if path == OWNER:
            return {"OwnerId": _user(value) or me}
        if path == RECORD_TYPE and described.record_types:
            return {"RecordTypeId": _record_type(value, described)}
        if path == "Name" and kind == "Contact":
            return _names(value)
        if path == DOMAIN and kind == "Account":
            return {"Website": value or None}
        if path == REFERENCE and self._config.link_field:
            return {self._config.link_field: value or None}
        field = next((f for f in described.shown(self._config) if f.name == path), None)
        if field is None:
            raise Rejected(
                f"{kind} has no field {path!r} that the integration user can see; check its name "
                "and field-level security. Nothing was written."
            )
        if not (field.createable if making else field.updateable):
            raise Rejected(
                f"{path} of a {kind} cannot be written by the integration user: it is read-only, "
                "or field-level security says so. Nothing was written."
            )
        return {path: _written(field, value)}


def value_of(field: Field, value: Any) -> Any:
    """A value as the wire holds it."""
    if field.type == "multipicklist":
        return sorted(str(value).split(";")) if value else []
    return unbroken(value) if isinstance(value, str) else value


def unbroken(text: Any) -> Any:
    """A text with single line breaks: pages write them as two characters."""
    return text.replace("\r\n", "\n") if isinstance(text, str) else text


def owner(id: Any, me: str) -> str | None:
    """The user who holds a record; a queue and Syncline's own user are nobody."""
    return str(id) if is_id(id, USER) and id != me else None


def host(url: Any) -> str | None:
    """The host in a website's address, which people write in many ways."""
    if not isinstance(url, str) or not url.strip():
        return None
    text = url.strip()
    try:
        found = urlsplit(text if "//" in text else f"//{text}").netloc
    except ValueError:
        return None
    found = found.rpartition("@")[2].partition(":")[0]
    return found.removeprefix("www.") or None


def _written(field: Field, value: Any) -> Any:
    if field.options is not None and value:
        wanted = list(value) if field.type == "multipicklist" else [value]
        # Salesforce keeps any text in a picklist that is not restricted.
        if unknown := [str(one) for one in wanted if one not in field.options]:
            raise Rejected(
                f"{field.name} cannot be {', '.join(unknown)}; there are: "
                f"{', '.join(field.options) or 'none'}. Nothing was written."
            )
        return ";".join(wanted) if field.type == "multipicklist" else value
    return None if value in ("", [], ()) else value


def _user(value: Any) -> str | None:
    if value in (None, ""):
        return None
    if not is_id(value, USER):
        raise Rejected(f"Owner {value!r} is no user's id in Salesforce. Nothing was written.")
    return str(value)


def _record_type(value: Any, described: Described) -> str:
    id = described.record_type_id(str(value))
    if id is None:
        there = ", ".join(sorted(described.record_types.values()))
        raise Rejected(
            f"{described.kind.name} has no record type {value!r}; there are: {there}. Nothing was "
            "written."
        )
    return id


def _names(value: Any) -> dict[str, Any]:
    first, _, last = str(value or "").strip().rpartition(" ")
    return {"FirstName": first.strip() or None, "LastName": last or None}
