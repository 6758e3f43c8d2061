"""What the connector asks of one of Mixpanel's kinds of records, and how their lists are read."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping, Sequence

from connectors.mixpanel import snapshot
from syncline.sdk.connector import (
    CensusPage,
    Create,
    CreateSearch,
    FieldSchema,
    FindResult,
    Missing,
    Outcome,
    Page,
    Record,
    RecordSchema,
    Update,
    Wire,
)


class Kind(ABC):
    """One record type, read whole: nothing of Mixpanel's can be asked for what changed."""

    name: str

    @property
    @abstractmethod
    def fields(self) -> Sequence[FieldSchema]:
        """The fields of the wire record."""

    @property
    def schema(self) -> RecordSchema:
        """The fields by path."""
        return RecordSchema(self.name, {field.path: field for field in self.fields})

    @abstractmethod
    def pages(self) -> AsyncIterator[Sequence[Record]]:
        """Every record in scope; one may come twice."""

    async def changes(self, cursor: str | None) -> AsyncIterator[Page]:
        """As `Connector.changes`."""
        told, now = snapshot.seen(cursor), set[str]()
        async for records in self.pages():
            shown = {snapshot.digest(one): one for one in records}
            yield Page([one for at, one in shown.items() if at not in told and at not in now])
            now |= shown.keys()
        yield Page((), snapshot.cursor(now))

    async def census(self) -> AsyncIterator[CensusPage]:
        """As `Connector.census`."""
        async for records in self.pages():
            yield CensusPage({one.id: None for one in records})

    @abstractmethod
    async def fetch(self, ids: Sequence[str]) -> Mapping[str, Record | Missing]:
        """As `Connector.fetch`."""

    @abstractmethod
    async def create(self, items: Sequence[Create]) -> Sequence[Outcome]:
        """As `Connector.create`."""

    @abstractmethod
    async def update(self, items: Sequence[Update]) -> Sequence[Outcome]:
        """As `Connector.update`."""

    @abstractmethod
    async def remove(self, ids: Sequence[str]) -> Sequence[Outcome]:
        """Delete records."""

    @abstractmethod
    async def find(self, items: Sequence[CreateSearch]) -> Sequence[FindResult]:
        """As `Connector.find`."""

    def closed(self, patch: Wire, *, new: bool) -> str | None:
        """Why a patch cannot be written, if it names what Mixpanel does not take."""
        fields = (f for f in self.fields if not f.read_only and (new or not f.create_only))
        wrong = sorted(patch.keys() - {name_of(field) for field in fields})
        return f"{self.name}: {', '.join(wrong)} cannot be written" if wrong else None


def path_of(name: str) -> str:
    """The path of a key in the wire record, where a dot would mean a step."""
    return name.replace(".", r"\.")


def name_of(field: FieldSchema) -> str:
    """The key that a path names."""
    return field.path.replace(r"\.", ".")
