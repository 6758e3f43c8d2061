"""The Zendesk connector keeps the interface that all connectors keep, on the fake over HTTP, for
each of its record types."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from html import escape, unescape
from typing import Any, ClassVar

import pytest

from connectors.zendesk import ZendeskConnector
from syncline.sdk.testing import ConnectorTests, Shape
from tests.connectors.zendesk.directory import FILED, OrganizationWorld, Unique, UserWorld
from tests.connectors.zendesk.world import NOTES, ZendeskWorld, living_as, opened

SHAPE = Shape(
    record="ticket",
    title="subject",
    text="description",
    clearable=f"custom_fields.{NOTES}",
    refused={"priority": "no such priority"},
    far_status=("status", "solved"),
    volatile=frozenset({"updated_at"}),
    many=1005,
)


class Fixtures(ConnectorTests):
    """What the suite asks for."""

    __test__ = False
    people: ClassVar[type[ZendeskWorld]]

    @pytest.fixture
    async def world(self) -> AsyncIterator[ZendeskWorld]:
        async with living_as(self.people) as world:
            yield world

    @pytest.fixture
    async def connector(self, world: ZendeskWorld) -> AsyncIterator[ZendeskConnector]:
        async with opened(world) as connector:
            yield connector

    @pytest.fixture
    async def stranger(self, world: ZendeskWorld) -> AsyncIterator[ZendeskConnector]:
        async with opened(world, secret="not-the-secret-of-this-client") as connector:
            yield connector


class TestZendesk(Fixtures):
    __test__ = True
    people = ZendeskWorld
    shape = SHAPE

    def written(self, text: str) -> str:
        return "\n".join(f"<p>{escape(part, quote=False)}</p>" for part in text.split("\n\n"))

    def read(self, value: Any) -> str:
        return unescape("\n\n".join(re.findall(r"<p>(.*?)</p>", str(value), re.DOTALL)))


class TestOrganizations(Fixtures):
    """Their names are unique and the suite's titles are not, so that a title is `details`."""

    __test__ = True
    people = OrganizationWorld
    shape = Unique(
        record="organization",
        title="details",
        text="notes",
        clearable=f"organization_fields.{FILED}",
        refused={"organization_fields": {"tier": "no such tier"}},
        volatile=frozenset({"updated_at"}),
        many=1005,
    )
    exempt = {
        "test_fetch_tells_hidden_from_gone": "an administrator sees every organization",
        "test_a_record_out_of_scope_is_shown_as_such_and_not_listed": (
            "all organizations of an account are in scope"
        ),
        "test_a_status_is_reached_along_the_allowed_transitions": "they have no workflow",
    }


class TestUsers(Fixtures):
    __test__ = True
    people = UserWorld
    shape = Shape(
        record="user",
        title="name",
        text="notes",
        clearable=f"user_fields.{FILED}",
        refused={"user_fields": {"tier": "no such tier"}},
        volatile=frozenset({"updated_at"}),
        many=1005,
    )
    exempt = {
        "test_fetch_tells_hidden_from_gone": "an administrator sees every user",
        "test_a_status_is_reached_along_the_allowed_transitions": "they have no workflow",
    }
