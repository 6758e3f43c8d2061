"""Organizations and users as wire records, and patches as what Zendesk takes.

name, details, notes    as in Zendesk
tags, domain_names      lists; `domain` is the first of an organization's domain names
organization_fields     custom values by the fields' keys, as `user_fields` of a user; lists are
                        sorted
reference               what the connection's link field holds, where there is one
external_id             a create's key, or what somebody else wrote there; never overwritten
email                   of a user: the primary address, written when the user is made
phone                   of a user
role, suspended, organization   of a user; nobody but a person sets these
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.zendesk.client import Row, moment, seconds
from connectors.zendesk.config import ZendeskConfig
from connectors.zendesk.kinds import END_USER, Kind
from connectors.zendesk.wire import custom_value, text
from syncline.sdk.connector import Record, Wire
from syncline.sdk.errors import Rejected

LISTS = ("tags", "domain_names")


class Cards:
    """The shape of one kind's records for one connection."""

    def __init__(self, kind: Kind, config: ZendeskConfig) -> None:
        self._kind = kind
        self._web_url = config.web_url
        self._agents = config.scope.agents

    def record(self, row: Row, link: str | None, survivor: str | None = None) -> Record:
        """A record; its version is `updated_at` in seconds, `link` the key of the link field,
        `survivor` the record that it was merged into."""
        id = str(row["id"])
        return Record(
            id=id,
            fields=self._fields(row, link),
            version=seconds(row["updated_at"]),
            updated_at=moment(row["updated_at"]),
            created_at=moment(row["created_at"]),
            key=id,
            url=f"{self._web_url}/agent/{self._kind.many}/{id}",
            in_scope=self._agents or row.get("role", END_USER) == END_USER,
            deleted=deleted(row),
            merged_into=survivor,
            marker=row.get("external_id") or None,
        )

    def body(
        self, patch: Wire, shown: Wire, link: str | None, *, new: bool = False
    ) -> dict[str, Any]:
        """What Zendesk takes to show the patch on a record that shows `shown` now; raises Rejected
        for what cannot be written."""
        kind, body = self._kind, dict[str, Any]()
        custom = dict(patch.get(kind.custom) or {})
        for path, value in patch.items():
            if path == kind.custom:
                continue
            if path == "reference" and link:
                custom[link] = value or None
                continue
            if path == "email" and not new:
                raise Rejected(
                    "Zendesk adds an address to a user's others and replaces none; nothing was "
                    "written. Make it the user's primary address in Zendesk."
                )
            if path not in kind.written and not (new and path in kind.at_creation):
                raise Rejected(f"{path} of a {kind.name} cannot be written in Zendesk.")
            if path == "domain":
                body["domain_names"] = _domains(value, shown.get("domain_names") or ())
            else:
                body[path] = list(value or ()) if path in LISTS else value
        return body | ({kind.custom: custom} if custom else {})

    def _fields(self, row: Row, link: str | None) -> dict[str, Any]:
        kind = self._kind
        shown = {
            name: _shown(row.get(name))
            for name in (*kind.written, *kind.at_creation, *kind.computed)
        }
        if "domain" in shown:
            names = row.get("domain_names") or ()
            shown |= {"domain": names[0] if names else None, "domain_names": list(names)}
        if "organization" in shown:
            shown["organization"] = text(row.get("organization_id"))
        shown["tags"] = sorted(row.get("tags") or ())
        custom = {name: custom_value(one) for name, one in (row.get(kind.custom) or {}).items()}
        if link:
            shown["reference"] = custom.pop(link, None) or ""
        return shown | {kind.custom: dict(sorted(custom.items()))}


def deleted(row: Row) -> bool:
    """Whether Zendesk tells a record as deleted: an export does so of organizations with a time,
    of users as not active."""
    return bool(row.get("deleted_at")) or row.get("active") is False


def _domains(domain: Any, names: Any) -> list[str]:
    """An organization's domain names with another first one."""
    rest = [one for one in names[1:] if one != domain]
    if domain:
        return [str(domain), *rest]
    if rest:
        raise Rejected(
            "The organization has further domain names, of which one would take this one's place: "
            f"{', '.join(rest)}. Nothing was written; take them off in Zendesk first."
        )
    return []


def _shown(value: Any) -> Any:
    return None if value == "" else value


def values(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a new record that are to be sent: nothing is emptied in what is new."""
    return {
        path: {key: one for key, one in value.items() if one is not None}
        if isinstance(value, Mapping)
        else value
        for path, value in fields.items()
        if value is not None
    }
