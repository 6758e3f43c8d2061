"""The in-memory side: a connector over `MemoryTool`, with any set of capabilities a tool may have.

Wire record: `{"title", "body", "status", "priority", "labels": [...], "assignee": "handle",
"custom": {...}}`; absent and null mean empty. Text is kept byte for byte in the tool's format.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, Self

from syncline.sdk.clock import Clock
from syncline.sdk.connector import (
    Attachment,
    Capabilities,
    CensusPage,
    Change,
    Comment,
    CommentEdit,
    ConnectionConfig,
    Connector,
    Create,
    CreateSearch,
    FieldSchema,
    FindResult,
    Found,
    LinkCard,
    Missing,
    NewAttachment,
    NewComment,
    Outcome,
    Page,
    Person,
    Record,
    RecordSchema,
    Result,
    Schema,
    Update,
    Visibility,
)
from syncline.sdk.secrets import Secret
from syncline.simulation.calls import MemoryCalls, chunks
from syncline.simulation.clock import ManualClock, SkewedClock
from syncline.simulation.config import MemoryConfig, TokenAuth
from syncline.simulation.faults import Call, Faults
from syncline.simulation.gate import Gate
from syncline.simulation.tool import (
    BOT,
    FIELDS,
    FieldRule,
    Item,
    MemoryTool,
    Refused,
    State,
    Unknown,
)
from syncline.simulation.wire import copied, shows

__all__ = [
    "BOT",
    "FIELDS",
    "FULL",
    "MAPPING",
    "PLAIN",
    "Call",
    "Faults",
    "FieldRule",
    "ManualClock",
    "MemoryConfig",
    "MemoryConnector",
    "MemoryTool",
    "Refused",
    "SkewedClock",
    "TokenAuth",
    "publish",
]

MAPPING = """\
entity: ticket
record: ticket
text: html
fields:
  title: {path: title}
  body: {path: body}
  status:
    path: status
    write: transition
    enum:
      todo: [todo]
      in_progress: [in_progress]
      blocked: [blocked]
      done: [done]
      cancelled: [cancelled]
  priority:
    path: priority
    enum: {urgent: [urgent], high: [high], medium: [medium], low: [low], none: [none]}
  labels: {path: labels}
  assignee: {path: assignee}
