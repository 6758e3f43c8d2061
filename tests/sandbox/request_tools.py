"""Desks, CRMs and trackers in which customers' requests are kept, each by its fake, all talked of
alike.

What a tool calls its fields and options stands here once more, beside the mappings that ship, so
that a test says what people see in the tool and not what the mapping makes of it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from connectors.hubspot.fake import properties
from connectors.intercom.fake.workspace import DESCRIPTION, TITLE
from connectors.jira.fake.vocabulary import PRIORITIES, STATUSES
from syncline.schema.text import adf_source
from syncline.sdk.connector import Connector
from tests.connectors.hubspot import world as hubspot
from tests.connectors.intercom import world as intercom
from tests.connectors.jira import world as jira
from tests.connectors.jira.world import DataCenterWorld, JiraWorld, plain, written
from tests.connectors.salesforce import world as salesforce
from tests.connectors.zendesk import world as zendesk

CAROL = "carol@customer.test"
Fields = Mapping[str, Any]


@dataclass(frozen=True)
class Words:
    """What one tool calls things: its record, its fields by ours, and its options by ours."""

    record: str
    fields: Mapping[str, str]
    options: Mapping[str, Mapping[str, str]]

    def told(self, wanted: Fields) -> dict[str, Any]:
        """Values in the tool's words; a word that is none of ours is the tool's own."""
        return {
            self.fields[name]: self.options.get(name, {}).get(value, value)
            for name, value in wanted.items()
        }


WORDS: dict[str, Words] = {
    "zendesk": Words(
        "ticket",
        {
            "title": "subject",
            "body": "description",
            "status": "status",
            "priority": "priority",
            "requester": "requester_id",
        },
        {
            "status": {"new": "new", "open": "open", "pending": "pending", "closed": "solved"},
            "priority": {"high": "high", "medium": "normal", "low": "low"},
        },
    ),
    "intercom": Words(
        "ticket",
        {"title": "title", "body": "description", "status": "state", "requester": "contact"},
        {
            "status": {
                "new": "Submitted",
                "open": "In progress",
                "pending": "Waiting on customer",
                "closed": "Resolved",
            }
        },
    ),
    "hubspot": Words(
        "ticket",
        {
            "title": "subject",
            "body": "content",
            "status": "hs_pipeline_stage",
            "priority": "hs_ticket_priority",
        },
        {
            "status": {
                "new": "New",
                "open": "Waiting on us",
                "pending": "Waiting on contact",
                "closed": "Closed",
            },
            "priority": {"high": "HIGH", "medium": "MEDIUM", "low": "LOW"},
        },
    ),
    "salesforce": Words(
        "Case",
        {
            "title": "Subject",
            "body": "Description",
            "status": "Status",
            "priority": "Priority",
            "requester": "ContactId",
        },
        {
            "status": {"new": "New", "open": "Working", "closed": "Closed"},
            "priority": {"high": "High", "medium": "Medium", "low": "Low"},
        },
    ),
}

WORDS["jira"] = WORDS["jira data center"] = Words(
    "issue",
    {"title": "summary", "body": "description", "status": "status", "priority": "priority"},
    {
        "status": {"new": "To Do", "open": "In Progress", "pending": "Blocked", "closed": "Done"},
        "priority": {"high": "High", "medium": "Medium", "low": "Low"},
    },
)


class Place:
    """One tool's people, and what they see."""

    def __init__(self, tool: str, world: Any, connector: Connector) -> None:
        self.tool, self.world, self.connector = tool, world, connector
        self.words = WORDS[tool]

    @property
    def carol(self) -> Any:
        """The customer whom every desk knows by her address, `CAROL`."""
        known = self.world.carol
        return known["id"] if self.tool == "intercom" else known.id

    def advance(self, seconds: float) -> None:
        """Time passes in the tool."""
        clock = self.world.clock if isinstance(self.world, JiraWorld) else self.world.tool
        clock.advance(seconds)

    async def ask(self, **fields: Any) -> str:
        """A customer's request is entered here; its id."""
        return str(await self.world.create(self.words.told(fields)))

    async def edit(self, id: str, **fields: Any) -> None:
        told = self.words.told(fields)
        if isinstance(self.world, JiraWorld):
            if status := told.pop("status", None):
                # From every status of a task leads a step to every other, named like it.
                await self.world.walk(id, status)
            if body := told.get("description"):
                own = isinstance(self.world, DataCenterWorld)
                told["description"] = body if own else written(body)
        if told:
            await self.world.edit(id, told)

    async def delete(self, id: str) -> None:
        await self.world.delete(id)

    async def leave(self, id: str) -> None:
        """The request is moved where the connection does not look."""
        await self.world.leave_scope(id)

    async def come_back(self, id: str) -> None:
        await _RETURNS[self.tool](self.world, id)

    def ids(self) -> list[str]:
        """The requests that are not deleted, oldest first."""
        rows = _ROWS[self.tool](self.world)
        return sorted((str(row.get("id") or row.get("Id")) for row in rows), key=_by_age)

    def only(self) -> str:
        (id,) = self.ids()
        return id

    def shows(self, id: str, name: str) -> Any:
        """What people see in a field, in our word for it where the tool's stands for one."""
        value = _SHOWS[self.tool](self.world, id, self.words.fields[name])
        ours = {theirs: own for own, theirs in self.words.options.get(name, {}).items()}
        return ours.get(value, value)

    def seen(self, id: str, *names: str) -> dict[str, Any]:
        return {name: self.shows(id, name) for name in names}


