"""Files of records: each hangs on a message, which says who may see it.

A portal page shows each file of a task that no message has, and a file on a message to whoever
reads the message. So what we add comes with a message of its own, made with it in one transaction,
internal or not; and what hangs on a record alone is told as internal, since who sees it depends on
the record's type and on its project. (project/models/project_task.py, `_compute_attachment_ids`;
portal/models/mail_message.py of 19.0)
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from connectors.odoo.client import Client, Row, Specification, moment
from connectors.odoo.messages import MODEL as MESSAGES
from connectors.odoo.messages import SPOKEN, Messages, is_internal, message_id
from connectors.odoo.metadata import Metadata
from connectors.odoo.records import RecordType
from syncline.sdk.connector import Attachment, NewAttachment, Outcome, Visibility
from syncline.sdk.errors import Ambiguous, ConnectorError, NotFound, Rejected

MODEL = "ir.attachment"

# What a field of the record holds, an image of a person say, and what is only a link, is no file.
_IS_FILE = (["res_field", "=", False], ["type", "=", "binary"])
_ASKED: Specification = {
    "name": {},
    "file_size": {},
    "mimetype": {},
    "create_date": {},
    "create_uid": {},
    "res_id": {},
}
_CARRIER: Specification = {
    "res_id": {},
    "attachment_ids": {},
    "is_internal": {},
    "message_type": {},
    "subtype_id": {"fields": {"internal": {}}},
}
# A large picture keeps its bytes, and what a browser would run is kept as plain text, whatever the
# account may do (base/models/ir_attachment.py, `_check_contents`).
_AS_IT_IS = {"image_no_postprocess": True, "attachments_mime_plainxml": True}
_TYPE = re.compile(r"[\w.+-]{1,99}/[\w.+-]{1,99}(; ?[\w-]+=[\w.+-]+)*", re.ASCII)


class Files:
    """The files of one connection's records."""

    def __init__(self, client: Client, metadata: Metadata, messages: Messages) -> None:
        self._client = client
        self._metadata = metadata
        self._messages = messages

    async def of_records(
        self, kind: RecordType, ids: Sequence[str]
    ) -> dict[str, Sequence[Attachment]]:
        """The files of each record, oldest first: two requests for all of them.

        Messages are asked for last, so that a file that was seen is never without its message.
        """
        numbers = [int(id) for id in ids if id.isdecimal()]
        if not numbers:
            return {id: () for id in ids}
        me = await self._metadata.me()
        on_records = [["res_model", "=", kind.model], ["res_id", "in", numbers], *_IS_FILE]
        rows = await self._client.all(MODEL, on_records, _ASKED)
        carriers = await self._carriers(kind, numbers)
        files = {row["id"]: row for row in rows}
        places = {(str(row["res_id"]), row["id"]) for row in rows}
        if strange := sorted({f for c in carriers for f in c["attachment_ids"]} - files.keys()):
            others = await self._client.all(MODEL, [["id", "in", strange], *_IS_FILE], _ASKED)
            files |= {row["id"]: row for row in others}
        places |= {(str(c["res_id"]), file) for c in carriers for file in c["attachment_ids"]}
        public = _public(carriers)
        told: defaultdict[str, list[Attachment]] = defaultdict(list)
        for record, file in sorted(places, key=lambda place: place[1]):
            if file in files:
                told[record].append(_attachment(record, files[file], file in public, me))
        return {id: sorted(told[id], key=lambda one: one.created_at) for id in ids}

    async def _carriers(self, kind: RecordType, numbers: Sequence[int]) -> list[Row]:
        domain = [
            ["model", "=", kind.model],
            ["res_id", "in", list(numbers)],
            ["attachment_ids", "!=", False],
        ]
        return await self._client.all(MESSAGES, domain, _CARRIER)

    async def content(self, attachment: Attachment, limit: int) -> bytes:
        """The bytes, asked for by id: no address from a record is ever followed."""
        if attachment.size > limit:
            raise Rejected(f"The file {attachment.name!r} has {attachment.size} bytes: too large.")
        rows = await self._client.read(MODEL, "read", ids=[int(attachment.id)], fields=["datas"])
        if not rows:
            raise NotFound(f"The file {attachment.name!r} of {attachment.record_id} is gone.")
        content = b64decode(rows[0]["datas"] or "")
        if len(content) > limit:
            raise Rejected(f"The file {attachment.name!r} is larger than it said: too large.")
        return content

    async def add(self, kind: RecordType, item: NewAttachment) -> Outcome:
        """Three requests: what an earlier attempt made, the file, and which it is."""
        if (made := await self._made(kind, item)) is not None:
            return Outcome.applied(made)
        file = {
            "name": " ".join(item.name.replace("\0", "").splitlines()),
            "datas": b64encode(item.content).decode("ascii"),
            "mimetype": _type(item.content_type),
            "res_model": kind.model,
            "res_id": int(item.record_id),
        }
        internal = item.visibility is Visibility.INTERNAL
        message = await self._messages.values(kind, item.record_id, item.key, "", internal=internal)
        values = [{**message, "attachment_ids": [[0, 0, file]]}]
        try:
            await self._client.write(MESSAGES, "create", context=_AS_IT_IS, vals_list=values)
        except Rejected:
            # Odoo says the same of a record that is hidden and of one that may not be written.
            await self._client.exists(kind.model, item.record_id)
            raise
        try:
            made = await self._made(kind, item)
        except ConnectorError as error:
            raise Ambiguous(f"The file {item.name!r} was sent; which it is, is open.") from error
        if made is None:
            raise Ambiguous(f"The file {item.name!r} was taken, and is not shown.")
        return Outcome.applied(made)

    async def _made(self, kind: RecordType, item: NewAttachment) -> str | None:
        """The file that we made with this key; who else writes the key makes nothing of ours."""
        domain = [
            ["message_id", "=", message_id(item.key)],
            ["model", "=", kind.model],
            ["res_id", "=", int(item.record_id)],
            ["create_uid", "=", await self._metadata.me()],
            ["attachment_ids", "!=", False],
        ]
        rows = await self._client.search(MESSAGES, domain, {"attachment_ids": {}}, limit=1)
        return str(rows[0]["attachment_ids"][0]) if rows else None


def _public(carriers: Iterable[Row]) -> set[int]:
    """The files that hang on messages for all readers, and on no other."""
    seen: defaultdict[int, list[bool]] = defaultdict(list)
    for row in carriers:
        shown = row["message_type"] in SPOKEN and not is_internal(row)
        for file in row["attachment_ids"]:
            seen[file].append(shown)
    return {file for file, shown in seen.items() if all(shown)}


def _type(given: str) -> str:
    """A file's type, which Odoo makes a header of; one that is none comes from another tool."""
    return given if _TYPE.fullmatch(given) else "application/octet-stream"


def _attachment(record: str, row: Row, public: bool, me: int) -> Attachment:
    type: Any = row["mimetype"]
    return Attachment(
        id=str(row["id"]),
        record_id=record,
        name=row["name"] or "",
        size=row["file_size"],
        content_type=type or "application/octet-stream",
        visibility=Visibility.PUBLIC if public else Visibility.INTERNAL,
        created_at=moment(row["create_date"]),
        by_us=row["create_uid"] == me,
    )
