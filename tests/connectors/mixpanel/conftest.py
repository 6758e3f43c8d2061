"""A Mixpanel with profiles and a connector to it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from connectors.mixpanel import MixpanelConnector
from tests.connectors.mixpanel.world import ProfileWorld, living, opened


@pytest.fixture
async def world() -> AsyncIterator[ProfileWorld]:
    async with living(ProfileWorld) as world:
        yield world


@pytest.fixture
async def connector(world: ProfileWorld) -> AsyncIterator[MixpanelConnector]:
    async with opened(world) as connector:
        yield connector
