"""What administrators of each tool with a fake can do to a mapping, and what is to be said of it.

One `Tool` a connector: what its mapping adds to the shipped one, what its fake gets for that, and
the troubles. Where a tool has no way to make one, the reason stands in its place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from connectors.hubspot.fake import HubSpotFake
from connectors.hubspot.fake.properties import definition
from connectors.intercom.fake import IntercomFake
from connectors.posthog.fake import PostHogFake
from connectors.salesforce.fake import SalesforceFake
from connectors.salesforce.fake.schema import choice, text
from syncline.sandbox import Fake
from tests.support.connections import DATA_CENTER

OPTION, FIELD, REQUIRED, RIGHT = "an option", "a field", "a demand", "a right"
TROUBLES = (OPTION, FIELD, REQUIRED, RIGHT)


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that an administrator does: `verb` with what `given` names.

    kind     of the finding; `problem` where the whole connection cannot be asked any more
    says     words of it
    patch    a line that the printed patch adds; empty where a person has to decide
    default  the field that also needs a value in the sync, once the patch has mapped it
    without  the field that is also taken out of the sync, once the patch has taken it out
    """

    verb: str
    given: Mapping[str, Any]
    kind: str
    says: str
    patch: str = ""
    default: tuple[str, str] | None = None
    without: str = ""


Answer: TypeAlias = Trouble | str
"""A trouble, or why the tool cannot make any."""


def nothing(fake: Fake) -> None:
    """The fake has all that is needed."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A connector's fake, with a mapping that has something to lose.

    `text` where the format is another; `labels`: changes of what only people read, since the wire
    record has stable internal names.
    """

    entity: str
    troubles: Mapping[str, Answer]
    fields: Mapping[str, Any]
    prepare: Callable[[Any], None] = nothing
    text: str = ""
    labels: tuple[tuple[str, Mapping[str, Any]], ...] = ()


def _hubspot(fake: HubSpotFake) -> None:
    area = definition("area", "enumeration", "select", ("billing", "app"), hubspotDefined=False)
    fake.portal.add_property("tickets", area)


def _salesforce(fake: SalesforceFake) -> None:
    area = choice("Area__c", "Billing", "App", restricted=True)
    for column in (area, choice("Severity__c", "S1", "S2", restricted=True), text("Team__c")):
        fake.org.add_field("Case", column)


def _intercom(fake: IntercomFake) -> None:
    for type in list(fake.workspace.types.values()):
        fake.workspace.new_attribute(type["id"], {"name": "Area", "items": ("Billing", "App")})


def _posthog(fake: PostHogFake) -> None:
    for row in list(fake.analytics.groups.values()):
        fake.analytics.group("company", row["key"], {"plan": "gold"})


JIRA = Tool(
    "ticket",
    {
        OPTION: Trouble(
            "rename", {"field": "status", "option": "Done", "to": "Finished"},
            "option_renamed", "it is called 'Finished' now (the tool's id 10002 is the same)",
            "done: Finished",
        ),
        FIELD: Trouble(
            "rename", {"field": "Customer impact", "to": "Harm"},
            "field_renamed", "it is called 'custom_fields.Harm' now",
            "path: custom_fields.Harm",
        ),
        REQUIRED: Trouble(
            "require", {"type": "Bug", "fields": ["Team"]},
            "field_required", "requires 'Team' (custom_fields.Team) now for Bug",
            "path: custom_fields.Team", ("team", "Mobile"),
        ),
        RIGHT: Trouble(
            "revoke", {"permission": "TRANSITION_ISSUES"},
            "rights", "lacks the permission",
        ),
    },
    {"impact": {"kind": "text", "path": "custom_fields.Customer impact"}},
)  # fmt: skip

