"""The connector keeps the interface that all connectors keep."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import count
from typing import Any, ClassVar

import pytest

from connectors.posthog import PostHogConnector
from connectors.posthog.client import PAGE
from connectors.posthog.queried import ROWS
from syncline.sdk.connector import Wire
from syncline.sdk.testing import ConnectorTests, Shape
from tests.connectors.posthog.world import (
    WRONG,
    AnnotationWorld,
    GroupWorld,
    PostHogWorld,
    living,
    opened,
)

NUMBERS = count()


@dataclass(frozen=True, slots=True)
class Keyed(Shape):
    """A sample has a key of its own, as each group has."""

    def sample(self, title: str, more: Wire | None = None) -> dict[str, Any]:
        return {**Shape.sample(self, title, more), "key": f"key-{next(NUMBERS)}"}


class Fixtures:
    """What the suite asks for."""

    kind: ClassVar[type[PostHogWorld]] = PostHogWorld

    @pytest.fixture
    async def world(self) -> AsyncIterator[PostHogWorld]:
        async with living(self.kind) as world:
            yield world

    @pytest.fixture
    async def connector(self, world: PostHogWorld) -> AsyncIterator[PostHogConnector]:
        async with opened(world) as connector:
            yield connector

    @pytest.fixture
    async def stranger(self, world: PostHogWorld) -> AsyncIterator[PostHogConnector]:
        async with opened(world, WRONG) as connector:
            yield connector


class TestFeatures(Fixtures, ConnectorTests):
    shape = Shape(
        record="early_access_feature",
        title="name",
        text="description",
        clearable="description",
        refused={"stage": "no such stage"},
        base={"stage": "draft"},
        many=PAGE + 5,
    )
    exempt: ClassVar = {
        "test_a_record_out_of_scope_is_shown_as_such_and_not_listed": (
            "a feature cannot leave its project"
        ),
        "test_fetch_tells_hidden_from_gone": "who sees a project sees all its features",
        "test_people_are_known_by_handle_and_by_exact_address": "a feature names nobody",
        "test_writes_go_in_bulk_where_that_is_claimed": (
            "a create is two writes, its flag and itself; they are counted in test_features.py"
        ),
        "test_a_status_is_reached_along_the_allowed_transitions": "any stage follows any",
    }


class TestAnnotations(Fixtures, ConnectorTests):
    kind = AnnotationWorld
    shape = Shape(
        record="annotation",
        title="name",
        text="note",
        clearable="note",
        refused={"date_marker": "no date"},
        longest=7_500,  # of 8,192, which the name and the key share
        many=PAGE + 5,
        volatile=frozenset({"updated_at"}),
    )
    exempt: ClassVar = {
        "test_fetch_tells_hidden_from_gone": "who sees a project sees all its annotations",
        "test_people_are_known_by_handle_and_by_exact_address": "an annotation names nobody",
        "test_a_status_is_reached_along_the_allowed_transitions": "an annotation has no status",
    }


class TestGroups(Fixtures, ConnectorTests):
    kind = GroupWorld
    shape = Keyed(
        record="group",
        title="properties.name",
        text="properties.about",
        clearable="properties.plan",
        refused={"usage": {"users_30d": 7}},
        many=ROWS + 5,
        volatile=frozenset({"updated_at"}),
    )
    exempt: ClassVar = {
        "test_a_record_out_of_scope_is_shown_as_such_and_not_listed": (
            "a group keeps its type, and its project"
        ),
        "test_fetch_tells_hidden_from_gone": "who may query a project sees all its groups",
        "test_people_are_known_by_handle_and_by_exact_address": "a group names nobody",
        "test_writes_go_in_bulk_where_that_is_claimed": (
            "groups go in one batch; what is claimed holds for every record type, and is less"
        ),
        "test_a_refused_item_of_a_batch_harms_no_neighbour": (
            "two creates of the same fields have the same key; test_groups.py has another"
        ),
        "test_a_status_is_reached_along_the_allowed_transitions": "a group has no status",
        "test_removing_does_what_is_claimed[delete]": (
            "PostHog deletes no group; what is claimed is for features and annotations"
        ),
    }
