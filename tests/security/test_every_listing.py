"""S25 for every connector with a fake: a tool that tells of a next page for ever."""

from __future__ import annotations

import asyncio
import itertools
import json
import re
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from syncline.sdk import paging
from syncline.sdk.connector import Connector
from syncline.sdk.errors import ConnectorError
from tests.support.between import PASSED_ON, Between, between
from tests.support.connections import PLAYED, fake_of, opened
from tests.support.driving import everything
from tests.support.suites import suites_of
from tests.unit.sdk.loopback import Peer, Seen, VirtualClock

MORE = {"has_more": True, "hasMore": True, "end_of_stream": False, "isLast": False, "done": False}
MANY = {"total", "total_count", "count", "total_pages", "totalSize"}

BY_THEMSELVES = {
    "intercom": "counts what it was told beside what Intercom says there is, and gives up",
    "jira_data_center": "ends where a page has no rows",
    "mixpanel": "ends where a page has no rows",
}
"""Connectors that no next page leads astray, and why."""


class Endless:
    """A tool that always has more: where nothing is behind a cursor, it repeats itself."""

    def __init__(self, wire: Between) -> None:
        self._wire = wire
        self._kept: dict[tuple[str, str], Any] = {}
        self._number = itertools.count(1)

    async def __call__(self, seen: Seen, peer: Peer) -> bool:
        answer, self._at = await self._wire.asked(seen), seen.target.partition("?")[0]
        place = seen.method, re.sub(r"(/query)/.*|\?.*", r"\1", seen.target)
        try:
            said = answer.json() if answer.is_success else self._kept.get(place)
        except ValueError:
            said = None
        if not isinstance(said, dict | list):
            return False
        self._kept.setdefault(place, said)
        headers = {k.title(): answer.headers[k] for k in PASSED_ON if k in answer.headers}
        await peer.answer(200, json.dumps(self._bent(said)).encode(), headers)
        return True

    def _bent(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._bent(one) for one in value]
        if not isinstance(value, dict):
            return value
        bent = {key: self._said(key, one) for key, one in value.items()}
        number = next(self._number)
        if "isLast" in bent:
            bent["nextPageToken"] = f"token-{number}"
        if "results" in bent:
            bent["paging"] = {"next": {"after": str(number)}}
        if "done" in bent and "records" in bent:
            query = self._at.partition("/query")[0] + "/query"
            bent["nextRecordsUrl"] = f"{query}/01g0000000000{number:05d}-2000"
        return bent

    def _said(self, key: str, value: Any) -> Any:
        if key in MORE and isinstance(value, bool):
            return MORE[key]
        if key in MANY and isinstance(value, int) and not isinstance(value, bool):
            return 1_000_000_000
        if key == "next" and value is None:
            return f"{self._wire.url}{self._at}?offset={next(self._number)}"
        if key in ("after_cursor", "session_id"):
            return f"again-{next(self._number)}"
        return self._bent(value)


@pytest.mark.parametrize("name", PLAYED)
async def test_a_tool_that_always_has_more_is_left_in_the_end(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "AGAIN", 5)
    monkeypatch.setattr(paging, "MOST", 40)
    fake = fake_of(name, records=3)
    async with between(fake) as wire:
        fake.clock.advance(3600)
        async with opened(tmp_path, name, wire.url, VirtualClock()) as connector:
            await connector.describe()
            wire.instead = Endless(wire)
            record, suite = next(iter(suites_of(name).items()))
            found = await asyncio.wait_for(everything(connector, {record: suite}), 60)
            await found.of("all", asyncio.wait_for(_all(connector, record), 60))
    assert not [error for _, error in found.raised if not isinstance(error, ConnectorError)]
    left = [text for _, error in found.raised if "for ever" in (text := str(error))]
    assert bool(left) != (name in BY_THEMSELVES), left


async def _all(connector: Connector, record: str) -> None:
    async with aclosing(connector.changes(record, None)) as pages:
        async for _ in pages:
            pass
    async for _ in connector.census(record):
        pass
