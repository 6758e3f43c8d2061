"""The properties that a fresh account's records have, as far as this fake shows them.

Names, types and choices are those of HubSpot's knowledge base ("HubSpot's default ticket
properties" and its sisters for companies, contacts and deals). Whatever their type, the API takes
and gives them as texts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

Definition: TypeAlias = dict[str, Any]

PORTAL = 62515
"""The account's number."""
TICKETS, COMPANIES, CONTACTS, DEALS, NOTES = "tickets", "companies", "contacts", "deals", "notes"
TYPE_IDS = {CONTACTS: "0-1", COMPANIES: "0-2", DEALS: "0-3", TICKETS: "0-5", NOTES: "0-46"}
MODIFIED = {CONTACTS: "lastmodifieddate"}  # of all others it is hs_lastmodifieddate
CREATED = {NOTES: "hs_createdate"}
TITLES = {TICKETS: "subject", COMPANIES: "name", DEALS: "dealname", CONTACTS: "email"}
PIPELINES = {TICKETS: ("hs_pipeline", "hs_pipeline_stage"), DEALS: ("pipeline", "dealstage")}
COMPANY_OF = {
    TICKETS: "hs_primary_company_id",
    DEALS: "hs_primary_associated_company",
    CONTACTS: "associatedcompanyid",
}
# What is shown where a request names no properties.
SHOWN = {
    TICKETS: ("subject", "content", "hs_pipeline", "hs_pipeline_stage", "hs_ticket_priority"),
    COMPANIES: ("name", "domain"),
    CONTACTS: ("email", "firstname", "lastname"),
    DEALS: ("dealname", "amount", "dealstage", "pipeline", "closedate"),
    NOTES: (),
}

_LIFECYCLE = (
    "subscriber", "lead", "marketingqualifiedlead", "salesqualifiedlead", "opportunity",
    "customer", "evangelist", "other",
)  # fmt: skip
_OWN: Mapping[str, Mapping[str, tuple[str, str, Sequence[str]]]] = {
    TICKETS: {
        "subject": ("string", "text", ()),
        "content": ("string", "textarea", ()),
        "hs_pipeline": ("enumeration", "select", ()),
        "hs_pipeline_stage": ("enumeration", "select", ()),
        "hs_ticket_priority": ("enumeration", "select", ("LOW", "MEDIUM", "HIGH", "URGENT")),
        "source_type": ("enumeration", "select", ("CHAT", "EMAIL", "FORM", "PHONE")),
    },
    COMPANIES: {
        "name": ("string", "text", ()),
        "domain": ("string", "text", ()),
        "description": ("string", "textarea", ()),
        "lifecyclestage": ("enumeration", "radio", _LIFECYCLE),
        "annualrevenue": ("number", "number", ()),
    },
    CONTACTS: {
        "email": ("string", "text", ()),
        "firstname": ("string", "text", ()),
        "lastname": ("string", "text", ()),
        "phone": ("string", "phonenumber", ()),
        "lifecyclestage": ("enumeration", "radio", _LIFECYCLE),
    },
    DEALS: {
        "dealname": ("string", "text", ()),
        "description": ("string", "textarea", ()),
        "pipeline": ("enumeration", "select", ()),
        "dealstage": ("enumeration", "radio", ()),
        "amount": ("number", "number", ()),
        "closedate": ("datetime", "date", ()),
    },
    NOTES: {
        "hs_note_body": ("string", "html", ()),
        "hs_timestamp": ("datetime", "date", ()),
    },
}
_READ_ONLY = ("hs_object_id", "hs_merged_object_ids", "hs_object_source", "hs_object_source_id")


def definition(
    name: str, type: str, field: str, options: Sequence[str] = (), **more: Any
) -> Definition:
    """A property as `/crm/properties` tells it."""
    return {
        "name": name,
        "label": more.pop("label", name.removeprefix("hs_").replace("_", " ").capitalize()),
        "type": type,
        "fieldType": field,
        "options": [
            {"label": one.title(), "value": one, "displayOrder": n, "hidden": False}
            for n, one in enumerate(options)
        ],
        "hubspotDefined": True,
        "hasUniqueValue": False,
        "hidden": False,
        "archived": False,
        "groupName": "information",
        "modificationMetadata": {"readOnlyValue": False},
        **more,
    }


def fresh(kind: str) -> dict[str, Definition]:
    """The properties of a record type in a new account."""
    own = {name: definition(name, *about) for name, about in _OWN[kind].items()}
    own["hubspot_owner_id"] = definition("hubspot_owner_id", "enumeration", "select")
    if kind == CONTACTS:
        own["email"]["hasUniqueValue"] = True
    times = [created(kind), modified(kind)] + (["closed_date"] if kind == TICKETS else [])
    computed = [*_READ_ONLY, *([COMPANY_OF[kind]] if kind in COMPANY_OF else [])]
    for name in (*times, *computed):
        type, field = ("datetime", "date") if name in times else ("string", "text")
        own[name] = definition(name, type, field, modificationMetadata={"readOnlyValue": True})
    return own


def modified(kind: str) -> str:
    """The property that says when a record was changed last."""
    return MODIFIED.get(kind, "hs_lastmodifieddate")


def created(kind: str) -> str:
    """The property that says when a record was made."""
    return CREATED.get(kind, "createdate")
