"""Comments, each with Syncline's key in a property of its own.

In Jira Service Management a comment is public unless the property `sd.public.comment` says
internal (developer.atlassian.com, comment properties of Jira Service Management). Every internal
comment says so, whatever the project is thought to be; elsewhere the property means nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from connectors.jira.client import KEY_PROPERTY, Client, segment
from connectors.jira.dialect import text
from connectors.jira.fields import moment
from connectors.jira.metadata import Metadata
from connectors.jira.people import person
from syncline.sdk.connector import Comment, CommentEdit, NewComment, Outcome, Visibility
from syncline.sdk.errors import Conflict, NotFound, Rejected

_PAGE = 100
_INTERNAL = {"key": "sd.public.comment", "value": {"internal": True}}


class Comments:
    """The comments of one connection's issues; only a service desk's can be public."""

    def __init__(self, client: Client, metadata: Metadata, *, service_desk: bool) -> None:
        self._client = client
        self._metadata = metadata
        self._service_desk = service_desk

    async def of_issues(self, ids: Sequence[str]) -> dict[str, Sequence[Comment]]:
        """The comments of each issue, oldest first; none for an issue that is gone or hidden."""
        me = await self._metadata.my_id()
        found = await asyncio.gather(*(self._of_issue(id, me) for id in ids))
        return dict(zip(ids, found, strict=True))

    async def _of_issue(self, id: str, me: str) -> Sequence[Comment]:
        rows: list[Mapping[str, Any]] = []
        while True:
            try:
                page = await self._client.get(
                    f"/issue/{segment(id)}/comment",
                    startAt=len(rows),
                    maxResults=_PAGE,
                    orderBy="created",
                    expand="properties",
                )
            except NotFound:
                return ()
            rows += page["comments"]
            if not page["comments"] or len(rows) >= page["total"]:
                return [self._comment(id, row, me) for row in rows]

    async def add(self, item: NewComment) -> Outcome:
        """Write a comment; its key stays with it."""
        if item.visibility is Visibility.PUBLIC and not self._service_desk:
            raise Rejected(
                "Outside a service desk Jira has no public comments; nothing was written."
            )
        properties: list[object] = [{"key": KEY_PROPERTY, "value": {"key": item.key}}]
        if item.visibility is Visibility.INTERNAL:
            properties.append(_INTERNAL)
        body = {"body": self._document(item.body), "properties": properties}
        path = f"/issue/{segment(item.record_id)}/comment"
        response = await self._client.write("POST", path, body)
        return Outcome.applied(str(response.json()["id"]))

    async def edit(self, item: CommentEdit) -> Outcome:
        """Change a comment's body, unless somebody else has changed it since it was read."""
        body = self._document(item.body)
        path = f"/issue/{segment(item.record_id)}/comment/{segment(item.id)}"
        shown = await self._client.get(path)
        expected = text(self._client.dialect.document(item.expected))
        if text(shown["body"]) != expected:
            raise Conflict(f"Comment {item.id} of issue {item.record_id} has another text by now.")
        # Without it Jira lifts the restriction to a role or group.
        kept = {"visibility": shown["visibility"]} if shown.get("visibility") else {}
        await self._client.write("PUT", path, {"body": body, **kept})
        return Outcome.applied(item.id)

    def _document(self, body: str) -> Any:
        found = self._client.dialect.document(body)
        if found is None:
            raise Rejected("Jira keeps no empty comments; nothing was written.")
        return found

    def _comment(self, issue_id: str, row: Mapping[str, Any], me: str) -> Comment:
        author = person(row.get("author"))
        created, updated = moment(row["created"]), moment(row["updated"])
        public = self._service_desk and _is_public(row) and not row.get("visibility")
        return Comment(
            id=str(row["id"]),
            record_id=issue_id,
            author=author,
            body=text(row["body"]) or "",
            visibility=Visibility.PUBLIC if public else Visibility.INTERNAL,
            created_at=created,
            edited_at=updated if updated != created else None,
            by_us=author.handle == me,
            key=_key_of(row),
        )


def _key_of(row: Mapping[str, Any]) -> str | None:
    for one in row.get("properties") or ():
        if one["key"] == KEY_PROPERTY and isinstance(one["value"], dict):
            return str(one["value"].get("key"))
    return None


def _is_public(row: Mapping[str, Any]) -> bool:
    """Cloud says so; Data Center shows the property by which a service desk goes."""
    if "jsdPublic" in row:
        return bool(row["jsdPublic"])
    kept = [p["value"] for p in row.get("properties") or () if p["key"] == _INTERNAL["key"]]
    return not any(isinstance(value, Mapping) and value.get("internal") for value in kept)
