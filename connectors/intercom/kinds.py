"""The record types of Intercom that have an id of ours: contacts and companies."""

from __future__ import annotations

import re
from dataclasses import dataclass

TICKET = "ticket"
ID = re.compile(r"[0-9a-f]{24}")


@dataclass(frozen=True, slots=True)
class Kind:
    """A record type.

    path      where its records are in the API
    lookup    where one is found by the id of ours, which stands at the end
    own       the field that holds the id of ours; a create's key is written there
    written   fields that can be written, with their kinds
    computed  fields that Intercom sets itself, with their kinds
    empty     what empties a written field
    page      where people find a record, after the workspace's own address
    """

    name: str
    path: str
    lookup: str
    own: str
    written: dict[str, str]
    computed: dict[str, str]
    empty: str | None
    page: str


CONTACT = Kind(
    name="contact",
    path="/contacts",
    lookup="/contacts/find_by_external_id/",
    own="external_id",
    written={"email": "text", "name": "text", "phone": "text", "owner": "person"},
    computed={
        "external_id": "text",
        "role": "text",
        "companies": "list",
        "created_at": "datetime",
        "updated_at": "datetime",
    },
    empty=None,
    page="users",
)
COMPANY = Kind(
    name="company",
    path="/companies",
    lookup="/companies?company_id=",
    own="company_id",
    written={
        "name": "text",
        "website": "text",
        "domain": "text",
        "industry": "text",
        "plan": "text",
        "size": "number",
        "monthly_spend": "number",
    },
    computed={
        "company_id": "text",
        "user_count": "number",
        "created_at": "datetime",
        "updated_at": "datetime",
    },
    # `update_company_request` has no null in its texts.
    empty="",
    page="companies",
)
KINDS = (CONTACT, COMPANY)
