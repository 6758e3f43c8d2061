"""The objects of a fresh org: their fields, picklists and limits, as `describe` tells them.

(Object Reference for the Salesforce Platform: Case, Account, Contact, Opportunity, CaseComment,
FeedItem, User, Group)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True, slots=True)
class Column:
    """A field. `tracked`: its history is kept. `references` are the objects it may name."""

    name: str
    type: str = "string"
    length: int = 255
    values: tuple[str, ...] = ()
    restricted: bool = False
    required: bool = False
    writable: bool = True
    references: tuple[str, ...] = ()
    external_id: bool = False
    unique: bool = False
    default: Any = None
    tracked: bool = False
    label: str = ""

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Column:
        """The inverse of `document`."""
        lists = {name: tuple(document[name]) for name in ("values", "references")}
        return cls(**{**document, **lists})

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {one.name: getattr(self, one.name) for one in fields(self)}

    @property
    def custom(self) -> bool:
        """Whether an administrator has added it."""
        return self.name.endswith("__c")


def text(name: str, length: int = 255, **more: Any) -> Column:
    return Column(name, length=length, **more)


def long(name: str, length: int = 32_000, **more: Any) -> Column:
    return Column(name, "textarea", length, **more)


def choice(name: str, *values: str, **more: Any) -> Column:
    return Column(name, "picklist", values=values, **more)


def to(name: str, *references: str, **more: Any) -> Column:
    return Column(name, "reference", 18, references=references, **more)


def told(name: str, type: str = "datetime") -> Column:
    return Column(name, type, 0, writable=False)


SYSTEM = (
    Column("Id", "id", 18, writable=False),
    told("IsDeleted", "boolean"),
    told("CreatedDate"),
    to("CreatedById", "User", writable=False),
    told("LastModifiedDate"),
    to("LastModifiedById", "User", writable=False),
    told("SystemModstamp"),
)
OWNED = to("OwnerId", "User", "Group", tracked=True)
_MERGED = to("MasterRecordId", writable=False)
_TYPED = to("RecordTypeId", "RecordType", tracked=True)
_STAGES = {
    "Prospecting": 10,
    "Qualification": 10,
    "Proposal/Price Quote": 75,
    "Negotiation/Review": 90,
    "Closed Won": 100,
    "Closed Lost": 0,
}
PROBABILITY: Mapping[str, int] = _STAGES
SYNCED = ("Case", "Account", "Contact", "Opportunity")

OBJECTS: Mapping[str, tuple[str, tuple[Column, ...]]] = {
    "Case": (
        "500",
        (
            text("CaseNumber", 30, writable=False),
            text("Subject", tracked=True),
            long("Description"),
            choice("Status", "New", "Working", "Escalated", "Closed", default="New", tracked=True),
            choice("Priority", "High", "Medium", "Low", default="Medium", tracked=True),
            choice("Type", "Mechanical", "Electrical", "Electronic", "Structural", "Other"),
            choice("Origin", "Phone", "Email", "Web"),
            choice("Reason", "Installation", "Performance", "Breakdown", "Other"),
            to("ContactId", "Contact", tracked=True),
            to("AccountId", "Account", tracked=True),
            to("ParentId", "Case"),
            told("IsClosed", "boolean"),
            told("ClosedDate"),
            OWNED,
            _TYPED,
            _MERGED,
        ),
    ),
    "Account": (
        "001",
        (
            text("Name", required=True, tracked=True),
            choice("Type", "Prospect", "Customer - Direct", "Customer - Channel", "Other"),
            choice("Industry", "Banking", "Energy", "Retail", "Technology", "Other"),
            choice("Rating", "Hot", "Warm", "Cold"),
            Column("Website", "url", 255),
            Column("Phone", "phone", 40),
            Column("AnnualRevenue", "currency", 0),
            Column("NumberOfEmployees", "int", 0),
            long("Description"),
            to("ParentId", "Account"),
            OWNED,
            _TYPED,
            _MERGED,
        ),
    ),
    "Contact": (
        "003",
        (
            told("Name", "string"),
            text("FirstName", 40),
            text("LastName", 80, required=True, tracked=True),
            Column("Email", "email", 80, tracked=True),
            Column("Phone", "phone", 40),
            text("Title", 128, tracked=True),
            text("Department", 80),
            to("AccountId", "Account", tracked=True),
            long("Description"),
            OWNED,
            _TYPED,
            _MERGED,
        ),
    ),
    "Opportunity": (
        "006",
        (
            text("Name", 120, required=True, tracked=True),
            choice("StageName", *_STAGES, required=True, tracked=True),
            Column("Amount", "currency", 0, tracked=True),
            Column("CloseDate", "date", 0, required=True, tracked=True),
            Column("Probability", "percent", 0),
            choice("Type", "New Customer", "Existing Customer - Upgrade"),
            text("NextStep"),
            choice("LeadSource", "Web", "Phone Inquiry", "Partner Referral", "Other"),
            to("AccountId", "Account"),
            long("Description"),
            told("IsClosed", "boolean"),
            told("IsWon", "boolean"),
            OWNED,
            _TYPED,
        ),
    ),
    "CaseComment": (
        "00a",
        (
            to("ParentId", "Case", required=True),
            long("CommentBody", 4_000),
            Column("IsPublished", "boolean", 0, default=False),
        ),
    ),
    "FeedItem": (
        "0D5",
        (
            to("ParentId", *SYNCED, required=True),
            long("Body", 10_000),
            choice("Type", "TextPost", "TrackedChange", default="TextPost", restricted=True),
            choice("Visibility", "AllUsers", "InternalUsers", default="AllUsers", restricted=True),
            told("LastEditDate"),
        ),
    ),
    "ContentVersion": (
        "068",
        (
            text("Title", required=True),
            text("PathOnClient", 500, required=True),
            Column("VersionData", "base64", 0),
            to("ContentDocumentId", "ContentDocument"),
            told("FileExtension", "string"),
            told("ContentSize", "int"),
            told("IsLatest", "boolean"),
        ),
    ),
    "ContentDocument": ("069", (told("Title", "string"),)),
    "ContentDocumentLink": (
        "06A",
        (
            to("ContentDocumentId", "ContentDocument", required=True),
            to("LinkedEntityId", *SYNCED, required=True),
            choice("ShareType", "V", "C", "I", required=True, restricted=True),
            choice(
                "Visibility", "AllUsers", "InternalUsers", "SharedUsers",
                default="AllUsers", restricted=True,
            ),
        ),
    ),
    "User": (
        "005",
        (
            text("Name"),
            Column("Email", "email", 80),
            Column("IsActive", "boolean", 0, default=True),
        ),
    ),
    "Group": ("00G", (text("Name"), choice("Type", "Queue"))),
    "RecordType": ("012", (text("DeveloperName"), text("Name"), text("SobjectType"))),
    "FieldDefinition": (
        "",
        (text("QualifiedApiName"), text("EntityDefinitionId"), text("DurableId")),
    ),
    "CaseHistory": ("017", (to("CaseId", "Case"),)),
    "AccountHistory": ("0Ah", (to("AccountId", "Account"),)),
    "ContactHistory": ("03A", (to("ContactId", "Contact"),)),
    "OpportunityFieldHistory": ("017", (to("OpportunityId", "Opportunity"),)),
}  # fmt: skip
HISTORY = {
    "Case": ("CaseHistory", "CaseId"),
    "Account": ("AccountHistory", "AccountId"),
    "Contact": ("ContactHistory", "ContactId"),
    "Opportunity": ("OpportunityFieldHistory", "OpportunityId"),
}
_HISTORY_COLUMNS = (text("Field"), long("OldValue"), long("NewValue"), text("DataType"))


def columns_of(source: str) -> list[Column]:
    """All standard fields of an object."""
    more = _HISTORY_COLUMNS if source.endswith("History") else ()
    return [*SYSTEM, *OBJECTS[source][1], *more]
