"""The connector keeps the interface that all connectors keep, for each of its records."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import ClassVar

import pytest

from connectors.mixpanel import MixpanelConnector
from connectors.mixpanel.client import PAGE
from syncline.sdk.testing import ConnectorTests, Shape
from tests.connectors.mixpanel.world import (
    WRONG,
    AnnotationWorld,
    MixpanelWorld,
    ProfileWorld,
    UserWorld,
    living,
    opened,
)


class Fixtures:
    """What the suite asks for."""

    kind: ClassVar[type[MixpanelWorld]]

    @pytest.fixture
    async def world(self) -> AsyncIterator[MixpanelWorld]:
        async with living(self.kind) as world:
            yield world

    @pytest.fixture
    async def connector(self, world: MixpanelWorld) -> AsyncIterator[MixpanelConnector]:
        async with opened(world) as connector:
            yield connector

    @pytest.fixture
    async def stranger(self, world: MixpanelWorld) -> AsyncIterator[MixpanelConnector]:
        async with opened(world, WRONG) as connector:
            yield connector


class TestAnnotations(Fixtures, ConnectorTests):
    kind = AnnotationWorld
    shape = Shape(
        record="annotation",
        title="name",
        text="note",
        clearable="note",
        refused={"date": "no day"},
        base={"date": "2026-01-05"},
    )
    exempt: ClassVar = {
        "test_a_record_out_of_scope_is_shown_as_such_and_not_listed": (
            "an annotation cannot leave its project"
        ),
        "test_fetch_tells_hidden_from_gone": "who sees a project sees all its annotations",
        "test_people_are_known_by_handle_and_by_exact_address": "an annotation names nobody",
        "test_writes_go_in_bulk_where_that_is_claimed": (
            "profiles go in bulk; an annotation is one write, counted in test_annotations.py"
        ),
        "test_a_status_is_reached_along_the_allowed_transitions": "an annotation has no status",
    }


PROFILES = {
    "test_fetch_tells_hidden_from_gone": "who sees a project sees all its profiles",
    "test_people_are_known_by_handle_and_by_exact_address": "a profile names nobody",
    "test_a_status_is_reached_along_the_allowed_transitions": "a profile has no status",
}


class TestGroups(Fixtures, ConnectorTests):
    kind = ProfileWorld
    shape = Shape(
        record="group",
        title="$name",
        text="note",
        clearable="note",
        refused={"seats": "many"},
        longest=170,  # characters; 255 bytes
        many=PAGE + 5,
    )
    exempt: ClassVar = PROFILES


class TestUsers(Fixtures, ConnectorTests):
    kind = UserWorld
    shape = Shape(
        record="user",
        title="$name",
        text="note",
        clearable="note",
        refused={"seats": "many"},
        longest=170,
        many=PAGE + 5,
    )
    exempt: ClassVar = PROFILES
