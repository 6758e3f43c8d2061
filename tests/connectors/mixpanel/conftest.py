"""A Mixpanel and a connector to it, for all tests here."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from connectors.mixpanel import MixpanelConnector
from tests.connectors.mixpanel.world import AnnotationWorld, living, opened


@pytest.fixture
async def world() -> AsyncIterator[AnnotationWorld]:
    async with living(AnnotationWorld) as world:
        yield world


@pytest.fixture
async def connector(world: AnnotationWorld) -> AsyncIterator[MixpanelConnector]:
    async with opened(world) as connector:
        yield connector
