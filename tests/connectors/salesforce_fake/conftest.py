from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.connectors.salesforce_fake.stage import Stage, staged


@pytest.fixture
def stage() -> Iterator[Stage]:
    """A small org; what a test does to it is gone afterwards."""
    with staged() as stage:
        yield stage
