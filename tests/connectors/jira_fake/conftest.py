"""The fake of Jira, served for one test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.connectors.jira_fake.stage import Stage, staged


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    """A small site without limits, on a clock that stands still."""
    async with staged() as found:
        yield found


@pytest.fixture
async def limited() -> AsyncIterator[Stage]:
    """The same with its limits."""
    async with staged(limited=True) as found:
        yield found
