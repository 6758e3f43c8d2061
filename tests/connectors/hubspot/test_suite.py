"""The connector keeps the interface that all connectors keep, for each of its record types, with
the journal and without."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from connectors.hubspot import HubSpotConnector
from syncline.sdk.testing import ConnectorTests, Shape
from tests.connectors.hubspot.world import HubSpotWorld, journal, living, opened

WRONG = "a-token-nobody-gave-out"
ALL_OR_NONE = "a private app sees all records of a type, or is refused the whole type"
NO_SCOPE = "companies, contacts and deals of an account are all in scope"
ANY_STAGE = "any stage follows any"
NO_STAGES = "companies and contacts have no workflow"
HIDING = "test_fetch_tells_hidden_from_gone"
SCOPE = "test_a_record_out_of_scope_is_shown_as_such_and_not_listed"
ASKED_BESIDE = {
    "test_an_unchanged_tool_costs_one_request": "the journal is asked beside the search: it is two"
}
WORKFLOW = "test_a_status_is_reached_along_the_allowed_transitions"


class Fixtures(ConnectorTests):
    """What the suite asks for."""

    __test__ = False

    @pytest.fixture
    async def world(self) -> AsyncIterator[HubSpotWorld]:
        async with living(self.shape.record) as world:
            yield world

    @pytest.fixture
    async def connector(self, world: HubSpotWorld) -> AsyncIterator[HubSpotConnector]:
        async with opened(world) as connector:
            yield connector

    @pytest.fixture
    async def stranger(self, world: HubSpotWorld) -> AsyncIterator[HubSpotConnector]:
        async with opened(world, token=WRONG) as connector:
            yield connector


class TestTickets(Fixtures):
    __test__ = True
    shape = Shape(
        "ticket",
        "subject",
        {"hs_ticket_priority": "BLAZING"},
        "content",
        "content",
        ("hs_pipeline_stage", "Closed"),
        many=205,
        volatile=frozenset({"hs_lastmodifieddate"}),
    )
    exempt = {HIDING: ALL_OR_NONE}


class TestCompanies(Fixtures):
    __test__ = True
    shape = Shape(
        "company",
        "name",
        {"annualrevenue": "a lot"},
        "description",
        "domain",
        many=205,
        volatile=frozenset({"hs_lastmodifieddate"}),
    )
    exempt = {HIDING: ALL_OR_NONE, SCOPE: NO_SCOPE, WORKFLOW: NO_STAGES}


class TestContacts(Fixtures):
    __test__ = True
    shape = Shape(
        "contact",
        "lastname",
        {"lifecyclestage": "no such stage"},
        "biography",
        "phone",
        many=205,
        volatile=frozenset({"lastmodifieddate", "name"}),
    )
    exempt = {HIDING: ALL_OR_NONE, SCOPE: NO_SCOPE, WORKFLOW: NO_STAGES}


class TestDeals(Fixtures):
    __test__ = True
    shape = Shape(
        "deal",
        "dealname",
        {"amount": "a lot"},
        "description",
        "next_step",
        ("dealstage", "Contract sent"),
        many=205,
        volatile=frozenset({"hs_lastmodifieddate"}),
    )
    exempt = {HIDING: ALL_OR_NONE, SCOPE: NO_SCOPE}


class Journalled:
    """The same tests where the connection reads the journal, too."""

    @pytest.fixture
    async def connector(self, world: HubSpotWorld) -> AsyncIterator[HubSpotConnector]:
        world.follow()
        async with opened(world, journal=journal(world)) as connector:
            yield connector

    @pytest.fixture
    async def stranger(self, world: HubSpotWorld) -> AsyncIterator[HubSpotConnector]:
        async with opened(world, token=WRONG, journal=journal(world)) as connector:
            yield connector


class TestTicketsByJournal(Journalled, TestTickets):
    exempt = {**TestTickets.exempt, **ASKED_BESIDE}


class TestCompaniesByJournal(Journalled, TestCompanies):
    exempt = {**TestCompanies.exempt, **ASKED_BESIDE}


class TestContactsByJournal(Journalled, TestContacts):
    exempt = {**TestContacts.exempt, **ASKED_BESIDE}


class TestDealsByJournal(Journalled, TestDeals):
    exempt = {**TestDeals.exempt, **ASKED_BESIDE}
