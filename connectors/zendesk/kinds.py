"""The record types of Zendesk besides tickets: organizations and users."""

from __future__ import annotations

from dataclasses import dataclass

TICKET = "ticket"
END_USER = "end-user"


@dataclass(frozen=True, slots=True)
class Kind:
    """A record type.

    name         as a sync's `record` and as the member of a single answer
    many         the member of a list, and where its records are in the API
    custom       the member with values of custom fields by key, and where those are described
    written      paths that can be written, with their kinds
    at_creation  those that can be written at creation only
    computed     paths that Zendesk sets, or that only a person is to set, with their kinds
    made_with    what a create says besides, as Zendesk takes it
    merges       whether Zendesk tells into which other one a record was merged
    """

    name: str
    many: str
    custom: str
    written: dict[str, str]
    at_creation: dict[str, str]
    computed: dict[str, str]
    made_with: dict[str, object]
    merges: bool

    @property
    def path(self) -> str:
        """Where its records are in the API."""
        return f"/{self.many}"


_TEXTS = {"name": "text", "details": "text", "notes": "text", "tags": "list"}
_TOLD = {"external_id": "text", "created_at": "datetime", "updated_at": "datetime"}

ORGANIZATION = Kind(
    name="organization",
    many="organizations",
    custom="organization_fields",
    written={**_TEXTS, "domain": "text", "domain_names": "list"},
    at_creation={},
    computed=_TOLD,
    made_with={},
    merges=True,
)
USER = Kind(
    name="user",
    many="users",
    custom="user_fields",
    written={**_TEXTS, "phone": "text"},
    at_creation={"email": "text"},
    # Nobody is made an agent, suspended or moved to another organization by a sync.
    computed={**_TOLD, "role": "text", "suspended": "bool", "organization": "organization"},
    made_with={"role": END_USER, "skip_verify_email": True},
    merges=False,
)
KINDS = (ORGANIZATION, USER)
