"""A world and a connector in it, for one test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from connectors.jira import JiraConnector
from tests.connectors.jira.world import WRONG_TOKEN, JiraWorld, opened


@pytest.fixture
async def world() -> AsyncIterator[JiraWorld]:
    """A site without issues and without limits."""
    async with JiraWorld.serving() as found:
        yield found


@pytest.fixture
async def connector(world: JiraWorld) -> AsyncIterator[JiraConnector]:
    """With good credentials."""
    async with opened(world) as found:
        yield found


@pytest.fixture
async def stranger(world: JiraWorld) -> AsyncIterator[JiraConnector]:
    """With a token that Jira refuses."""
    async with opened(world, WRONG_TOKEN) as found:
        yield found
