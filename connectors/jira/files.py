"""Files of issues: everybody who sees an issue in Jira sees its files."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from connectors.jira.client import Client, segment
from connectors.jira.dialect import handle
from connectors.jira.fields import moment
from connectors.jira.metadata import Metadata
from syncline.sdk.connector import Attachment, NewAttachment, Outcome, Visibility
from syncline.sdk.errors import Rejected

_TYPE = re.compile(r"[\w.+-]{1,99}/[\w.+-]{1,99}(; ?[\w-]+=[\w.+-]+)*", re.ASCII)


class Files:
    """The files of one connection's issues."""

    def __init__(self, client: Client, metadata: Metadata) -> None:
        self._client = client
        self._metadata = metadata

    async def of_issues(self, ids: Sequence[str]) -> dict[str, list[Attachment]]:
        """The files of each issue, oldest first; a hundred issues in one request."""
        me = await self._metadata.my_id()
        issues = await self._client.by_id(list(dict.fromkeys(ids)), ["attachment"])
        return {
            id: sorted(
                (_attachment(id, row, me) for row in issues[id]["fields"].get("attachment") or ()),
                key=lambda file: (file.created_at, int(file.id)),
            )
            if id in issues
            else []
            for id in ids
        }

    async def content(self, attachment: Attachment, limit: int) -> bytes:
        """The bytes, asked for by id: no address from a record is ever followed."""
        if attachment.size > limit:
            raise Rejected(f"The file {attachment.name!r} has {attachment.size} bytes: too large.")
        path, params = self._address(attachment)
        response = await self._client.send("GET", path, params=params, expect_json=False)
        if len(response.content) > limit:
            raise Rejected(f"The file {attachment.name!r} is larger than it said: too large.")
        return response.content

    def _address(self, attachment: Attachment) -> tuple[str, dict[str, object]]:
        dialect, id = self._client.dialect, segment(attachment.id)
        if dialect.deployment == "cloud":
            return f"{dialect.api}/attachment/content/{id}", {"redirect": False}
        return f"/secure/attachment/{id}/{quote(attachment.name, safe='')}", {}

    async def add(self, item: NewAttachment) -> Outcome:
        """Attach a file."""
        if item.visibility is Visibility.PUBLIC:
            raise Rejected(
                f"The file {item.name!r} was not attached: whether a customer can read a file of "
                "an issue is not Syncline's to say in Jira. Attach it as internal."
            )
        response = await self._client.send(
            "POST",
            f"{self._client.dialect.api}/issue/{segment(item.record_id)}/attachments",
            files={"file": (item.name, item.content, _header(item.content_type))},
            headers={"X-Atlassian-Token": "no-check"},
        )
        return Outcome.applied(str(response.json()[0]["id"]))


def _header(type: str) -> str:
    """A file's type for a header; one that is none comes from another tool and could be several."""
    return type if _TYPE.fullmatch(type) else "application/octet-stream"


def _attachment(issue_id: str, row: Mapping[str, Any], me: str) -> Attachment:
    return Attachment(
        id=str(row["id"]),
        record_id=issue_id,
        name=row["filename"],
        size=row["size"],
        content_type=row.get("mimeType") or "application/octet-stream",
        visibility=Visibility.INTERNAL,
        created_at=moment(row["created"]),
        by_us=handle(row.get("author")) == me,
    )
