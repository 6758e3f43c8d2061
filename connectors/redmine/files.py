"""Files of issues: everybody who sees an issue sees its files, there are no private ones."""

from __future__ import annotations

from typing import Any

from connectors.redmine.client import Client, moment, segment
from connectors.redmine.metadata import Metadata
from syncline.sdk.connector import Attachment, NewAttachment, Outcome, Visibility
from syncline.sdk.errors import Ambiguous, Rejected, Retriable


class Files:
    """The files of one connection's issues."""

    def __init__(self, client: Client, metadata: Metadata, *, cautious: bool) -> None:
        self._client = client
        self._metadata = metadata
        self._cautious = cautious

    async def of_issues(self, ids: list[str]) -> dict[str, list[Attachment]]:
        """The files of each issue, oldest first."""
        me = await self._metadata.my_id()
        issues = await self._client.by_id(ids, include="attachments")
        return {
            id: [_attachment(id, file, me) for file in issues[id]["attachments"]]
            if id in issues
            else []
            for id in ids
        }

    async def content(self, attachment: Attachment, limit: int) -> bytes:
        """The bytes, asked for by id: no address from a record is ever followed."""
        if attachment.size > limit:
            raise Rejected(f"The file {attachment.name!r} has {attachment.size} bytes: too large.")
        path = f"/attachments/download/{segment(attachment.id)}"
        response = await self._client.transport.request("GET", path, expect_json=False)
        if len(response.content) > limit:
            raise Rejected(f"The file {attachment.name!r} is larger than it said: too large.")
        return response.content

    async def add(self, item: NewAttachment) -> Outcome:
        """Upload, then attach. An upload that is not attached is cleared away by Redmine."""
        await self._refuse_outsiders()
        try:
            response = await self._client.transport.request(
                "POST",
                "/uploads.json",
                params={"filename": item.name},
                content=item.content,
                headers={"Content-Type": "application/octet-stream"},
                ok=(201,),
            )
        except Ambiguous as error:
            raise Retriable(f"The file {item.name!r} was not attached yet: {error}") from error
        token: str = response.json()["upload"]["token"]
        upload = {"token": token, "filename": item.name, "content_type": item.content_type}
        await self._client.save(item.record_id, {"uploads": [upload]})
        # A token is the file's id and its digest.
        return Outcome.applied(token.partition(".")[0])

    async def _refuse_outsiders(self) -> None:
        projects = await self._metadata.projects()
        public = [name for name, project in projects.items() if project.get("is_public")]
        if self._cautious and public:
            raise Rejected(
                f"Files are not copied into {', '.join(public)}: the project is public, and Redmine"
                " has no private files. Say `internal_notes: plain` if all readers may see them."
            )


def _attachment(issue_id: str, file: dict[str, Any], me: int) -> Attachment:
    return Attachment(
        id=str(file["id"]),
        record_id=issue_id,
        name=file["filename"],
        size=file["filesize"],
        content_type=file.get("content_type") or "application/octet-stream",
        visibility=Visibility.INTERNAL,
        created_at=moment(file["created_on"]),
        by_us=file.get("author", {}).get("id") == me,
    )
