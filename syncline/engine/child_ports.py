"""Ports for what hangs on a record: comments and files.

The id of a comment or file in a link is `record#id`, because tools number them within a record.
A comment's wire is `{"body": text}`, without the line that names its author; a file's is empty.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from syncline.engine.attribution import attributed, stripped
from syncline.engine.owing import CHILD
from syncline.engine.planned import Write
from syncline.schema import text
from syncline.sdk.connector import (
    Attachment,
    Comment,
    CommentEdit,
    Connector,
    FindResult,
    Found,
    Missing,
    NewAttachment,
    NewComment,
    Outcome,
    Record,
    Result,
    Visibility,
)
from syncline.sdk.errors import ConnectorError
from syncline.store.rows import Intent, Link


def child_id(record_id: str, id_: str) -> str:
    return f"{record_id}#{id_}"


def split(child: str) -> tuple[str, str]:
    """Record id and comment or file id."""
    record_id, _, id_ = child.rpartition("#")
    return record_id, id_


class _OnRecords:
    """What hangs on records is not gone for not being shown while its record cannot be read."""

    connector: Connector
    side: str
    record: str
    parents: Mapping[str, Link]

    async def _answered(
        self, ids: Sequence[str], found: Mapping[str, Record]
    ) -> Mapping[str, Record | Missing]:
        """What was found, and what is gone; nothing of what cannot be told now."""
        missing = [id_ for id_ in ids if id_ not in found]
        unread = await self._unread(split(id_)[0] for id_ in missing)
        gone = {i: Missing(i, gone=True) for i in missing if split(i)[0] not in unread}
        return {**{id_: found[id_] for id_ in ids if id_ in found}, **gone}

    async def _sure(
        self, items: Sequence[tuple[Intent, Link]], results: Sequence[FindResult]
    ) -> Sequence[FindResult | None]:
        """The results, without those of records that cannot be read now."""
        homes = [self._record_id(link) for _, link in items]
        pairs = list(zip(homes, results, strict=True))
        unread = await self._unread(home for home, one in pairs if one.found is Found.NO)
        return [None if one.found is Found.NO and home in unread else one for home, one in pairs]

    async def _unread(self, record_ids: Iterable[str]) -> set[str]:
        """Those of these records that their links still have and that cannot be read now."""
        places = [
            link.sides[self.side] for link in self.parents.values() if self.side in link.sides
        ]
        live = {at.record_id for at in places if at.state in ("in", "out")}
        asked = [id_ for id_ in dict.fromkeys(record_ids) if id_ in live]
        found = await self.connector.fetch(self.record, asked) if asked else {}
        return {id_ for id_ in asked if not isinstance(found.get(id_), Record)}

    def _record_id(self, link: Link) -> str:
        return self.parents[link.parent or ""].sides[self.side].record_id


class CommentPort(_OnRecords):
    """One side's comments. `parents` are the links of their records, by id.

    `linked` has the ids of comments that belong to a link already: they are nobody else's.
    """

    def __init__(
        self,
        connector: Connector,
        side: str,
        record: str,
        text_format: str,
        parents: Mapping[str, Link],
        linked: set[str],
    ) -> None:
        self.connector = connector
        self.side = side
        self.record = record
        self.text_format = text_format
        self.parents = parents
        self.linked = linked
        self.capabilities = replace(
            connector.capabilities_of(record), conditional_update=False, answers_writes=False
        )

    async def fetch(self, ids: Sequence[str]) -> Mapping[str, Record | Missing]:
        found = await self.listed(dict.fromkeys(split(id_)[0] for id_ in ids))
        return await self._answered(ids, found)

    async def listed(self, record_ids: Mapping[str, object]) -> dict[str, Record]:
        by_record = await self.connector.comments(self.record, list(record_ids))
        return {
            child_id(record_id, comment.id): self.wire(record_id, comment)
            for record_id, comments in by_record.items()
            for comment in comments
        }

    def wire(self, record_id: str, comment: Comment) -> Record:
        body = stripped(self.text_format, comment.body)[0] if comment.by_us else comment.body
        return Record(id=child_id(record_id, comment.id), fields={"body": body})

    async def create(self, items: Sequence[tuple[Write, Link, str]]) -> Sequence[Outcome]:
        news = [
            NewComment(
                key=key,
                record_id=self._record_id(link),
                body=self._body(link, str(write.patch.get("body") or "")),
                visibility=Visibility(link.fields[CHILD]["as"][self.side]),
            )
            for write, link, key in items
        ]
        outcomes = await self.connector.comment(self.record, news)
        return [_named(o, new.record_id) for o, new in zip(outcomes, news, strict=True)]

    async def update(self, items: Sequence[tuple[Write, Link]]) -> Sequence[Outcome]:
        edits = [
            CommentEdit(
                id=split(write.record_id or "")[1],
                record_id=split(write.record_id or "")[0],
                body=self._body(link, str(write.patch.get("body") or "")),
                expected=self._body(link, str(write.expected.get("body") or "")),
                visibility=Visibility(link.fields[CHILD]["as"].get(self.side, "internal")),
            )
            for write, link in items
        ]
        outcomes = await self.connector.edit_comments(self.record, edits)
        return [_named(o, edit.record_id) for o, edit in zip(outcomes, edits, strict=True)]

    async def find(self, items: Sequence[tuple[Intent, Link]]) -> Sequence[FindResult | None]:
        """Ours, on the right record, not linked yet, and with the key or exactly this body."""
        record_ids = dict.fromkeys(self._record_id(link) for _, link in items)
        comments = await self.connector.comments(self.record, list(record_ids))
        results = []
        for intent, link in items:
            record_id = self._record_id(link)
            body = self._body(link, str(intent.payload["patch"].get("body") or ""))
            mine = [
                c
                for c in comments.get(record_id, ())
                if c.by_us
                and (
                    _same(self.text_format, c.body, body) if c.key is None else c.key == intent.key
                )
                and child_id(record_id, c.id) not in self.linked
            ]
            if not mine:
                results.append(FindResult(Found.NO))
                continue
            self.linked.add(child_id(record_id, mine[0].id))
            results.append(FindResult(Found.YES, self.wire(record_id, mine[0])))
        return await self._sure(items, results)

    def _body(self, link: Link, body: str) -> str:
        """The body as this side shows it: a copy says who wrote it, an original does not.

        People may have said the same in several tools: each of those shows an original.
        """
        meta = link.fields[CHILD]
        if self.side not in meta["as"]:
            return body
        return attributed(self.text_format, meta["author"], meta["from"], body)


def _same(format: str, a: str, b: str) -> bool:
    """Equal in meaning: tools change line ends, and clean what they are sent as HTML."""
    if a.replace("\r\n", "\n").strip() == b.replace("\r\n", "\n").strip():
        return True
    try:
        return text.same({"format": format, "source": a}, {"format": format, "source": b})
    except ValueError:
        return False


def _named(outcome: Outcome, record_id: str) -> Outcome:
    if outcome.id is None:
        return replace(outcome, record=None)
    return replace(outcome, id=child_id(record_id, outcome.id), record=None)


class AttachmentPort(_OnRecords):
    """One side's files; a copy is read from the side it came from when it is written."""

    def __init__(
        self,
        connectors: Mapping[str, Connector],
        side: str,
        records: Mapping[str, str],
        parents: Mapping[str, Link],
        linked: set[str],
    ) -> None:
        self.connectors = connectors
        self.connector = connectors[side]
        self.side = side
        self.record = records[side]
        self.records = records
        self.parents = parents
        self.linked = linked
        self.capabilities = replace(
            self.connector.capabilities_of(self.record), answers_writes=False
        )

    async def fetch(self, ids: Sequence[str]) -> Mapping[str, Record | Missing]:
        record_ids = list(dict.fromkeys(split(id_)[0] for id_ in ids))
        by_record = await self.connector.attachments(self.record, record_ids)
        found = {
            child_id(record_id, one.id): Record(id=child_id(record_id, one.id), fields={})
            for record_id, files in by_record.items()
            for one in files
        }
        return await self._answered(ids, found)

    async def create(self, items: Sequence[tuple[Write, Link, str]]) -> Sequence[Outcome]:
        """One file after the other: each may be as large as memory allows, and only one is held."""
        return [await self._copy(link, key) for _, link, key in items]

    async def _copy(self, link: Link, key: str) -> Outcome:
        meta, record_id = link.fields[CHILD], self._record_id(link)
        origin = meta["from"]
        try:
            source = await self._source(link)
            if source is None:
                return Outcome(Result.REJECTED, reason=f"{meta['name']} is gone from {origin}")
            content = await self.connectors[origin].download(self.records[origin], source)
        except ConnectorError as error:
            return Outcome(Result.RETRY, reason=f"{meta['name']} of {origin}: {error}")
        new = NewAttachment(
            key=key,
            record_id=record_id,
            name=meta["name"],
            content=content,
            content_type=meta["content_type"],
            visibility=Visibility(meta["as"][self.side]),
        )
        outcomes = await self.connector.attach(self.record, [new])
        return _named(outcomes[0], record_id)

    async def _source(self, link: Link) -> Attachment | None:
        origin = link.fields[CHILD]["from"]
        record_id, id_ = split(link.sides[origin].record_id)
        files = await self.connectors[origin].attachments(self.records[origin], [record_id])
        return next((one for one in files.get(record_id, ()) if one.id == id_), None)

    async def update(self, items: Sequence[tuple[Write, Link]]) -> Sequence[Outcome]:
        return [Outcome(Result.REJECTED, reason="files are never changed") for _ in items]

    async def find(self, items: Sequence[tuple[Intent, Link]]) -> Sequence[FindResult | None]:
        """Ours, on the right record, not linked yet, of the same name and size."""
        record_ids = list(dict.fromkeys(self._record_id(link) for _, link in items))
        by_record = await self.connector.attachments(self.record, record_ids)
        results = []
        for _, link in items:
            meta, record_id = link.fields[CHILD], self._record_id(link)
            mine = [
                one
                for one in by_record.get(record_id, ())
                if one.by_us
                and (one.name, one.size) == (meta["name"], meta["size"])
                and child_id(record_id, one.id) not in self.linked
            ]
            if not mine:
                results.append(FindResult(Found.NO))
                continue
            id_ = child_id(record_id, mine[0].id)
            self.linked.add(id_)
            results.append(FindResult(Found.YES, Record(id=id_, fields={})))
        return await self._sure(items, results)