def _by_age(id: str) -> tuple[int, str]:
    return len(id), id


def _in_zendesk(world: zendesk.ZendeskWorld, id: str, name: str) -> Any:
    return world.ticket(id)[name]


def _in_intercom(world: intercom.IntercomWorld, id: str, name: str) -> Any:
    if name == "state":
        return world.state_of(id)
    if name == "contact":
        return world.ticket(id)["contacts"][0]
    return world.ticket(id)["attributes"][{"title": TITLE, "description": DESCRIPTION}[name]]


def _in_hubspot(world: hubspot.HubSpotWorld, id: str, name: str) -> Any:
    value = world.shown(id).get(name)
    if name != "hs_pipeline_stage":
        return value
    pipelines = world.portal.state.table("pipelines").get(properties.TICKETS) or {}
    return {s["id"]: s["label"] for one in pipelines.values() for s in one["stages"]}[value]


def _in_jira(world: JiraWorld, id: str, name: str) -> Any:
    value = world.doc(id)["fields"][name]
    if name in _NAMED:
        return next((option.name for option in _NAMED[name] if option.id == value), None)
    return plain(adf_source(value)) if isinstance(value, dict) else value


_NAMED: Mapping[str, Any] = {"status": STATUSES, "priority": PRIORITIES}


def _in_salesforce(world: salesforce.SalesforceWorld, id: str, name: str) -> Any:
    return world.row(id)[name]


async def _back_in_intercom(world: intercom.IntercomWorld, id: str) -> None:
    world.fake.desk.move(world.ticket(id), intercom.BUG)


async def _back_in_salesforce(world: salesforce.SalesforceWorld, id: str) -> None:
    await world.edit(id, {"RecordTypeId": world.types[salesforce.HERE]})


async def _edited_back(patch: Fields, world: Any, id: str) -> None:
    await world.edit(id, patch)


_SHOWS: Mapping[str, Callable[[Any, str, str], Any]] = {
    "zendesk": _in_zendesk,
    "intercom": _in_intercom,
    "hubspot": _in_hubspot,
    "salesforce": _in_salesforce,
    "jira": _in_jira,
    "jira data center": _in_jira,
}
_RETURNS: Mapping[str, Callable[[Any, str], Any]] = {
    "zendesk": partial(_edited_back, {"group": zendesk.SUPPORT}),
    "intercom": _back_in_intercom,
    "hubspot": partial(_edited_back, {"hs_pipeline": "0", "hs_pipeline_stage": "Waiting on us"}),
    "salesforce": _back_in_salesforce,
}
_ROWS: Mapping[str, Callable[[Any], list[dict[str, Any]]]] = {
    "zendesk": lambda world: world.tickets(),
    "intercom": lambda world: world.tickets(),
    "hubspot": lambda world: world.all(),
    "salesforce": lambda world: world.rows(),
    "jira": lambda world: world.site.issues.values(),
    "jira data center": lambda world: world.site.issues.values(),
}
Opened = AbstractAsyncContextManager[Any]
_LIVING: Mapping[str, tuple[Callable[[], Opened], Callable[[Any], Opened]]] = {
    "zendesk": (zendesk.living, zendesk.opened),
    "intercom": (partial(intercom.living, intercom.IntercomWorld), intercom.opened),
    "hubspot": (hubspot.living, hubspot.opened),
    "salesforce": (salesforce.living, salesforce.opened),
    "jira": (JiraWorld.serving, jira.opened),
    "jira data center": (DataCenterWorld.serving, jira.opened),
}


@asynccontextmanager
async def open_for_business(tool: str) -> AsyncIterator[Place]:
    """A tool without a request in it, on loopback."""
    living, opened = _LIVING[tool]
    async with living() as world, opened(world) as connector:
        yield Place(tool, world, connector)
