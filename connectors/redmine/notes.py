"""Comments are notes of an issue's journal, and the note that shows linked records is one too.

Whether a note is private can only be said when it is written, and Redmine drops the flag silently
where the account may not set it: the right is therefore checked before anything is sent.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from typing import Any

from connectors.redmine.client import Client, Issue, moment, segment
from connectors.redmine.metadata import Metadata
from connectors.redmine.rights import Rights
from connectors.redmine.wire import lines
from syncline.schema.text.codecs import codec
from syncline.schema.text.tree import Document, Paragraph, Text
from syncline.sdk.connector import (
    Comment,
    CommentEdit,
    LinkCard,
    NewComment,
    Outcome,
    Person,
    Visibility,
)
from syncline.sdk.errors import Ambiguous, Conflict, ConnectorError, NotFound, Rejected

Journal = Mapping[str, Any]

LINK_NOTE = re.compile(r"Linked with \S+ [^\n]*\n[a-z]+://\S+\s*")
"""A note of ours that shows a linked record (`link_note`): it is no comment of anybody's."""


def link_note(card: LinkCard, markup: str) -> str:
    """The note that shows a linked record; what is said there acts on nothing here."""
    title = " ".join(card.title.split())
    words = Text(f"Linked with {card.connection} {card.key}: {title}")
    return f"{codec(markup).write(Document((Paragraph((words,)),))).text}\n{card.url}"


class Notes:
    """The notes of one connection's issues."""

    def __init__(
        self, client: Client, metadata: Metadata, rights: Rights, *, private: bool
    ) -> None:
        self._client = client
        self._metadata = metadata
        self._rights = rights
        self._private = private

    async def of_issues(self, ids: Sequence[str]) -> dict[str, Sequence[Comment]]:
        """The notes of each issue, oldest first; none for an issue that is gone or hidden."""
        me = await self._metadata.my_id()
        found = await asyncio.gather(*(self._comments(id, me) for id in ids))
        return dict(zip(ids, found, strict=True))

    async def _comments(self, id: str, me: int) -> Sequence[Comment]:
        try:
            issue = await self._client.issue(id, "journals")
        except NotFound:
            return ()
        return [
            _comment(id, journal, me) for journal in notes(issue) if not _shows_a_link(journal, me)
        ]

    async def add(self, item: NewComment) -> Outcome:
        """Write a note, then read which journal it became: Redmine answers with nothing."""
        if item.visibility is not Visibility.INTERNAL:
            raise Rejected("Redmine has no public comments; nothing was written.")
        if not lines(item.body).strip():
            raise Rejected("Redmine keeps no empty notes; nothing was written.")
        return Outcome.applied(await self.write(item.record_id, item.body))

    async def write(self, issue_id: str, body: str) -> str:
        """Write a note, private where the connection says so, and give its id."""
        if self._private:
            await self._rights.require("set_notes_private")
        await self._client.save(issue_id, {"notes": body, "private_notes": self._private})
        me = await self._metadata.my_id()
        try:
            journals = notes(await self._client.issue(issue_id, "journals"))
        except ConnectorError as error:
            raise Ambiguous(
                f"A note was written to {issue_id}, its id is unknown: {error}"
            ) from error
        for journal in reversed(journals):
            if _is_by(journal, me) and same(journal["notes"], body):
                return str(journal["id"])
        raise Ambiguous(f"A note was written to issue {issue_id} but is not shown there.")

    async def edit(self, item: CommentEdit) -> Outcome:
        """Change a note's text, unless somebody else has changed it since it was read."""
        if not lines(item.body).strip():
            raise Rejected("Redmine would delete a note without text; it is left as it is.")
        journals = notes(await self._client.issue(item.record_id, "journals"))
        shown = next((j["notes"] for j in journals if str(j["id"]) == item.id), None)
        if shown is None:
            raise NotFound(f"Issue {item.record_id} has no note {item.id} any more.")
        if not same(shown, item.expected):
            raise Conflict(f"Note {item.id} of issue {item.record_id} has another text by now.")
        await self.replace(item.id, item.body)
        return Outcome.applied(item.id)

    async def replace(self, note_id: str, body: str) -> None:
        """Set a note's text; without text Redmine deletes it."""
        await self._client.write(
            "PUT", f"/journals/{segment(note_id)}.json", {"journal": {"notes": body}}
        )

    async def showing_links(self, issue_id: str) -> list[Journal]:
        """The notes of ours that show linked records on an issue."""
        me = await self._metadata.my_id()
        issue = await self._client.issue(issue_id, "journals")
        return [journal for journal in notes(issue) if _shows_a_link(journal, me)]


def notes(issue: Issue) -> list[Journal]:
    """Journals that say something, oldest first (accounts may prefer the newest first)."""
    told = [j for j in issue.get("journals", ()) if lines(j.get("notes")).strip()]
    return sorted(told, key=lambda journal: int(journal["id"]))


def same(one: str, other: str) -> bool:
    """Whether two notes have the same text; Redmine changes line ends and keeps the rest."""
    return lines(one).strip() == lines(other).strip()


def person(user: Mapping[str, Any] | None) -> Person:
    """Who Redmine names in a record; a deleted user is nobody's handle."""
    return Person(str(user["id"]), name=user["name"]) if user else Person("", name="Anonymous")


def _is_by(journal: Journal, user: int) -> bool:
    return bool(journal.get("user", {}).get("id") == user)


def _shows_a_link(journal: Journal, me: int) -> bool:
    return _is_by(journal, me) and LINK_NOTE.fullmatch(lines(journal["notes"])) is not None


def _comment(issue_id: str, journal: Journal, me: int) -> Comment:
    author = person(journal.get("user"))
    created = moment(journal["created_on"])
    updated = moment(journal["updated_on"]) if journal.get("updated_on") else created
    return Comment(
        id=str(journal["id"]),
        record_id=issue_id,
        author=author,
        body=lines(journal["notes"]),
        visibility=Visibility.INTERNAL,
        created_at=created,
        edited_at=updated if updated != created else None,
        by_us=author.handle == str(me),
    )
