"""Comments and files: a ticket's comments, of which the first is its description.

A comment is written as an update of its ticket and says itself whether the requester may read it.
Nobody can edit one. A file belongs to a comment and has its visibility.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape, unescape
from typing import Any

from connectors.zendesk.client import API, Client, Row, moment, segment, together
from connectors.zendesk.metadata import Metadata
from connectors.zendesk.people import person
from connectors.zendesk.text import html_of
from syncline.sdk.batches import in_order
from syncline.sdk.connector import (
    Attachment,
    Comment,
    LinkCard,
    NewAttachment,
    NewComment,
    Outcome,
    Person,
    Visibility,
)
from syncline.sdk.errors import (
    Ambiguous,
    EgressRefused,
    NotFound,
    Rejected,
    Retriable,
)

_LINK_NOTE = re.compile(
    r"\A<p>(?P<shows>Linked with|No longer linked with) [^<]*<br ?/?>"
    r'<a href="(?P<url>[^"]+)"[^>]*>[^<]*</a></p>\s*\Z'
)
_TYPE = re.compile(r"[\w.+-]{1,99}/[\w.+-]{1,99}(; ?[\w-]+=[\w.+-]+)*", re.ASCII)
_REDIRECTS = (301, 302, 303, 307)


class Messages:
    """Comments and attachments for one connection."""

    def __init__(self, client: Client, metadata: Metadata) -> None:
        self._client = client
        self._metadata = metadata

    async def comments(self, ids: Sequence[str]) -> dict[str, list[Comment]]:
        """Each ticket's comments without its description: a request for a hundred of them."""
        me = await self._metadata.my_id()

        async def one(id: str) -> list[Comment]:
            rows, people = await self._rows(id)
            return [
                _comment(id, row, people, me)
                for row in rows[1:]
                if row["author_id"] != me or _LINK_NOTE.match(html_of(row)) is None
            ]

        return dict(zip(ids, await together(one(id) for id in ids), strict=True))

    async def comment(self, items: Sequence[NewComment]) -> list[Outcome]:
        """One request each, in order within a ticket."""

        async def one(item: NewComment) -> Outcome:
            if not item.body.strip():
                raise Rejected("Zendesk keeps no empty comments; nothing was written.")
            event = await self.write(item.record_id, item.body, item.visibility)
            return Outcome.applied(str(event["id"]))

        return await in_order(items, lambda item: item.record_id, one)

    async def write(
        self, ticket: str, body: str, visibility: Visibility, uploads: Sequence[str] = ()
    ) -> Row:
        """Add a comment; the event of the ticket's audit that it became."""
        comment: dict[str, Any] = {
            "html_body": body,
            "public": visibility is Visibility.PUBLIC,
        }
        if uploads:
            comment["uploads"] = list(uploads)
        answer = await self._client.write(
            "PUT", f"/tickets/{segment(ticket)}", {"ticket": {"comment": comment}}
        )
        for event in (answer.json().get("audit") or {}).get("events") or ():
            if event.get("type") == "Comment":
                found: Row = event
                return found
        raise Ambiguous(f"Ticket {ticket} took a comment and does not say which it became.")

    async def attachments(self, ids: Sequence[str]) -> dict[str, list[Attachment]]:
        """Each ticket's files, oldest first: a request for a hundred comments."""
        me = await self._metadata.my_id()

        async def one(id: str) -> list[Attachment]:
            rows, _ = await self._rows(id)
            return [
                _attachment(id, row, file, me)
                for row in rows
                for file in row.get("attachments") or ()
            ]

        return dict(zip(ids, await together(one(id) for id in ids), strict=True))

    async def download(self, attachment: Attachment, most: int) -> bytes:
        """The file's bytes; the address is asked for by id and must be at an allowed host."""
        if attachment.size > most:
            raise Rejected(f"The file {attachment.name!r} has {attachment.size} bytes: too large.")
        told = (await self._client.get(f"/attachments/{segment(attachment.id)}"))["attachment"]
        content = await self._content(attachment.name, str(told["content_url"]))
        if len(content) > most:
            raise Rejected(f"The file {attachment.name!r} is larger than it said: too large.")
        return content

    async def attach(self, items: Sequence[NewAttachment]) -> list[Outcome]:
        """Two requests each: the upload, and the comment that brings the file."""

        async def one(item: NewAttachment) -> Outcome:
            token = await self._upload(item)
            body = f"<p>File: {escape(item.name)}</p>"
            event = await self.write(item.record_id, body, item.visibility, [token])
            files = event.get("attachments") or ()
            return Outcome.applied(str(files[0]["id"]) if files else str(event["id"]))

        return await in_order(items, lambda item: item.record_id, one)

    async def links_shown(self, ticket: str) -> list[str]:
        """The addresses that internal notes of ours show as linked, by the last word on each."""
        me, shown = await self._metadata.my_id(), dict[str, bool]()
        rows, _ = await self._rows(ticket)
        for row in rows[1:]:
            note = _LINK_NOTE.match(html_of(row)) if row["author_id"] == me else None
            if note is not None:
                shown[unescape(note["url"])] = note["shows"] == "Linked with"
        return [url for url, now in shown.items() if now]

    async def _rows(self, ticket: str) -> tuple[list[Row], Mapping[str, Person]]:
        """A ticket's comments, oldest first, and who wrote them; none where it is gone."""
        rows: list[Row] = []
        people: dict[str, Person] = {}
        try:
            async for answer in self._client.answers(
                f"/tickets/{segment(ticket)}/comments", include="users"
            ):
                rows += answer["comments"]
                people |= {str(user["id"]): person(user) for user in answer.get("users") or ()}
        except NotFound:
            return [], {}
        return sorted(rows, key=lambda row: (moment(row["created_at"]), int(row["id"]))), people

    async def _upload(self, item: NewAttachment) -> str:
        """The token of an uploaded file; one that nobody uses is cleared away by Zendesk."""
        try:
            response = await self._client.transport.request(
                "POST",
                f"{API}/uploads",
                params={"filename": item.name},
                content=item.content,
                headers={"Content-Type": _header(item.content_type)},
                ok=(200, 201),
            )
        except Ambiguous as error:
            raise Retriable(f"The file {item.name!r} was not attached yet: {error}") from error
        token: str = response.json()["upload"]["token"]
        return token

    async def _content(self, name: str, url: str) -> bytes:
        """What stands at an address of a file, over one redirect at most."""
        transport = self._client.transport
        try:
            answer = await transport.request("GET", url, ok=(200, *_REDIRECTS), expect_json=False)
            if answer.status in _REDIRECTS:
                url = answer.headers.get("location", "")
                answer = await transport.request("GET", url, expect_json=False)
        except EgressRefused as error:
            raise Rejected(
                f"The file {name!r} is kept at a host that is not the connection's, and was not "
                f"read. If it is Zendesk's, name it under `file_hosts`. ({error})"
            ) from error
        return answer.content


