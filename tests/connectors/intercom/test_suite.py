"""The Intercom connector keeps the interface that all connectors keep, on the fake over HTTP, for
each of its record types."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import ClassVar

import pytest

from connectors.intercom import IntercomConnector
from syncline.sdk.testing import ConnectorTests, Shape
from tests.connectors.intercom.directory import CompanyWorld, ContactWorld
from tests.connectors.intercom.world import NOTES, WRONG, IntercomWorld, living, opened

ALL_OR_NONE = "an app's token sees every record of its workspace, or none of a type"
NO_WORKFLOW = "contacts and companies have no workflow"
NO_COMMENTS = "people talk about tickets; a claim is made for a connection, not for a record type"

SHAPE = Shape(
    record="ticket",
    title="title",
    text="description",
    clearable=f"attributes.{NOTES}",
    refused={"state": "no such state"},
    far_status=("state", "Resolved"),
    volatile=frozenset({"updated_at"}),
    many=155,
)


class Fixtures(ConnectorTests):
    """What the suite asks for."""

    __test__ = False
    people: ClassVar[type[IntercomWorld]]

    @pytest.fixture
    async def world(self) -> AsyncIterator[IntercomWorld]:
        async with living(self.people) as world:
            yield world

    @pytest.fixture
    async def connector(self, world: IntercomWorld) -> AsyncIterator[IntercomConnector]:
        async with opened(world) as connector:
            yield connector

    @pytest.fixture
    async def stranger(self, world: IntercomWorld) -> AsyncIterator[IntercomConnector]:
        async with opened(world, token=WRONG) as connector:
            yield connector


class TestTickets(Fixtures):
    __test__ = True
    people = IntercomWorld
    shape = SHAPE
    exempt = {"test_fetch_tells_hidden_from_gone": ALL_OR_NONE}

    def read(self, value: object) -> str:
        text = str(value)
        return text[3:-4] if text.startswith("<p>") and text.endswith("</p>") else text


class TestContacts(Fixtures):
    __test__ = True
    people = ContactWorld
    shape = Shape(
        record="contact",
        title="name",
        text=f"attributes.{NOTES}",
        clearable=f"attributes.{NOTES}",
        refused={"owner": "4711"},
        longest=255,
        many=155,
        volatile=frozenset({"updated_at"}),
    )
    exempt = {
        "test_fetch_tells_hidden_from_gone": ALL_OR_NONE,
        "test_a_status_is_reached_along_the_allowed_transitions": NO_WORKFLOW,
        "test_comments_keep_their_words_order_and_visibility": NO_COMMENTS,
    }


class TestCompanies(Fixtures):
    __test__ = True
    people = CompanyWorld
    shape = Shape(
        record="company",
        title="name",
        text=f"attributes.{NOTES}",
        clearable=f"attributes.{NOTES}",
        refused={"attributes": {"No such attribute": "x"}},
        longest=255,
        many=155,
        volatile=frozenset({"updated_at"}),
    )
    exempt = {
        "test_fetch_tells_hidden_from_gone": ALL_OR_NONE,
        "test_a_record_out_of_scope_is_shown_as_such_and_not_listed": (
            "all companies of a workspace are in scope"
        ),
        "test_a_status_is_reached_along_the_allowed_transitions": NO_WORKFLOW,
        "test_comments_keep_their_words_order_and_visibility": NO_COMMENTS,
        "test_an_unchanged_tool_costs_one_request": (
            "Intercom tells no changes of companies; test_directory.py counts their pages"
        ),
    }