TOOLS: Mapping[str, Tool] = {
    "jira": JIRA,
    DATA_CENTER: replace(JIRA, text="wiki_markup"),
    "zendesk": Tool(
        "ticket",
        {
            OPTION: Trouble(
                "rename", {"field": "custom_status", "option": "Cancelled", "to": "Withdrawn"},
                "option_renamed", "it is called 'Withdrawn' now (the tool's id",
                "cancelled: Withdrawn",
            ),
            FIELD: Trouble(
                "rename", {"field": "Product area", "to": "Area"},
                "field_renamed", "it is called 'custom_fields.Area' now (the tool's id",
                "path: custom_fields.Area",
            ),
            REQUIRED: Trouble(
                "require", {"field": "Customer reference"},
                "rights", "cannot be solved without 'Customer reference'",
            ),
            RIGHT: Trouble("demote", {}, "rights", "The agent is 'agent'"),
        },
        {
            "status": {
                "path": "custom_status",
                "enum": {
                    "todo": "New", "in_progress": ["Open", "In progress"],
                    "blocked": ["Pending", "On-hold"], "done": "Solved", "cancelled": "Cancelled",
                },
                "nearest": {},
            },
            "area": {
                "kind": "enum", "path": "custom_fields.Product area",
                "enum": ["area_accounts", "area_reports", "area_mobile"],
            },
        },
    ),
    "hubspot": Tool(
        "ticket",
        {
            OPTION: Trouble(
                "rename", {"field": "hs_pipeline_stage", "option": "Closed", "to": "Finished"},
                "option_renamed", "it is called 'Finished' now (the tool's id 4 is the same)",
                "done: Finished",
            ),
            FIELD: Trouble(
                "remove", {"field": "area"},
                "field_removed", "has no field 'Area' (area) any more", "  area: null",
                without="area",
            ),
            REQUIRED: (
                "HubSpot asks people alone for the properties of its forms; of a ticket, company, "
                "contact or deal that is made through the API it demands none that is new "
                "(knowledge.hubspot.com, 'Set up required properties')"
            ),
            RIGHT: Trouble(
                "revoke", {"scope": "tickets"},
                "record_removed", "has no record type 'ticket' any more",
            ),
        },
        {"area": {"kind": "enum", "path": "area", "enum": ["billing", "app"]}},
        _hubspot,
        labels=(
            ("rename", {"field": "area", "to": "Topic"}),
            ("rename", {"field": "area", "option": "app", "to": "Apps"}),
        ),
    ),
    "salesforce": Tool(
        "ticket",
        {
            OPTION: Trouble(
                "remove", {"field": "Severity__c", "option": "S2"},
                "option_removed", "has no option 'S2' any more", "S2: []",
            ),
            FIELD: Trouble(
                "rename", {"field": "Area__c", "to": "Topic__c"},
                "field_renamed", "it is called 'Topic__c' now (the tool's id", "path: Topic__c",
            ),
            REQUIRED: Trouble(
                "require", {"field": "Team__c"},
                "field_required", "requires 'Team' (Team__c) now", "path: Team__c",
                ("team", "Mobile"),
            ),
            RIGHT: Trouble(
                "revoke", {"right": "write"},
                "rights", "Case: the integration user may not create and edit records",
            ),
        },
        {
            "area": {"kind": "enum", "path": "Area__c", "enum": ["Billing", "App"]},
            "severity": {"kind": "enum", "path": "Severity__c", "enum": ["S1", "S2"]},
        },
        _salesforce,
        labels=(("rename", {"field": "Area__c", "label": "Topic"}),),
    ),
    "intercom": Tool(
        "ticket",
        {
            OPTION: Trouble(
                "rename", {"field": "state", "option": "Resolved", "to": "Finished"},
                "option_renamed", "it is called 'Finished' now (the tool's id", "done: Finished",
            ),
            FIELD: Trouble(
                "rename", {"field": "Priority", "to": "Urgency"},
                "field_renamed", "it is called 'attributes.Urgency' now (the tool's id",
                "path: attributes.Urgency",
            ),
            REQUIRED: Trouble(
                "require", {"type": "Bug", "fields": ["Area"]},
                "field_required", "requires 'Area' (attributes.Area) now for Bug",
                "path: attributes.Area", ("area", "App"),
            ),
            RIGHT: Trouble(
                "revoke", {"permission": "ticket"},
                "record_removed", "has no record type 'ticket' any more",
            ),
        },
        {
            "priority": {
                "path": "attributes.Priority",
                "enum": {"urgent": "Urgent", "high": "High", "medium": "Medium", "low": "Low"},
                "nearest": {"none": "low"},
            }
        },
        _intercom,
    ),
    "posthog": Tool(
        "account",
        {
            OPTION: (
                "the only choice that is synced, the stage of a feature, is PostHog's own and the "
                "same in every project; a property has no choices"
            ),
            FIELD: Trouble(
                "remove", {"field": "plan"},
                "field_removed", "has no field 'plan' (properties.plan) any more", "  tier: null",
                without="tier",
            ),
            REQUIRED: (
                "a group takes any properties, and what features and annotations must have is the "
                "same in every project"
            ),
            RIGHT: Trouble(
                "revoke", {"scopes": ["group:read"]},
                "record_removed", "has no record type 'group' any more",
            ),
        },
        {
            "tier": {"path": "properties.plan"},
            "product_key": {"kind": "text", "path": "key", "create_only": True, "max_length": 400},
        },
        _posthog,
    ),
    "mixpanel": Tool(
        "person",
        {
            OPTION: "a property of Mixpanel's has no choices",
            FIELD: (
                "Mixpanel keeps no schema of profiles: which properties there are is said in the "
                "connection itself, and `check` holds mappings against that"
            ),
            REQUIRED: "a profile takes any properties, and an annotation's are always the same",
            RIGHT: Trouble(
                "revoke", {},
                "problem", "not a member of this project",
            ),
        },
        {},
    ),
}  # fmt: skip
