"""What the connection really is: account, fields, options, and what to warn about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from connectors.zendesk.client import Row, together
from connectors.zendesk.config import ZendeskConfig
from connectors.zendesk.kinds import KINDS, TICKET, Kind
from connectors.zendesk.metadata import (
    FIELDS,
    GROUPS,
    STATUSES,
    Metadata,
    titles,
)
from connectors.zendesk.wire import custom_path
from syncline.sdk.connector import FieldSchema, RecordSchema, Schema
from syncline.sdk.errors import Misconfigured

DESCRIPTION_LENGTH = (
    65_535  # a comment has at most 64 KB (developer.zendesk.com, "Ticket Comments")
)

# What a fresh account has, where its fields do not say (developer.zendesk.com, "Tickets").
_OPTIONS = {
    "status": ("new", "open", "pending", "solved", "closed"),
    "priority": ("urgent", "high", "normal", "low"),
    "type": ("problem", "incident", "question", "task"),
}
_SYSTEM = {"status": "status", "priority": "priority", "tickettype": "type"}
_READ_ONLY = {
    "organization": "organization",
    "problem": "ticket",
    "channel": "text",
    "created_at": "datetime",
    "updated_at": "datetime",
}
_TEXTS = ("text", "textarea")


async def describe(metadata: Metadata, config: ZendeskConfig) -> Schema:
    """The schema as it is now; raises AuthRequired or Misconfigured with what to do."""
    metadata.forget()
    me = await metadata.me()
    fields, statuses, groups = await together(
        metadata.rows(kind) for kind in (FIELDS, STATUSES, GROUPS)
    )
    await metadata.scope()
    _check_link_field(fields, config)
    at = urlsplit(config.web_url)
    schemas = [*_system(fields, statuses, groups), *_custom(fields, config)]
    if config.link_field:
        schemas.append(FieldSchema("reference", config.link_field, "text"))
    records = {TICKET: RecordSchema(TICKET, {one.path: one for one in schemas})}
    for kind in KINDS:
        custom = await metadata.custom_fields(kind)
        link = await metadata.link_key(kind)
        told = {one.path: one for one in _of_kind(kind, custom, link)}
        records[kind.name] = RecordSchema(kind.name, told)
    return Schema(
        account=f"{at.netloc} user {me['id']}",
        version="2",
        records=records,
        text_format="html",
        warnings=tuple(_warnings(me, fields, config)),
    )


def _system(
    fields: Mapping[int, Row], statuses: Mapping[int, Row], groups: Mapping[int, Row]
) -> list[FieldSchema]:
    options = dict(_OPTIONS)
    for row in fields.values():
        path, told = _SYSTEM.get(row["type"]), row.get("system_field_options")
        if path and told:
            options[path] = tuple(str(one["value"]) for one in told)
    # The field offers what an agent may choose: a ticket is new by itself, and closed by Zendesk.
    options["status"] = tuple(dict.fromkeys(("new", *options["status"], "closed")))
    # Nobody can choose a status that was switched off; tickets in it stay in it.
    labels = tuple(str(r["agent_label"]) for r in statuses.values() if r.get("active", True))
    return [
        FieldSchema("subject", "Subject", "text", required=True),
        FieldSchema(
            "description", "Description", "text", create_only=True, max_length=DESCRIPTION_LENGTH
        ),
        *(FieldSchema(p, p.capitalize(), "option", options=o) for p, o in options.items()),
        FieldSchema("custom_status", "Ticket status", "option", options=labels or None),
        FieldSchema("tags", "Tags", "list"),
        FieldSchema("assignee", "Assignee", "user"),
        FieldSchema("requester", "Requester", "user"),
        FieldSchema(
            "group", "Group", "option", options=tuple(str(r["name"]) for r in groups.values())
        ),
        FieldSchema("due_at", "Due date of a task", "datetime"),
        FieldSchema("is_public", "Description is public", "bool", create_only=True),
        FieldSchema("via_followup_source_id", "Follow-up of", "ticket", create_only=True),
        *(
            FieldSchema(path, path.replace("_", " ").capitalize(), kind, read_only=True)
            for path, kind in _READ_ONLY.items()
        ),
    ]


def _custom(fields: Mapping[int, Row], config: ZendeskConfig) -> list[FieldSchema]:
    return [
        FieldSchema(
            custom_path(title),
            title,
            str(fields[id]["type"]),
            options=_choices(fields[id]),
            read_only=fields[id]["type"] == "partialcreditcard",
        )
        for id, title in titles(fields).items()
        if fields[id].get("active", True) and title != config.link_field
    ]


def _of_kind(kind: Kind, custom: Mapping[str, Row], link: str | None) -> Iterator[FieldSchema]:
    for path, type in (kind.written | kind.at_creation | kind.computed).items():
        yield FieldSchema(
            path,
            path.replace("_", " ").capitalize(),
            type,
            required=path == "name",
            read_only=path in kind.computed,
            create_only=path in kind.at_creation,
        )
    if link is not None:
        yield FieldSchema("reference", str(custom[link]["title"]), "text")
    for key, row in custom.items():
        if row.get("active", True) and key != link:
            type, title = str(row["type"]), str(row["title"])
            path = f"{kind.custom}.{key}"
            yield FieldSchema(path, title, type, options=_choices(row))


async def custom_details(metadata: Metadata, kind: Kind) -> dict[str, Any]:
    """As `details`, of the custom fields of organizations or users."""
    fields = await metadata.custom_fields(kind)
    return {
        "fields": {f"{kind.custom}.{key}": str(row["id"]) for key, row in fields.items()},
        "options": {
            f"{kind.custom}.{key}": {str(o["value"]): str(o["id"]) for o in told if o.get("id")}
            for key, row in fields.items()
            if (told := row.get("custom_field_options"))
        },
    }


async def details(metadata: Metadata) -> dict[str, Any]:
    """What `describe` has no place for: the ids of fields, statuses and groups."""
    fields, statuses, groups = await together(
        metadata.rows(kind) for kind in (FIELDS, STATUSES, GROUPS)
    )
    choices = {
        custom_path(title): {str(o["value"]): str(o["id"]) for o in told if o.get("id")}
        for id, title in titles(fields).items()
        if (told := fields[id].get("custom_field_options"))
    }
    return {
        "fields": {custom_path(title): str(id) for id, title in titles(fields).items()},
        "options": {
            "custom_status": _ids(statuses, "agent_label"),
            "group": _ids(groups, "name"),
            **choices,
        },
    }


def _ids(rows: Mapping[int, Row], name: str) -> dict[str, str]:
    """Ids by name; a name that several have proves nothing, and is left out."""
    found: dict[str, list[int]] = {}
    for id, row in rows.items():
        found.setdefault(str(row[name]), []).append(id)
    return {label: str(ids[0]) for label, ids in found.items() if len(ids) == 1}


def _choices(field: Row) -> tuple[str, ...] | None:
    told: Any = field.get("custom_field_options")
    return tuple(str(one["value"]) for one in told) if told else None


def _check_link_field(fields: Mapping[int, Row], config: ZendeskConfig) -> None:
    name = config.link_field
    if name is None:
        return
    found = {title: fields[id]["type"] for id, title in titles(fields).items()}
    if found.get(name) not in _TEXTS:
        there = ", ".join(sorted(t for t, kind in found.items() if kind in _TEXTS)) or "none"
        raise Misconfigured(
            f"link_field: tickets have no text field {name!r}; there are: {there}. Add it in "
            "Zendesk under Objects and rules, Tickets, Fields, or leave link_field out."
        )


def _needed(field: Row) -> bool:
    """Whether a ticket is solved only with it; none is made only with it (developer.zendesk.com,
    "Ticket Fields", `required`)."""
    return bool(field.get("required") and field.get("active", True))


def _warnings(me: Row, fields: Mapping[int, Row], config: ZendeskConfig) -> list[str]:
    warnings = []
    if me.get("role") != "admin":
        warnings.append(
            f"The agent is {me.get('role')!r}: Zendesk lets administrators alone export tickets, "
            "so nothing can be read. Give the agent the role of an administrator."
        )
    needed = [t for id, t in titles(fields).items() if _needed(fields[id])]
    if needed:
        warnings.append(
            f"A ticket cannot be solved without {', '.join(map(repr, needed))}: Zendesk refuses "
            "that, and its status is parked. Map what is missing, or let it be optional."
        )
    if config.auth.api_token is not None:
        warnings.append(
            "Zendesk ends API tokens on 30 April 2027: make an OAuth client and use "
            "oauth_client_id and oauth_client_secret."
        )
    return warnings
