"""The Salesforce connector keeps the interface that all connectors keep, on the fake over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from connectors.salesforce import SalesforceConnector
from syncline.sdk.testing import ConnectorTests, Shape
from tests.connectors.salesforce.world import NOTES, SalesforceWorld, living, opened

TOUCHED = frozenset({"LastModifiedDate"})


class Salesforce(ConnectorTests):
    """The suite on one object; pages are made small, as Salesforce may make them."""

    @pytest.fixture
    async def world(self) -> AsyncIterator[SalesforceWorld]:
        async with living(self.shape.record) as world:
            world.fake.settings.batch_size = 100
            yield world

    @pytest.fixture
    async def connector(self, world: SalesforceWorld) -> AsyncIterator[SalesforceConnector]:
        async with opened(world) as connector:
            yield connector

    @pytest.fixture
    async def stranger(self, world: SalesforceWorld) -> AsyncIterator[SalesforceConnector]:
        async with opened(world, secret="not-the-secret-of-this-app") as connector:
            yield connector


class TestCases(Salesforce):
    shape = Shape(
        record="Case",
        title="Subject",
        text="Description",
        clearable=NOTES,
        refused={"Priority": "no such priority"},
        far_status=("Status", "Closed"),
        longest=32_000,
        volatile=TOUCHED,
    )


class TestAccounts(Salesforce):
    shape = Shape(
        record="Account",
        title="Name",
        text="Description",
        clearable=NOTES,
        refused={"Rating": "no such rating"},
        far_status=("Rating", "Cold"),
        longest=32_000,
        volatile=TOUCHED,
    )


class TestContacts(Salesforce):
    shape = Shape(
        record="Contact",
        title="Title",
        text="Description",
        clearable=NOTES,
        refused={"Email": "no address at all"},
        base={"LastName": "Tester"},
        longest=32_000,
        volatile=TOUCHED,
    )
    exempt = {
        "test_a_status_is_reached_along_the_allowed_transitions": "a contact has no status",
    }


class TestOpportunities(Salesforce):
    shape = Shape(
        record="Opportunity",
        title="Name",
        text="Description",
        clearable=NOTES,
        refused={"StageName": "no such stage"},
        far_status=("StageName", "Closed Won"),
        base={"StageName": "Prospecting", "CloseDate": "2026-03-31"},
        longest=32_000,
        volatile=TOUCHED,
    )
