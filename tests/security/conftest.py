"""A receiver of webhooks, and the secrets that are in the environment of its operator."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.security.webhook_calls import DESK, JIRA, NEW, OLD, connections
from tests.support.webhooks import Place, receiving


@pytest.fixture
def webhook_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOWHERE", raising=False)
    for name, value in (("TRACKER", JIRA), ("DESK", DESK), ("OLD", OLD), ("NEW", NEW)):
        monkeypatch.setenv(f"{name}_HOOK", value)


@pytest.fixture
async def place(tmp_path: Path, webhook_secrets: None) -> AsyncIterator[Place]:
    async with receiving(tmp_path, connections()) as found:
        yield found
