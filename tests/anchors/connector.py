"""A shelf's connector: a plugin of Syncline as any operator could write one.

The shelf compares and sets, as a server with etags does. With `key_field` it keeps the key that a
record was made with, as Jira, Zendesk and most trackers can; without, a create whose answer was
lost cannot be looked up.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

from pydantic import BaseModel

from syncline.sdk.clock import Clock
from syncline.sdk.connector import (
    Capabilities,
    CensusPage,
    ConnectionConfig,
    Connector,
    Create,
    CreateSearch,
    FieldSchema,
    FindResult,
    Found,
    Missing,
    Outcome,
    Page,
    Record,
    RecordSchema,
    Result,
    Schema,
    Update,
)
from tests.anchors.shelf import Troubled

MAPPING = """\
entity: ticket
record: record
text: plain
fields:
  title: {path: title}
  body: {path: name}
"""


class Scope(BaseModel):
    """Which shelf, in which folder."""

    folder: Path
    side: str


class ShelfConfig(ConnectionConfig):
    """A connection to a shelf; there is nobody to show a credential to."""

    auth: dict[str, str] = {}
    scope: Scope
    key_field: str | None = None


class ShelfConnector(Connector):
    """One shelf."""

    name = "shelf"
    config_model: ClassVar[type[ConnectionConfig]] = ShelfConfig

    def __init__(self, shelf: Troubled, key_field: str | None) -> None:
        self.shelf, self.key_field = shelf, key_field
        self.capabilities = Capabilities(
            conditional_update=True, find_by_key=key_field is not None, deletes=("delete",)
        )

    @classmethod
    def open(cls, connection: str, config: ConnectionConfig, clock: Clock) -> Self:
        assert isinstance(config, ShelfConfig)
        return cls(Troubled(config.scope.folder, config.scope.side), config.key_field)

    async def describe(self) -> Schema:
        fields = {path: FieldSchema(path, path, "text") for path in ("name", "title")}
        return Schema(self.shelf.side, "1", {"record": RecordSchema("record", fields)}, "plain")

    async def changes(self, record: str, cursor: str | None) -> AsyncIterator[Page]:
        covered = str(self.shelf.revision())
        listed = self.shelf.listing().values()
        changed = [one for one in listed if one["revision"] >= int(cursor or 0)]
        changed.sort(key=lambda one: int(one["revision"]))
        yield Page([self._record(one) for one in changed], covered)

    async def census(self, record: str) -> AsyncIterator[CensusPage]:
        yield CensusPage({id: one["revision"] for id, one in self.shelf.listing().items()})

    async def fetch(self, record: str, ids: Sequence[str]) -> Mapping[str, Record | Missing]:
        found = self.shelf.records()
        return {id: self._record(found[id]) if id in found else Missing(id, gone=True)
                for id in ids}  # fmt: skip

    async def create(self, record: str, items: Sequence[Create]) -> Sequence[Outcome]:
        def one(item: Create) -> Outcome:
            key = {self.key_field: item.key} if self.key_field else {}
            return Outcome.applied(self.shelf.add({**item.fields, **key}))

        return [_answered(one, item) for item in items]

    async def update(self, record: str, items: Sequence[Update]) -> Sequence[Outcome]:
        def one(item: Update) -> Outcome:
            now = self.shelf.records().get(item.id)
            if now is None:
                return Outcome(Result.GONE, id=item.id, reason="no such record")
            if any(now.get(path) != value for path, value in item.expected.items()):
                return Outcome(Result.CONFLICT, id=item.id, reason="the record has changed")
            self.shelf.change(item.id, item.patch)
            return Outcome.applied(item.id)

        return [_answered(one, item) for item in items]

    async def find(self, record: str, items: Sequence[CreateSearch]) -> Sequence[FindResult]:
        if self.key_field is None:
            return await super().find(record, items)
        by_key = {one.get(self.key_field): one for one in self.shelf.records().values()}
        return [
            FindResult(Found.YES, self._record(by_key[item.key]))
            if item.key in by_key
            else FindResult(Found.NO)
            for item in items
        ]

    async def remove(self, record: str, ids: Sequence[str], how: str) -> Sequence[Outcome]:
        def one(id: str) -> Outcome:
            if id not in self.shelf.records():
                return Outcome(Result.GONE, id=id, reason="no such record")
            self.shelf.remove(id)
            return Outcome.applied(id)

        return [_answered(one, id) for id in ids]

    async def aclose(self) -> None:
        """Nothing is open."""

    def _record(self, raw: Mapping[str, Any]) -> Record:
        return Record(
            id=raw["id"],
            fields={"name": raw["name"], "title": raw["title"]},
            version=raw["revision"],
            marker=raw.get(self.key_field) if self.key_field else None,
        )


def _answered(one: Callable[[Any], Outcome], item: Any) -> Outcome:
    try:
        return one(item)
    except TimeoutError as error:
        return Outcome(Result.AMBIGUOUS, reason=str(error))


connector = ShelfConnector
