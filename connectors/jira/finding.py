"""Evidence about creates whose answer was lost: the key in an entity property of the issue.

The property is written with the issue in one request. JQL does not search it, unless an app
declares it; so the issues that this account made since are listed, with the property. The list
comes from the index: that a key is not there proves something only after the lag.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta

from connectors.jira.client import Client, Issue
from connectors.jira.cursor import MINUTE, ago
from connectors.jira.fields import Fields
from connectors.jira.wire import ASKED, WireShape, key_of
from syncline.sdk.clock import Clock
from syncline.sdk.connector import CreateSearch, FindResult, Found

SKEW = timedelta(minutes=5)  # between our clock and Jira's


class Finding:
    """Searches for one connection."""

    def __init__(self, client: Client, clock: Clock, shape: WireShape) -> None:
        self._client = client
        self._clock = clock
        self._shape = shape

    async def find(self, searches: Sequence[CreateSearch], fields: Fields) -> list[FindResult]:
        """The issues that creates made, if the index shows them; one listing for all."""
        if not searches:
            return []
        made = await self._made_since(min(search.since for search in searches), fields)
        return [self._of(search, made, fields) for search in searches]

    async def _made_since(self, since: datetime, fields: Fields) -> Sequence[Issue]:
        """In whatever project they are by now."""
        back = math.ceil((self._clock.now() - since + SKEW) / MINUTE)
        jql = f"creator = currentUser() AND created >= {ago(max(back, 1))} ORDER BY id ASC"
        found = await self._client.all(jql, (*ASKED, *fields.ids))
        return await self._client.marked(found, None, None)

    def _of(self, search: CreateSearch, made: Sequence[Issue], fields: Fields) -> FindResult:
        mine = [issue for issue in made if key_of(issue) == search.key]
        if len(mine) == 1:
            return FindResult(Found.YES, self._shape.record(mine[0], fields))
        if mine:
            keys = ", ".join(str(issue["key"]) for issue in mine)
            return FindResult(Found.UNKNOWN, reason=f"its key is in {keys}: copies of one issue")
        return FindResult(Found.NO, reason="no issue that this account made since has its key")