"""

FULL = Capabilities(
    conditional_update=True,
    answers_writes=True,
    find_by_key=True,
    history=True,
    edits_comments=True,
    visibilities=(Visibility.PUBLIC, Visibility.INTERNAL),
    attachments=True,
    deletes=("archive", "delete"),
    shows_links=True,
    follow_ups=True,
    bulk_create=100,
    bulk_update=100,
    bulk_fetch=100,
)
"""A tool that can do everything."""

PLAIN = Capabilities(bulk_fetch=100, residual_window=True)
"""A tool that can do no more than it must."""

PAGE = 100

_published: dict[str, MemoryTool] = {}


def publish(tool: MemoryTool) -> str:
    """Make a tool reachable by configuration; gives the `base_url` for it."""
    address = f"memory://{tool.name}"
    _published[address] = tool
    return address


class MemoryConnector(MemoryCalls, Connector):
    """One `MemoryTool`, through the eyes of a hub that has `capabilities`."""

    name = "memory"
    config_model: ClassVar[type[ConnectionConfig]] = MemoryConfig

    def __init__(
        self,
        tool: MemoryTool,
        capabilities: Capabilities = FULL,
        token: Secret | None = None,
        gate: Gate | None = None,
    ) -> None:
        self.tool = tool
        self.gate = gate or Gate()
        self.capabilities = capabilities
        self._token = token
        self._counts = {"read": 0, "write": 0}

    @classmethod
    def open(cls, connection: str, config: ConnectionConfig, clock: Clock) -> Self:
        assert isinstance(config, MemoryConfig)
        return cls(_published[config.base_url], token=config.auth.token)

    async def describe(self) -> Schema:
        await self._read("describe")
        fields = {
            path: FieldSchema(
                path,
                path,
                rule.type,
                rule.options,
                rule.required,
                False,
                rule.create_only,
                rule.max_length,
            )  # fmt: skip
            for path, rule in self.tool.rules.items()
        }
        records = {self.tool.record: RecordSchema(self.tool.record, fields)}
        return Schema(self.tool.name, "1", records, self.tool.text_format)

    async def changes(self, record: str, cursor: str | None) -> AsyncIterator[Page]:
        start = self.tool.moment(self.tool.clock.now() - self.tool.search_lag)
        since = _moment(cursor)
        after: tuple[datetime, str] | None = None
        lost: set[str] | None = None
        while True:
            found, lost = await self._listed("changes", lost)
            hits = [
                (item, state)
                for item, state in found
                if (since is None or state.updated_at >= since)
                and (after is None or (state.updated_at, item.id) > after)
            ]
            page = hits[:PAGE]
            last = len(hits) <= PAGE
            if page:
                after = page[-1][1].updated_at, page[-1][0].id
            resume = start if last or after is None else min(start, after[0])
            yield Page([self._record(*hit) for hit in page], resume.isoformat())
            if last:
                return

    async def census(self, record: str) -> AsyncIterator[CensusPage]:
        found, _ = await self._listed("census")
        for at in range(0, len(found) or 1, PAGE):
            if at:
                await self._read("census")
            yield CensusPage({i.id: s.version for i, s in found[at : at + PAGE] if not s.deleted})

    async def fetch(self, record: str, ids: Sequence[str]) -> Mapping[str, Record | Missing]:
        result: dict[str, Record | Missing] = {}
        for chunk in chunks(ids, self.capabilities.bulk_fetch):
            await self._read("fetch", chunk)
            result |= {id: self._shown(id) for id in chunk}
        return result

    async def create(self, record: str, items: Sequence[Create]) -> Sequence[Outcome]:
        def one(item: Create) -> Outcome:
            key = item.key if self.capabilities.find_by_key else None
            if item.follows is not None and item.follows not in self.tool.closed:
                raise Refused(f"{item.follows} is not closed, so nothing follows it up")
            id = self.tool.create(item.fields, by=BOT, key=key)
            if item.follows is not None:
                self.tool.closed[item.follows].append(id)
            return self._answer(id)

        return await self._batched(
            "create", items, lambda i: i.key, one, self.capabilities.bulk_create
        )

    async def update(self, record: str, items: Sequence[Update]) -> Sequence[Outcome]:
        def one(item: Update) -> Outcome:
            now = self._visible(item.id).now.fields
            if item.id in self.tool.closed:
                return Outcome(Result.CLOSED, id=item.id, reason=f"{item.id} is closed for good")
            if self.capabilities.conditional_update and not shows(now, item.expected):
                return Outcome(Result.CONFLICT, id=item.id, reason="the record has changed")
            self.tool.walk(item.id, item.patch, by=BOT)
            return self._answer(item.id)

        return await self._batched(
            "update", items, lambda i: i.id, one, self.capabilities.bulk_update
        )

    async def find(self, record: str, items: Sequence[CreateSearch]) -> Sequence[FindResult]:
        if not self.capabilities.find_by_key:
            return await super().find(record, items)
        await self._read("find", [item.key for item in items])
        by_key = {item.key: (item, state) for item, state in self.tool.everywhere()}
        return [
            FindResult(Found.YES, self._record(*by_key[item.key]))
            if item.key in by_key
            else FindResult(Found.NO)
            for item in items
        ]

    async def remove(self, record: str, ids: Sequence[str], how: str) -> Sequence[Outcome]:
        if how not in self.capabilities.deletes:
            return await super().remove(record, ids, how)
        act = self.tool.archive if how == "archive" else self.tool.delete

        def one(id: str) -> Outcome:
            self._visible(id)
            act(id, by=BOT)
            return Outcome.applied(id)

        return await self._batched("remove", ids, lambda id: id, one, 1)

    async def history(
        self, record: str, ids: Sequence[str], since: datetime
    ) -> Mapping[str, Sequence[Change]]:
        if not self.capabilities.history:
            return {id: () for id in ids}
        items = await self._read_each("history", ids)
        return {i.id: tuple(c for c in i.history if c.at >= since) for i in items}

    async def comments(self, record: str, ids: Sequence[str]) -> Mapping[str, Sequence[Comment]]:
        return {i.id: tuple(i.comments) for i in await self._read_each("comments", ids)}

    async def comment(self, record: str, items: Sequence[NewComment]) -> Sequence[Outcome]:
        def one(item: NewComment) -> Outcome:
            if item.visibility not in self.capabilities.visibilities:
                raise Refused(f"no {item.visibility} comments here")
            self._visible(item.record_id)
            return Outcome.applied(
                self.tool.comment(item.record_id, item.body, item.visibility, by=BOT)
            )

        return await self._batched("comment", items, lambda i: i.record_id, one, 1)

    async def edit_comments(self, record: str, items: Sequence[CommentEdit]) -> Sequence[Outcome]:
        if not self.capabilities.edits_comments:
            return await super().edit_comments(record, items)

        def one(item: CommentEdit) -> Outcome:
            now = {c.id: c.body for c in self._visible(item.record_id).comments}
            if item.id in now and now[item.id] != item.expected:
                return Outcome(Result.CONFLICT, id=item.id, reason="the comment has changed")
            self.tool.edit_comment(item.record_id, item.id, item.body, by=BOT)
            return Outcome.applied(item.id)

        return await self._batched("edit_comments", items, lambda i: i.record_id, one, 1)

    async def attachments(
        self, record: str, ids: Sequence[str]
    ) -> Mapping[str, Sequence[Attachment]]:
        found = await self._read_each("attachments", ids)
        return {i.id: tuple(attachment for attachment, _ in i.files) for i in found}

    async def download(self, record: str, attachment: Attachment) -> bytes:
        (item,) = await self._read_each("download", [attachment.record_id])
        return next(content for file, content in item.files if file.id == attachment.id)

    async def attach(self, record: str, items: Sequence[NewAttachment]) -> Sequence[Outcome]:
        if not self.capabilities.attachments:
            return await super().attach(record, items)

        def one(item: NewAttachment) -> Outcome:
            self._visible(item.record_id)
            return Outcome.applied(
                self.tool.attach(
                    item.record_id, item.name, item.content, item.content_type, item.visibility, BOT
                )
            )

        return await self._batched("attach", items, lambda i: i.record_id, one, 1)

    async def show_links(
        self, record: str, cards: Sequence[LinkCard], gone: Sequence[LinkCard] = ()
    ) -> Sequence[Outcome]:
        if not self.capabilities.shows_links:
            return await super().show_links(record, cards, gone)

        def show(card: LinkCard) -> Outcome:
            self._visible(card.record_id).cards[card.connection, card.key] = card
            return Outcome.applied(card.record_id)

        def take_off(card: LinkCard) -> Outcome:
            self._visible(card.record_id).cards.pop((card.connection, card.key), None)
            return Outcome.applied(card.record_id)

        off = await self._batched("show_links", gone, lambda c: c.record_id, take_off, 1)
        on = await self._batched("show_links", cards, lambda c: c.record_id, show, 1)
        return [*on, *off]

    async def people(self, handles: Sequence[str]) -> Mapping[str, Person]:
        await self._read("people")
        return {h: self.tool.people[h] for h in handles if h in self.tool.people}

    async def find_people(self, emails: Sequence[str]) -> Mapping[str, Person]:
        await self._read("people")
        active = {p.email: p for p in self.tool.people.values() if p.email and p.active}
        return {email: active[email] for email in emails if email in active}

    def requests(self) -> Mapping[str, int]:
        return dict(self._counts)

    async def aclose(self) -> None:
        """Nothing is open."""

    # What the tool's answers look like.

    def _visible(self, id: str) -> Item:
        item = self.tool.item(id)
        if item.now.hidden:
            raise Unknown(id, hidden=True)
        return item

    def _shown(self, id: str) -> Record | Missing:
        try:
            item = self._visible(id)
        except Unknown as unknown:
            return Missing(id, gone=not unknown.hidden, reason=str(unknown))
        return self._record(item, item.now)

    def _answer(self, id: str) -> Outcome:
        item = self.tool.item(id)
        shown = self._record(item, item.now) if self.capabilities.answers_writes else None
        return Outcome.applied(id, shown)

    def _record(self, item: Item, state: State) -> Record:
        fields: dict[str, Any] = copied(state.fields)
        return Record(
            id=item.id,
            fields=fields,
            version=state.version,
            updated_at=state.updated_at,
            created_at=item.created_at,
            key=item.id,
            marker=item.key if self.capabilities.find_by_key else None,
            url=f"memory://{self.tool.name}/{item.id}",
            in_scope=state.in_scope,
            deleted=state.deleted,
            merged_into=state.merged_into,
        )


def _moment(cursor: str | None) -> datetime | None:
    return None if cursor is None else datetime.fromisoformat(cursor)
