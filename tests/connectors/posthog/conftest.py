"""A PostHog and a connector to it, for all tests here."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from connectors.posthog import PostHogConnector
from tests.connectors.posthog.world import PostHogWorld, living, opened


@pytest.fixture
async def world() -> AsyncIterator[PostHogWorld]:
    async with living() as world:
        yield world


@pytest.fixture
async def connector(world: PostHogWorld) -> AsyncIterator[PostHogConnector]:
    async with opened(world) as connector:
        yield connector
