"""PostHog's interface as calls on one project: lists, queries, and events that are captured.

Lists are pages of Django REST Framework: `next` says whether there is more, and nothing else does.
Some lists have no order of their own, so that an edited row may move while they are read
(posthog.com/docs/api; the views of products/early_access_features in PostHog/posthog).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeAlias

from syncline.sdk.errors import AuthRequired, Misconfigured, NotFound, Retriable
from syncline.sdk.http import Transport

Row: TypeAlias = Mapping[str, Any]

PAGE = 500
"""PostHog's default is 100, annotations' 1,000; it has no maximum for these lists."""


class Client:
    """The calls; it raises what `Transport` raises, and `Misconfigured` for another project.

    A 403 is about the key: a scope or a project that it lacks (posthog.com/docs/api/overview).
    """

    def __init__(
        self, transport: Transport, project: int, ingestion_host: str | None = None
    ) -> None:
        self.transport = transport
        self.project = project
        self._batches = f"https://{ingestion_host}/batch/" if ingestion_host else "/batch/"
        self._token: str | None = None
        self._types: Mapping[str, int] | None = None

    def path(self, of: str) -> str:
        """The address of something in the project."""
        return f"/api/projects/{self.project}/{of}"

    async def about(self) -> Row:
        """The project itself; raises Misconfigured where the key sees no such project."""
        try:
            about: Row = await self.get("")
        except NotFound as error:
            raise Misconfigured(
                f"scope: this PostHog has no project {self.project} that the key can see. Nothing "
                "was synced; give the number that stands in its address after /project/."
            ) from error
        return about

    async def scopes(self) -> frozenset[str] | None:
        """What the key may do; None where this PostHog does not show a key to itself."""
        asked = self.transport.request("GET", "/api/personal_api_keys/@current/", forbidden="auth")
        try:
            told = (await asked).json().get("scopes")
        except (AuthRequired, NotFound):
            return None
        return frozenset(told) if isinstance(told, list) else None

    async def get(self, of: str, **query: object) -> Any:
        """The JSON of something in the project."""
        asked = self.transport.request("GET", self.path(of), params=query, forbidden="auth")
        return (await asked).json()

    async def send(self, method: str, of: str, body: Row | None = None) -> Any:
        """A write, and what PostHog shows after it."""
        asked = self.transport.request(method, self.path(of), json=body, forbidden="auth")
        return (await asked).json()

    async def query(self, text: str, **values: object) -> list[Row]:
        """The rows of one HogQL query, by their columns' names.

        The text has a LIMIT of its own: without one PostHog gives 100 rows, and with a larger one
        than 50,000 it gives 50,000, both with 200. `values` are put in by PostHog. It would answer
        a query again that it has answered a while ago; `force_blocking` asks for the rows of now.
        """
        asked = {"kind": "HogQLQuery", "query": text, "values": values}
        body = {"query": asked, "refresh": "force_blocking", "name": "syncline"}
        answer = await self.transport.request(
            "POST", self.path("query/"), json=body, mutating=False, forbidden="auth", items=PAGE
        )
        found = answer.json()
        return [dict(zip(found["columns"], row, strict=True)) for row in found["results"]]

    async def group_types(self) -> Mapping[str, int]:
        """The number of each group type of the project; asked once."""
        if self._types is None:
            rows = await self.get("groups_types/")
            self._types = {row["group_type"]: row["group_type_index"] for row in rows}
        return self._types

    async def capture(self, events: Sequence[Row]) -> None:
        """Hand over events, which PostHog then processes; raises what says that it did not take
        them. It takes wrong ones too, and a project over its quota drops all, each with 200.
        """
        if self._token is None:
            self._token = (await self.about())["api_token"]
        body = {"api_key": self._token, "batch": list(events)}
        sent = self.transport.request("POST", self._batches, json=body, items=len(events))
        if (await sent).json().get("quota_limited"):
            raise Retriable(
                "PostHog takes no events: the project has used up its quota. Nothing was written; "
                "it is tried again."
            )

    async def pages(self, of: str, **query: object) -> AsyncIterator[list[Row]]:
        """All rows of a list, page after page.

        It starts again where rows were lost to a removal or a move behind those already read, so
        that rows may be given twice.
        """
        first = {"limit": PAGE, **query}
        url, asked = self.path(of), first
        ids: set[str] = set()
        count = 0
        while True:
            body = await self._page(url, asked)
            if body["count"] < count:
                url, asked, ids, count = self.path(of), first, set(), 0
                continue
            count = body["count"]
            ids |= {str(row["id"]) for row in body["results"]}
            yield body["results"]
            if body["next"]:
                url, asked = body["next"], {}
            elif len(ids) < count:
                url, asked, ids, count = self.path(of), first, set(), 0
            else:
                return

    async def _page(self, url: str, query: Mapping[str, object]) -> Any:
        try:
            asked = self.transport.request("GET", url, params=query, forbidden="auth", items=PAGE)
            return (await asked).json()
        except NotFound:
            await self.about()
            raise


def moment(text: str) -> datetime:
    """A time as PostHog writes it."""
    return datetime.fromisoformat(text).astimezone(UTC)
