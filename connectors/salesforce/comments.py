"""Comments: of a case its case comments, of other records the posts of their feed.

Both are plain text. A case comment is internal unless it is published; a post is for the company's
own users unless it is for all. Both are found again by their words and author: neither can have a
field of Syncline's own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from connectors.salesforce import soql
from connectors.salesforce.client import COLLECTION, IN_LIST, Client, Row, chunks, moment
from connectors.salesforce.objects import Kind, is_id
from connectors.salesforce.people import People
from connectors.salesforce.reading import Reader
from connectors.salesforce.wire import unbroken
from connectors.salesforce.writing import outcome
from syncline.sdk.connector import (
    Comment,
    CommentEdit,
    NewComment,
    Outcome,
    Person,
    Result,
    Visibility,
)
from syncline.sdk.errors import ConnectorError


@dataclass(frozen=True, slots=True)
class _Form:
    """How an object keeps comments: its fields, and what makes one public."""

    source: str
    body: str
    marker: str
    public: Any
    internal: Any
    edited: str
    more: Mapping[str, Any]

    @property
    def fields(self) -> tuple[str, ...]:
        """What is read of one."""
        return (
            "Id", "ParentId", self.body, self.marker, "CreatedDate", "CreatedById", self.edited
        )  # fmt: skip


_FORMS = {
    "CaseComment": _Form(
        "CaseComment", "CommentBody", "IsPublished", True, False, "LastModifiedDate", {}
    ),
    "FeedItem": _Form(
        "FeedItem", "Body", "Visibility", "AllUsers", "InternalUsers", "LastEditDate",
        {"Type": "TextPost"},
    ),
}  # fmt: skip


class Comments:
    """Comments for one connection."""

    def __init__(self, client: Client, reader: Reader, people: People) -> None:
        self._client = client
        self._reader = reader
        self._people = people

    async def of(self, kind: Kind, ids: Sequence[str]) -> dict[str, list[Comment]]:
        """Each record's comments, oldest first: a request for two hundred records, and one for
        two hundred authors who are not known yet."""
        form, me = _FORMS[kind.comments], await self._reader.me()
        found: defaultdict[str, list[Comment]] = defaultdict(list)
        for some in chunks([id for id in dict.fromkeys(ids) if is_id(id, kind.prefix)], IN_LIST):
            for row in await self._rows(form, soql.among("ParentId", some)):
                comment = _comment(form, row, me)
                found[comment.record_id].append(comment)
        authors = {one.author.handle for some in found.values() for one in some}
        known = await self._people.by_id(sorted(authors))
        return {
            id: [replace(one, author=known.get(one.author.handle, one.author)) for one in found[id]]
            for id in ids
        }

    async def add(self, kind: Kind, items: Sequence[NewComment]) -> list[Outcome]:
        """Two hundred in one request, in order."""
        form = _FORMS[kind.comments]
        bodies = [
            {
                "attributes": {"type": form.source},
                "ParentId": item.record_id,
                form.body: item.body,
                form.marker: form.public if item.visibility is Visibility.PUBLIC else form.internal,
                **form.more,
            }
            for item in items
        ]
        return await self._written("POST", kind, bodies)

    async def edit(self, kind: Kind, items: Sequence[CommentEdit]) -> list[Outcome]:
        """Two requests for two hundred: as they are now, and the new words where those are as
        the plan saw them."""
        form = _FORMS[kind.comments]
        shown: dict[str, Row] = {}
        for some in chunks([item.id for item in items if is_id(item.id)], IN_LIST):
            rows = await self._rows(form, soql.among("Id", some))
            shown |= {str(row["Id"]): row for row in rows}
        told: dict[int, Outcome] = {}
        ready: list[tuple[int, dict[str, Any]]] = []
        for at, item in enumerate(items):
            row = shown.get(item.id)
            if row is None:
                told[at] = Outcome(Result.GONE, id=item.id, reason="no such comment any more")
            elif _plain(row[form.body]) != item.expected:
                told[at] = Outcome(Result.CONFLICT, id=item.id, reason="somebody has edited it")
            else:
                body = {"attributes": {"type": form.source}, "id": item.id, form.body: item.body}
                ready.append((at, body))
        written = await self._written("PATCH", kind, [body for _, body in ready])
        told |= zip((at for at, _ in ready), written, strict=True)
        return [told[at] for at in range(len(items))]

    async def _rows(self, form: _Form, condition: str) -> list[Row]:
        where = (condition, *(f"{n} = {soql.text(v)}" for n, v in form.more.items()))
        query = soql.select(form.fields, form.source, where, ("CreatedDate", "Id"))
        return await self._client.rows(query)

    async def _written(
        self, method: str, kind: Kind, bodies: Sequence[Mapping[str, Any]]
    ) -> list[Outcome]:
        told: list[Outcome] = []
        of = replace(kind, name=f"comment on the {kind.name}")
        for some in chunks(bodies, COLLECTION):
            try:
                rows = await self._client.write_many(method, "/composite/sobjects", some)
            except ConnectorError as error:
                told += [Outcome.of_error(error)] * len(some)
                continue
            ids = [str(body["id"]) if "id" in body else None for body in some]
            told += [outcome(of, id, row) for id, row in zip(ids, rows, strict=True)]
        return told


def _comment(form: _Form, row: Row, me: str) -> Comment:
    author, created = str(row["CreatedById"]), moment(row["CreatedDate"])
    edited = row.get(form.edited)
    return Comment(
        id=str(row["Id"]),
        record_id=str(row["ParentId"]),
        author=Person(author),
        body=_plain(row[form.body]),
        # What does not say that it is public is internal.
        visibility=Visibility.PUBLIC if row[form.marker] == form.public else Visibility.INTERNAL,
        created_at=created,
        edited_at=moment(edited) if edited and moment(edited) > created else None,
        by_us=author == me,
    )


def _plain(text: Any) -> str:
    return str(unbroken(text or ""))