def _header(type: str) -> str:
    """A file's type for a header; one that is none comes from another tool and could be several."""
    return type if _TYPE.fullmatch(type) else "application/octet-stream"


def link_note(card: LinkCard, *, shows: bool) -> str:
    """The internal note that says that a record is linked, or is so no longer."""
    said = "Linked with" if shows else "No longer linked with"
    title = " ".join(card.title.split())
    words = escape(f"{said} {card.connection} {card.key}: {title}", quote=False)
    url = escape(card.url)
    return f'<p>{words}<br><a href="{url}">{url}</a></p>'


def _comment(id: str, row: Row, people: Mapping[str, Person], me: int) -> Comment:
    handle = str(row["author_id"])
    return Comment(
        id=str(row["id"]),
        record_id=id,
        author=people.get(handle) or Person(handle),
        body=html_of(row),
        visibility=_visibility(row),
        created_at=moment(row["created_at"]),
        by_us=row["author_id"] == me,
    )


def _attachment(id: str, row: Row, file: Row, me: int) -> Attachment:
    return Attachment(
        id=str(file["id"]),
        record_id=id,
        name=file["file_name"],
        size=int(file.get("size") or 0),
        content_type=file.get("content_type") or "application/octet-stream",
        visibility=_visibility(row),
        created_at=moment(row["created_at"]),
        by_us=row["author_id"] == me,
    )


def _visibility(row: Row) -> Visibility:
    """What does not say that it is public is internal."""
    return Visibility.PUBLIC if row.get("public") is True else Visibility.INTERNAL
