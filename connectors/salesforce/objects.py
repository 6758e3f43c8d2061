"""The objects that are synced, and what Salesforce calls the things around each of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from syncline.sdk.errors import Misconfigured

USER, CONTACT = "005", "003"
_ID = re.compile(r"[A-Za-z0-9]{18}")


@dataclass(frozen=True, slots=True)
class Kind:
    """One object.

    prefix    how its record ids begin
    fields    the standard fields that a record shows, where the integration user sees them
    history   the object with its field history, and the field there that names the record
    comments  CaseComment where there is one, else posts of the feed
    """

    name: str
    prefix: str
    fields: tuple[str, ...]
    history: tuple[str, str]
    comments: str = "FeedItem"


_TOUCHED = ("CreatedDate", "LastModifiedDate")

KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            "Case",
            "500",
            (
                "CaseNumber", "Subject", "Description", "Status", "Priority", "Type", "Origin",
                "Reason", "ContactId", "AccountId", "ParentId", "IsClosed", "ClosedDate", *_TOUCHED,
            ),
            ("CaseHistory", "CaseId"),
            "CaseComment",
        ),
        Kind(
            "Account",
            "001",
            (
                "Name", "Type", "Industry", "Rating", "Website", "Phone", "AnnualRevenue",
                "NumberOfEmployees", "Description", "ParentId", *_TOUCHED,
            ),
            ("AccountHistory", "AccountId"),
        ),
        Kind(
            "Contact",
            "003",
            (
                "Name", "FirstName", "LastName", "Email", "Phone", "Title", "Department",
                "AccountId", "Description", *_TOUCHED,
            ),
            ("ContactHistory", "ContactId"),
        ),
        Kind(
            "Opportunity",
            "006",
            (
                "Name", "StageName", "Amount", "CloseDate", "Probability", "Type", "NextStep",
                "LeadSource", "AccountId", "Description", "IsClosed", "IsWon", *_TOUCHED,
            ),
            ("OpportunityFieldHistory", "OpportunityId"),
        ),
    )
}  # fmt: skip


def kind_of(record: str) -> Kind:
    """The object of a record type; raises Misconfigured naming those there are."""
    if record not in KINDS:
        raise Misconfigured(
            f"record: {record!r} is not synced from Salesforce; there are: {', '.join(KINDS)}."
        )
    return KINDS[record]


def is_id(text: object, *prefixes: str) -> bool:
    """Whether this is a record id, of one of these objects if any are named.

    The 18 characters that the API gives; the 15 that pages show are the same in another case.
    """
    given = isinstance(text, str) and _ID.fullmatch(text) is not None
    return given and (not prefixes or str(text)[:3] in prefixes)
