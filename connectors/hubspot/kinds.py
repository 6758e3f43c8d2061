"""The record types of HubSpot's CRM that are synced, and what is particular to each."""

from __future__ import annotations

from dataclasses import dataclass

from syncline.sdk.errors import Misconfigured

NOTES = "notes"


@dataclass(frozen=True, slots=True)
class Kind:
    """A record type; properties by their internal names.

    object        its name in the API
    type_id       its number, which stands in addresses of records
    title         the property that people know a record by
    modified      when it was changed last: contacts have another name for that than all others
    properties    the others that every account has and that are read
    computed      those that HubSpot sets itself, and that are read
    company       the one with the id of the company that it belongs to first, which HubSpot sets by
                  the label of an association
    pipeline, stage  where it has a workflow
    note          the number of the association of a note with it
    """

    name: str
    object: str
    type_id: str
    title: str
    modified: str
    properties: tuple[str, ...]
    computed: tuple[str, ...]
    note: int
    company: str | None = None
    pipeline: str | None = None
    stage: str | None = None


TICKET = Kind(
    name="ticket",
    object="tickets",
    type_id="0-5",
    title="subject",
    modified="hs_lastmodifieddate",
    properties=(
        "subject",
        "content",
        "hs_pipeline",
        "hs_pipeline_stage",
        "hs_ticket_priority",
        "hubspot_owner_id",
        "source_type",
    ),
    computed=("closed_date",),
    note=228,
    company="hs_primary_company_id",
    pipeline="hs_pipeline",
    stage="hs_pipeline_stage",
)
COMPANY = Kind(
    name="company",
    object="companies",
    type_id="0-2",
    title="name",
    modified="hs_lastmodifieddate",
    properties=(
        "name",
        "domain",
        "description",
        "lifecyclestage",
        "annualrevenue",
        "hubspot_owner_id",
    ),
    computed=(),
    note=190,
)
CONTACT = Kind(
    name="contact",
    object="contacts",
    type_id="0-1",
    title="email",
    modified="lastmodifieddate",
    properties=("email", "firstname", "lastname", "phone", "lifecyclestage", "hubspot_owner_id"),
    computed=(),
    note=202,
    company="associatedcompanyid",
)
DEAL = Kind(
    name="deal",
    object="deals",
    type_id="0-3",
    title="dealname",
    modified="hs_lastmodifieddate",
    properties=(
        "dealname",
        "description",
        "pipeline",
        "dealstage",
        "amount",
        "closedate",
        "hubspot_owner_id",
    ),
    computed=(),
    note=214,
    company="hs_primary_associated_company",
    pipeline="pipeline",
    stage="dealstage",
)

KINDS = {kind.name: kind for kind in (TICKET, COMPANY, CONTACT, DEAL)}


def kind_of(record: str) -> Kind:
    """The record type of this name; raises Misconfigured naming what there is."""
    if (kind := KINDS.get(record)) is None:
        raise Misconfigured(
            f"HubSpot has no record {record!r} that Syncline knows; there are: "
            f"{', '.join(KINDS)}. Nothing was sent; correct the sync's `record`."
        )
    return kind
