"""Comments and files: both are parts of a ticket's transactions.

A transaction of type Comment is internal, one of type Correspond is a reply that the requestor got,
and Create brought the first message, which is the record's `Content` and no comment. After a merge
the messages of the merged ticket are the survivor's.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from connectors.request_tracker.client import Client, any_of, chunks, created, id_of, segment
from connectors.request_tracker.metadata import Metadata, person_of
from connectors.request_tracker.reading import by
from connectors.request_tracker.text import BODY_FIELDS, IS_FILE, IS_TEXT, MIME, NO_FILE, body_of
from syncline.sdk.batches import in_order
from syncline.sdk.connector import (
    Attachment,
    Comment,
    NewAttachment,
    NewComment,
    Outcome,
    Result,
    Visibility,
)
from syncline.sdk.errors import ConnectorError, Rejected

New = TypeVar("New", NewComment, NewAttachment)

_VISIBILITY = {
    "Comment": Visibility.INTERNAL,
    "Correspond": Visibility.PUBLIC,
    "Create": Visibility.PUBLIC,
}
_VERB = {Visibility.INTERNAL: "comment", Visibility.PUBLIC: "correspond"}
_TYPE = re.compile(r"[\w.+-]{1,99}/[\w.+-]{1,99}(; ?[\w-]+=[\w.+-]+)*", re.ASCII)
_FILE_FIELDS = "TransactionId,ContentType,ContentLength,Filename,Created,Creator"


class Messages:
    """Comments and attachments for one connection."""

    def __init__(self, client: Client, metadata: Metadata, text_format: str) -> None:
        self._client = client
        self._metadata = metadata
        self._text_format = text_format

    async def comments(self, ids: Sequence[str]) -> dict[str, list[Comment]]:
        """Three requests for the comments of a hundred tickets, and one more per hundred."""
        told: dict[str, list[Comment]] = {id: [] for id in ids}
        transactions = await self._transactions(ids, ("Comment", "Correspond"))
        if not transactions:
            return told
        parts = await self._client.parts(list(transactions), BODY_FIELDS, IS_TEXT, NO_FILE)
        bodies = by(parts, lambda part: str(part["TransactionId"]))
        me = (await self._metadata.me())["Name"]
        for id, row in transactions.items():
            author = person_of(row["Creator"])
            if body := body_of(bodies.get(id, []), self._text_format):
                told[row["Ticket"]].append(
                    Comment(
                        id=id,
                        record_id=row["Ticket"],
                        author=author,
                        body=body,
                        visibility=_VISIBILITY[row["Type"]],
                        created_at=created(row),
                        by_us=author.handle == me,
                    )
                )
        return told

    async def comment(self, items: Sequence[NewComment]) -> list[Outcome]:
        """One request each, in order within a ticket; an internal one is never mailed outside."""

        async def one(item: NewComment) -> Outcome:
            body = {"ContentType": MIME[self._text_format], "Content": item.body}
            return Outcome.applied(await self._add(item.record_id, item.visibility, body))

        return await in_order(items, lambda item: item.record_id, one)

    async def attachments(self, ids: Sequence[str]) -> dict[str, list[Attachment]]:
        """Three requests for the files of a hundred tickets."""
        told: dict[str, list[Attachment]] = {id: [] for id in ids}
        transactions = await self._transactions(ids, tuple(_VISIBILITY))
        if not transactions:
            return told
        me = (await self._metadata.me())["Name"]
        for part in await self._client.parts(list(transactions), _FILE_FIELDS, IS_FILE):
            row = transactions[str(part["TransactionId"])]
            told[row["Ticket"]].append(
                Attachment(
                    id=str(part["id"]),
                    record_id=row["Ticket"],
                    name=part["Filename"],
                    size=int(part["ContentLength"] or 0),
                    content_type=part["ContentType"],
                    visibility=_VISIBILITY[row["Type"]],
                    created_at=created(part),
                    by_us=part["Creator"]["id"] == me,
                )
            )
        return told

    async def download(self, attachment: Attachment, most: int) -> bytes:
        """The file; raises Rejected where it is larger than `most` bytes."""
        if attachment.size > most:
            raise Rejected(
                f"{attachment.name} has {attachment.size} bytes; at most {most} are read"
            )
        answer = await self._client.get(f"attachment/{segment(attachment.id)}")
        content = b64decode(answer.get("Content") or "")
        if len(content) > most:
            raise Rejected(f"{attachment.name} is larger than it said; at most {most} are read")
        return content

    async def attach(self, items: Sequence[NewAttachment]) -> list[Outcome]:
        """Two requests each: the message that brings the file, and the file's id."""

        async def one(item: NewAttachment) -> Outcome:
            file = {
                "FileName": _file_name(item.name),
                "FileType": _file_type(item),
                "FileContent": b64encode(item.content).decode("ascii"),
            }
            if not item.content:
                raise Rejected(f"{item.name} is empty, which Request Tracker does not take")
            id = await self._add(item.record_id, item.visibility, {"Attachments": [file]})
            return Outcome(Result.APPLIED, id=await self._file_of(id))

        return await in_order(items, lambda item: item.record_id, one)

    async def _add(self, ticket: str, visibility: Visibility, body: Mapping[str, Any]) -> str:
        """Add a message and return its transaction; raises NotFound where there is no ticket."""
        try:
            path = f"ticket/{segment(ticket)}/{_VERB[visibility]}"
            response = await self._client.write("POST", path, body)
        except Rejected:
            # RT refuses a message for a ticket that does not exist with the same 400 as any other.
            await self._client.ticket(ticket)
            raise
        return str(response.headers.get("location", "")).rpartition("/")[2]

    async def _file_of(self, transaction: str) -> str | None:
        try:
            parts = await self._client.parts([transaction], "TransactionId,Filename", IS_FILE)
        except ConnectorError:
            return None
        return str(parts[0]["id"]) if parts else None

    async def _transactions(
        self, ids: Sequence[str], types: Sequence[str]
    ) -> dict[str, dict[str, Any]]:
        """Transactions of these types by id, oldest first, each with the `Ticket` it counts for."""
        found: dict[str, dict[str, Any]] = {}
        kinds = " OR ".join(f"Type = '{kind}'" for kind in types)
        for some in chunks([id for id in ids if id.isdecimal()]):
            owner = await self._merged_into(some)
            query = f"({kinds}) AND {any_of('ObjectId', owner)}"
            fields = "Type,ObjectId,Creator,Created"
            async for rows in self._client.log(query, fields):
                for row in rows:
                    found[str(row["id"])] = {**row, "Ticket": owner[str(row["ObjectId"])]}
        return found

    async def _merged_into(self, ids: Sequence[str]) -> dict[str, str]:
        """Each ticket whose messages count for one of `ids`, with that id."""
        owner = {id: id for id in ids}
        query = any_of("EffectiveId", ids)
        async for rows in self._client.tickets(query, "EffectiveId"):
            owner |= {str(row["id"]): id_of(row["EffectiveId"]) for row in rows}
        return owner


def _file_name(name: str) -> str:
    """RT 5.0 writes a name's characters into the MIME header as bytes, and reads those as UTF-8.

    A line break would begin another header there.
    """
    return " ".join(name.splitlines()).encode("utf-8").decode("latin-1")


def _file_type(item: NewAttachment) -> str:
    """RT rewrites a text file to UTF-8; one in another encoding keeps its bytes as a plain file.

    The type comes from another tool, and RT makes a header of it.
    """
    if not _TYPE.fullmatch(item.content_type):
        return "application/octet-stream"
    if not item.content_type.startswith("text/"):
        return item.content_type
    try:
        item.content.decode("utf-8")
    except UnicodeDecodeError:
        return "application/octet-stream"
    return item.content_type
