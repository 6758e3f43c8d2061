"""A tool with a change feed and bulk calls, and its connector: a hundred at once, all answered.

`GET /feed` gives what changed since an opaque cursor, oldest first. `POST /bulk` makes or changes
up to 100 records and answers one result an item, with the record; what was made under an
`Idempotency-Key` is not made again under the same one.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any, TypeVar

from syncline.sdk.connector import (
    Capabilities,
    CensusPage,
    Change,
    Comment,
    CommentEdit,
    Create,
    CreateSearch,
    FindResult,
    Found,
    Missing,
    NewComment,
    Outcome,
    Page,
    Person,
    Record,
    Result,
    Update,
    Visibility,
)
from syncline.sdk.errors import ConnectorError
from syncline.simulation.tool import BOT
from tests.sides.http_side import HttpSide, record_of

BULK = 100

T = TypeVar("T")

_RESULTS = {
    403: Result.GONE,
    404: Result.GONE,
    409: Result.CONFLICT,
    422: Result.REJECTED,
    429: Result.RETRY,
}


class FeedConnector(HttpSide):
    """Speaks to `feed_app`."""

    name = "feed"
    capabilities = Capabilities(
        answers_writes=True,
        find_by_key=True,
        history=True,
        edits_comments=True,
        visibilities=(Visibility.PUBLIC, Visibility.INTERNAL),
        deletes=("archive",),
        bulk_create=BULK,
        bulk_update=BULK,
        bulk_fetch=BULK,
        residual_window=True,
    )

    async def changes(self, record: str, cursor: str | None) -> AsyncIterator[Page]:
        more = True
        while more:
            query = {"cursor": cursor, "limit": BULK}
            found = (await self.http.request("GET", "/feed", params=query)).json()
            cursor, more = found["next"], found["more"]
            yield Page([record_of(raw) for raw in found["items"]], cursor)

    async def census(self, record: str) -> AsyncIterator[CensusPage]:
        after: str | None = None
        while True:
            query = {"after": after}
            found = (await self.http.request("GET", "/census", params=query)).json()
            yield CensusPage(found["versions"])
            if not found["more"]:
                return
            after = found["more"]

    async def fetch(self, record: str, ids: Sequence[str]) -> Mapping[str, Record | Missing]:
        answers: dict[str, Record | Missing] = {}
        for chunk in _chunks(ids):
            found = await self._ask("/fetch", {"ids": chunk})
            answers |= {raw["id"]: record_of(raw) for raw in found["items"]}
            answers |= {
                raw["id"]: Missing(raw["id"], raw["reason"] == "gone", raw["reason"])
                for raw in found["missing"]
            }
        return answers

    async def create(self, record: str, items: Sequence[Create]) -> Sequence[Outcome]:
        return await self._bulk(
            "create", [{"external_id": item.key, "fields": item.fields} for item in items]
        )

    async def update(self, record: str, items: Sequence[Update]) -> Sequence[Outcome]:
        return await self._bulk("update", [{"id": item.id, "patch": item.patch} for item in items])

    async def find(self, record: str, items: Sequence[CreateSearch]) -> Sequence[FindResult]:
        by_key: dict[str, Record] = {}
        for chunk in _chunks([item.key for item in items]):
            found = await self._ask("/find", {"ids": chunk})
            by_key |= {raw["external_id"]: record_of(raw) for raw in found["items"]}
        return [
            FindResult(Found.YES, by_key[item.key]) if item.key in by_key else FindResult(Found.NO)
            for item in items
        ]

    async def remove(self, record: str, ids: Sequence[str], how: str) -> Sequence[Outcome]:
        if how not in self.capabilities.deletes:
            return await super().remove(record, ids, how)
        return await self._written("/archive", "ids", list(ids))

    async def history(
        self, record: str, ids: Sequence[str], since: datetime
    ) -> Mapping[str, Sequence[Change]]:
        changes: dict[str, list[Change]] = {id: [] for id in ids}
        for chunk in _chunks(ids):
            found = await self._ask("/history", {"ids": chunk, "since": since.isoformat()})
            for raw in found["items"]:
                at, by = datetime.fromisoformat(raw["at"]), Person(raw["by"])
                changes[raw["id"]].append(
                    Change(
                        raw["id"],
                        raw["path"],
                        raw["before"],
                        raw["after"],
                        at,
                        by,
                        by_us=raw["by"] == BOT,
                    )  # fmt: skip
                )
        return changes

    async def comments(self, record: str, ids: Sequence[str]) -> Mapping[str, Sequence[Comment]]:
        comments: dict[str, list[Comment]] = {id: [] for id in ids}
        for chunk in _chunks(ids):
            for raw in (await self._ask("/comments", {"ids": chunk}))["items"]:
                comments[raw["record"]].append(_comment_of(raw))
        return comments

    async def comment(self, record: str, items: Sequence[NewComment]) -> Sequence[Outcome]:
        raw = [
            {
                "external_id": i.key,
                "id": i.record_id,
                "body": i.body,
                "public": i.visibility is Visibility.PUBLIC,
            }
            for i in items
        ]
        return await self._written("/comments/new", "items", raw)

    async def edit_comments(self, record: str, items: Sequence[CommentEdit]) -> Sequence[Outcome]:
        raw = [
            {"id": i.record_id, "comment": i.id, "body": i.body, "expected": i.expected}
            for i in items
        ]
        return await self._written("/comments/edit", "items", raw)

    async def people(self, handles: Sequence[str]) -> Mapping[str, Person]:
        return {p.handle: p for p in await self._people("handles", handles)}

    async def find_people(self, emails: Sequence[str]) -> Mapping[str, Person]:
        return {p.email or "": p for p in await self._people("emails", emails)}

    async def _ask(self, path: str, body: Mapping[str, Any]) -> Any:
        """A question by POST, because ids do not fit into an address; it may be repeated."""
        return (await self.http.request("POST", path, json=body, mutating=False)).json()

    async def _people(self, by: str, values: Sequence[str]) -> list[Person]:
        found = await self._ask("/people", {by: list(values)})
        return [Person(raw["handle"], raw["email"], raw["name"]) for raw in found["items"]]

    async def _bulk(self, verb: str, items: Sequence[Mapping[str, Any]]) -> list[Outcome]:
        return await self._written("/bulk", verb, items)

    async def _written(self, path: str, verb: str, items: Sequence[Any]) -> list[Outcome]:
        outcomes: list[Outcome] = []
        for chunk in _chunks(items):
            outcomes += await self._written_once(path, {verb: chunk}, len(chunk))
        return outcomes

    async def _written_once(
        self, path: str, body: Mapping[str, Any], items: int
    ) -> Sequence[Outcome]:
        key = {}
        if "create" in body:
            named = "\n".join(item["external_id"] for item in body["create"])
            key["Idempotency-Key"] = sha256(named.encode()).hexdigest()
        try:
            response = await self.http.request("POST", path, json=body, items=items, headers=key)
        except ConnectorError as error:
            return [Outcome.of_error(error)] * items
        return [_outcome(raw) for raw in response.json()["results"]]


def _outcome(raw: Mapping[str, Any]) -> Outcome:
    if raw["status"] < 300:
        record = record_of(raw["record"]) if "record" in raw else None
        return Outcome.applied(raw["id"], record)
    return Outcome(_RESULTS[raw["status"]], id=raw.get("id"), reason=raw["message"])


def _comment_of(raw: Mapping[str, Any]) -> Comment:
    edited = raw["edited_at"]
    return Comment(
        id=raw["id"],
        record_id=raw["record"],
        author=Person(raw["author"]),
        body=raw["body"],
        visibility=Visibility.PUBLIC if raw["public"] else Visibility.INTERNAL,
        created_at=datetime.fromisoformat(raw["created_at"]),
        edited_at=datetime.fromisoformat(edited) if edited else None,
        by_us=raw["author"] == BOT,
    )


def _chunks(items: Sequence[T]) -> Iterator[list[T]]:
    for at in range(0, len(items), BULK):
        yield list(items[at : at + BULK])
