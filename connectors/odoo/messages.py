"""Comments are the messages that people wrote on a record: notes, and what customers read too.

A message is made as a record of its own and not posted, so that Odoo mails nobody what Syncline
copies. Its message id is made of our key, by which one is known whose answer was lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from connectors.odoo.client import Client, Row, Specification, moment
from connectors.odoo.metadata import Metadata
from connectors.odoo.records import RecordType
from syncline.sdk.connector import (
    Comment,
    CommentEdit,
    NewComment,
    Outcome,
    Person,
    Visibility,
)
from syncline.sdk.errors import Conflict, NotFound, Rejected

MODEL = "mail.message"

SPOKEN = ("comment", "email")
_KEY_BEGINS, _KEY_ENDS = "<syncline-", "@syncline.invalid>"
_ASKED: Specification = {
    "res_id": {},
    "body": {},
    "date": {},
    "write_date": {},
    "create_uid": {},
    "email_from": {},
    "is_internal": {},
    "message_id": {},
    "subtype_id": {"fields": {"internal": {}}},
    "author_id": {"fields": {"display_name": {}}},
}


class Messages:
    """The messages of one connection's records."""

    def __init__(self, client: Client, metadata: Metadata) -> None:
        self._client = client
        self._metadata = metadata

    async def of_records(
        self, kind: RecordType, ids: Sequence[str]
    ) -> dict[str, Sequence[Comment]]:
        """What people wrote on each record, oldest first, without what Odoo writes itself."""
        me = await self._metadata.me()
        domain = [
            ["model", "=", kind.model],
            ["res_id", "in", [int(id) for id in ids]],
            ["message_type", "in", list(SPOKEN)],
        ]
        rows = await self._client.all(MODEL, domain, _ASKED) if ids else []
        told = [_comment(row, me) for row in rows if row["body"]]
        return {id: [c for c in told if c.record_id == id] for id in ids}

    async def add(self, kind: RecordType, item: NewComment) -> Outcome:
        """One request. Odoo takes a message for a record that is gone, so that is asked first."""
        if not item.body.strip():
            raise Rejected("Odoo shows no message without a text; nothing was written.")
        if not await self._client.exists(kind.model, item.record_id):
            raise NotFound(f"The {kind.record} {item.record_id} is gone; nothing was written.")
        internal = item.visibility is Visibility.INTERNAL
        values = await self.values(kind, item.record_id, item.key, item.body, internal=internal)
        (id,) = await self._client.write(MODEL, "create", vals_list=[values])
        return Outcome.applied(str(id))

    async def values(
        self, kind: RecordType, record_id: str, key: str, body: str, *, internal: bool
    ) -> dict[str, Any]:
        """A new message of a record, which mails nobody and keeps our key."""
        return {
            "model": kind.model,
            "res_id": int(record_id),
            "body": body,
            "message_type": "comment",
            "subtype_id": await self._metadata.subtype(internal=internal),
            "is_internal": internal,
            "message_id": message_id(key),
        }

    async def edit(self, item: CommentEdit) -> Outcome:
        """Change a message's text, unless somebody else has changed it since it was read."""
        if not item.body.strip():
            raise Rejected("Odoo shows no message without a text; it is left as it is.")
        rows = await self._client.search(MODEL, [["id", "=", int(item.id)]], {"body": {}})
        if not rows:
            raise NotFound(f"The record {item.record_id} has no message {item.id} any more.")
        if rows[0]["body"] != item.expected:
            raise Conflict(f"Message {item.id} of {item.record_id} has another text by now.")
        await self._client.write(MODEL, "write", ids=[int(item.id)], vals={"body": item.body})
        return Outcome.applied(item.id)


def message_id(key: str) -> str:
    """The message id that keeps a key."""
    return f"{_KEY_BEGINS}{key}{_KEY_ENDS}"


def is_internal(row: Row) -> bool:
    """Whether no portal user reads a message (mail/models/mail_message.py, `_check_access`)."""
    return bool(row["is_internal"] or not row["subtype_id"] or row["subtype_id"]["internal"])


def _comment(row: Row, me: int) -> Comment:
    created, written = moment(row["date"]), moment(row["write_date"])
    key: Any = row["message_id"] or ""
    ours = key.startswith(_KEY_BEGINS) and key.endswith(_KEY_ENDS)
    return Comment(
        id=str(row["id"]),
        record_id=str(row["res_id"]),
        author=_author(row),
        body=row["body"],
        visibility=Visibility.INTERNAL if is_internal(row) else Visibility.PUBLIC,
        created_at=created,
        edited_at=written if written > created else None,
        by_us=row["create_uid"] == me,
        key=key[len(_KEY_BEGINS) : -len(_KEY_ENDS)] if ours else None,
    )


def _author(row: Row) -> Person:
    """A partner, or whoever an e-mail says it is from."""
    author = row["author_id"]
    if author:
        return Person(str(author["id"]), name=author["display_name"])
    return Person("", name=row["email_from"] or "")
