"""Evidence about creates whose answer was lost: by key, else by content, author and time.

Redmine reads its own database, so what was saved is found at once; the lag that is claimed covers a
request that was still being worked on when its answer was given up.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from connectors.redmine.client import Client, Issue, moment, since
from connectors.redmine.metadata import Metadata
from connectors.redmine.reading import by_id
from connectors.redmine.wire import custom, lines
from syncline.sdk.connector import CreateSearch, FindResult, Found, Record
from syncline.sdk.errors import Rejected

SKEW = timedelta(minutes=5)  # between our clock and Redmine's


class Finding:
    """Searches for one connection; `shape` turns an issue into its record."""

    def __init__(
        self,
        client: Client,
        metadata: Metadata,
        key_field: str | None,
        shape: Callable[[Issue], Record],
    ) -> None:
        self._client = client
        self._metadata = metadata
        self._key_field = key_field
        self._shape = shape

    async def find(self, search: CreateSearch) -> FindResult:
        """The issue that a create made, if it can be told."""
        if self._key_field:
            marked = [i for i in await self._marked(search) if self._is_ours(i, search)]
            me = await self._metadata.my_id()
            ours = [issue for issue in marked if issue["author"]["id"] == me]
            if len(ours) == 1:
                return FindResult(Found.YES, self._shape(ours[0]))
            if marked:
                ids = ", ".join(f"#{issue['id']}" for issue in marked)
                return FindResult(Found.UNKNOWN, reason=f"the key is in {ids}: copies, or not ours")
        return await self._by_content(search)

    def _is_ours(self, issue: Issue, search: CreateSearch) -> bool:
        # Redmine leaves out a filter it does not know and then gives every issue.
        return bool(custom(issue, self._key_field) == search.key)

    async def _marked(self, search: CreateSearch) -> list[Issue]:
        assert self._key_field is not None
        try:
            field = await self._metadata.custom_field(self._key_field)
        except Rejected:
            return []
        return await self._client.issues((f"cf_{field['id']}", "=", (search.key,)))

    async def _by_content(self, search: CreateSearch) -> FindResult:
        """Issues that this account has made since, with the same subject and another key at most.

        A key that Redmine dropped (a field the tracker does not have) leaves only this evidence.
        """
        me = await self._metadata.my_id()
        made = since("created_on", search.since - SKEW)
        rows = [
            r async for page in by_id(self._client, ("author_id", "=", (me,)), made) for r in page
        ]
        alike = [
            row
            for row in rows
            if _subject(row["subject"]) == _subject(str(search.fields.get("subject", "")))
            and (custom(row, self._key_field) or search.key) == search.key
            and moment(row["created_on"]) >= search.since - SKEW
        ]
        exact = [row for row in alike if _body(row) == _text(search.fields.get("description"))]
        if len(alike) == len(exact) == 1:
            return FindResult(Found.YES, self._shape(exact[0]))
        if alike:
            ids = ", ".join(f"#{row['id']}" for row in alike)
            return FindResult(Found.UNKNOWN, reason=f"it may be one of {ids}, made by this account")
        return FindResult(Found.NO, reason="this account has made no such issue since")


def _subject(text: str) -> str:
    return " ".join(text.split()).casefold()


def _text(value: object) -> str:
    return lines(str(value or "")).strip()


def _body(issue: Issue) -> str:
    return _text(issue.get("description"))
