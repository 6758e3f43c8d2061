"""Files of a record: documents that are linked to it, of each its latest version.

A file is made in one call of three steps that are applied together or not at all: the version, the
document that Salesforce makes of it, and its link to the record, which says who sees it. Left to
itself Salesforce would link it for all users. A file that got a new version is a new file here.
"""

from __future__ import annotations

from base64 import b64encode
from collections import defaultdict
from collections.abc import Mapping, Sequence
from mimetypes import guess_type
from pathlib import PurePath
from typing import Any

from connectors.salesforce import soql
from connectors.salesforce.client import (
    API,
    IN_LIST,
    Client,
    Row,
    chunks,
    code_of,
    is_gone,
    is_later,
    moment,
    problems,
)
from connectors.salesforce.objects import Kind, is_id
from connectors.salesforce.reading import Reader
from syncline.sdk.batches import in_order
from syncline.sdk.connector import Attachment, NewAttachment, Outcome, Result, Visibility
from syncline.sdk.errors import Ambiguous, NotFound, Rejected

_PUBLIC, _INTERNAL = "AllUsers", "InternalUsers"
_LINK = ("Id", "ContentDocumentId", "LinkedEntityId", "Visibility")
_VERSION = (
    "Id", "ContentDocumentId", "Title", "FileExtension", "ContentSize", "CreatedDate", "CreatedById"
)  # fmt: skip
_ROLLED_BACK = "PROCESSING_HALTED"
_PREFIX = "068"


class Files:
    """Files for one connection; none larger than `largest` bytes is read."""

    def __init__(self, client: Client, reader: Reader, largest: int) -> None:
        self._client = client
        self._reader = reader
        self._largest = largest

    async def of(self, kind: Kind, ids: Sequence[str]) -> dict[str, list[Attachment]]:
        """Each record's files, oldest first: a request for two hundred records, and one for two
        hundred documents."""
        me = await self._reader.me()
        links: list[Row] = []
        for some in chunks([id for id in dict.fromkeys(ids) if is_id(id, kind.prefix)], IN_LIST):
            of_records = [soql.among("LinkedEntityId", some)]
            links += await self._client.rows(soql.select(_LINK, "ContentDocumentLink", of_records))
        versions: dict[str, Row] = {}
        for some in chunks(sorted({str(row["ContentDocumentId"]) for row in links}), IN_LIST):
            latest = [soql.among("ContentDocumentId", some), "IsLatest = true"]
            rows = await self._client.rows(soql.select(_VERSION, "ContentVersion", latest))
            versions |= {str(row["ContentDocumentId"]): row for row in rows}
        found: defaultdict[str, list[Attachment]] = defaultdict(list)
        for link in links:
            if (row := versions.get(str(link["ContentDocumentId"]))) is not None:
                found[str(link["LinkedEntityId"])].append(_attachment(link, row, me))
        return {id: sorted(found[id], key=lambda one: (one.created_at, one.id)) for id in ids}

    async def download(self, attachment: Attachment) -> bytes:
        """The bytes of a version."""
        if not is_id(attachment.id, _PREFIX):
            raise NotFound(f"{attachment.id!r} is no file's id in Salesforce")
        if attachment.size > self._largest:
            raise Rejected(
                f"{attachment.name} has {attachment.size} bytes, more than the {self._largest} "
                "that are carried over. It was not read."
            )
        path = f"/sobjects/ContentVersion/{attachment.id}/VersionData"
        content = (await self._client.call("GET", path, expect_json=False)).content
        if len(content) > self._largest:
            raise Rejected(f"{attachment.name} is larger than it said: too large. It was not kept.")
        return content

    async def add(self, items: Sequence[NewAttachment]) -> list[Outcome]:
        """One request each, in order within a record."""
        return await in_order(items, lambda item: item.record_id, self._add)

    async def _add(self, item: NewAttachment) -> Outcome:
        steps = _steps(item)
        body = {"allOrNone": True, "compositeRequest": steps}
        response = await self._client.call("POST", "/composite", json=body)
        told: list[Row] = (response.json() or {}).get("compositeResponse") or []
        if len(told) != len(steps):
            raise Ambiguous(
                f"Salesforce does not say what became of the file {item.name}. Syncline looks for "
                "it and does not send it again."
            )
        if all(int(step["httpStatusCode"]) < 300 for step in told):
            return Outcome.applied(str(told[0]["body"]["id"]))
        errors = [
            error
            for step in told
            if int(step["httpStatusCode"]) >= 300
            for error in step["body"]
            if code_of(error) != _ROLLED_BACK
        ]
        result = Result.REJECTED
        if is_gone(errors):
            result = Result.GONE
        elif is_later(errors):
            result = Result.RETRY
        why = f"Salesforce did not take the file {item.name}: {problems(errors)}."
        return Outcome(result, reason=f"{why} Nothing was applied.")


def _steps(item: NewAttachment) -> list[Mapping[str, Any]]:
    name = PurePath(item.name)
    public = item.visibility is Visibility.PUBLIC
    version = {
        "Title": name.stem or item.name,
        "PathOnClient": item.name,
        "VersionData": b64encode(item.content).decode(),
    }
    link = {
        "ContentDocumentId": "@{document.ContentDocumentId}",
        "LinkedEntityId": item.record_id,
        "ShareType": "V",
        "Visibility": _PUBLIC if public else _INTERNAL,
    }
    at = f"{API}/sobjects"
    read = f"{at}/ContentVersion/@{{version.id}}?fields=ContentDocumentId"
    return [
        {
            "method": "POST",
            "url": f"{at}/ContentVersion",
            "referenceId": "version",
            "body": version,
        },
        {"method": "GET", "url": read, "referenceId": "document"},
        {"method": "POST", "url": f"{at}/ContentDocumentLink", "referenceId": "link", "body": link},
    ]


def _attachment(link: Row, row: Row, me: str) -> Attachment:
    name, extension = str(row["Title"]), row.get("FileExtension")
    # People's titles are without it; a program's may be the whole name.
    if extension and not name.casefold().endswith(f".{extension}".casefold()):
        name = f"{name}.{extension}"
    return Attachment(
        id=str(row["Id"]),
        record_id=str(link["LinkedEntityId"]),
        name=name,
        size=int(row["ContentSize"]),
        content_type=guess_type(name)[0] or "application/octet-stream",
        # What does not say that all see it is internal.
        visibility=(
            Visibility.PUBLIC if link.get("Visibility") == _PUBLIC else Visibility.INTERNAL
        ),
        created_at=moment(row["CreatedDate"]),
        by_us=str(row["CreatedById"]) == me,
    )
