"""What the connector asks of a record type. What a type does not have is refused in words."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from syncline.sdk.connector import (
    Attachment,
    CensusPage,
    Change,
    Comment,
    CommentEdit,
    Create,
    CreateSearch,
    FindResult,
    LinkCard,
    Missing,
    NewAttachment,
    NewComment,
    Outcome,
    Page,
    Record,
    Result,
    Update,
)
from syncline.sdk.errors import Rejected


class Kind(ABC):
    """One record type; the methods are those of `Connector`, without the type's name."""

    name: ClassVar[str]

    @abstractmethod
    async def details(self) -> Mapping[str, Any]: ...

    @abstractmethod
    def changes(self, cursor: str | None) -> AsyncIterator[Page]: ...

    @abstractmethod
    def census(self) -> AsyncIterator[CensusPage]: ...

    @abstractmethod
    async def fetch(self, ids: Sequence[str]) -> Mapping[str, Record | Missing]: ...

    @abstractmethod
    async def create(self, items: Sequence[Create]) -> Sequence[Outcome]: ...

    @abstractmethod
    async def update(self, items: Sequence[Update]) -> Sequence[Outcome]: ...

    @abstractmethod
    async def find(self, items: Sequence[CreateSearch]) -> Sequence[FindResult]: ...

    @abstractmethod
    async def remove(self, ids: Sequence[str]) -> Sequence[Outcome]: ...

    async def history(self, ids: Sequence[str], since: datetime) -> Mapping[str, Sequence[Change]]:
        return {id: () for id in ids}

    async def comments(self, ids: Sequence[str]) -> Mapping[str, Sequence[Comment]]:
        return {id: () for id in ids}

    async def comment(self, items: Sequence[NewComment]) -> Sequence[Outcome]:
        return [self._lacking("comments") for _ in items]

    async def edit_comments(self, items: Sequence[CommentEdit]) -> Sequence[Outcome]:
        return [self._lacking("comments") for _ in items]

    async def attachments(self, ids: Sequence[str]) -> Mapping[str, Sequence[Attachment]]:
        return {id: () for id in ids}

    async def download(self, attachment: Attachment, limit: int) -> bytes:
        raise Rejected(f"A {self.name} of Redmine has no files here; nothing was read.")

    async def attach(self, items: Sequence[NewAttachment]) -> Sequence[Outcome]:
        return [self._lacking("files") for _ in items]

    async def show_links(
        self, cards: Sequence[LinkCard], gone: Sequence[LinkCard]
    ) -> Sequence[Outcome]:
        return [self._lacking("place for links") for _ in (*cards, *gone)]

    def _lacking(self, what: str) -> Outcome:
        reason = f"A {self.name} of Redmine has no {what} here; nothing was written."
        return Outcome(Result.REJECTED, reason=reason)
