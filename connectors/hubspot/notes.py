"""Comments: notes that hang on a record. HubSpot shows them to colleagues alone.

A note is made with its association in one request. It has no key: one whose answer was lost is
found by its words and its author.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connectors.hubspot.client import Client, Row, moment, numbers
from connectors.hubspot.kinds import NOTES, Kind
from connectors.hubspot.metadata import Metadata
from connectors.hubspot.people import People
from syncline.sdk.batches import in_order, outcomes
from syncline.sdk.clock import Clock
from syncline.sdk.connector import Comment, CommentEdit, NewComment, Outcome, Person, Visibility
from syncline.sdk.errors import Rejected

LONGEST = 65_536
_BODY, _AT, _OWNER, _APP = (
    "hs_note_body",
    "hs_timestamp",
    "hubspot_owner_id",
    "hs_object_source_id",
)
_EDITED = "hs_lastmodifieddate"


class Notes:
    """Comments for one connection."""

    def __init__(self, client: Client, metadata: Metadata, people: People, clock: Clock) -> None:
        self._client = client
        self._metadata = metadata
        self._people = people
        self._clock = clock

    async def comments(self, kind: Kind, ids: Sequence[str]) -> dict[str, list[Comment]]:
        """Each record's notes, oldest first: a request for a thousand records, and one for a
        hundred notes."""
        ties = await self._client.ties(kind.object, NOTES, numbers(ids)) if ids else {}
        wanted = list(dict.fromkeys(note for notes in ties.values() for note in notes))
        read = [_BODY, _AT, _OWNER, _APP, _EDITED]
        rows = {str(r["id"]): r for r in await self._client.many(NOTES, wanted, read)}
        owners = [r["properties"][_OWNER] for r in rows.values() if r["properties"].get(_OWNER)]
        people = await self._people.by_id(owners) if owners else {}
        us = str((await self._metadata.app())["appId"]) if rows else ""
        told: dict[str, list[Comment]] = {}
        for id in ids:
            notes = [_comment(id, rows[n], people, us) for n in ties.get(id, ()) if n in rows]
            told[id] = sorted(notes, key=lambda one: (one.created_at, int(one.id)))
        return told

    async def comment(self, kind: Kind, items: Sequence[NewComment]) -> list[Outcome]:
        """One request each, in order within a record."""

        async def one(item: NewComment) -> Outcome:
            if item.visibility is not Visibility.INTERNAL:
                raise Rejected("HubSpot shows notes to colleagues alone; nothing was written.")
            if len(item.body) > LONGEST:
                raise Rejected(f"A note has at most {LONGEST} characters; nothing was written.")
            tie = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": kind.note}
            body = {
                "properties": {_BODY: item.body, _AT: self._clock.now().isoformat()},
                "associations": [{"to": {"id": item.record_id}, "types": [tie]}],
            }
            path = self._client.path("crm/objects", f"/{NOTES}")
            answer = await self._client.write("POST", path, body)
            return Outcome.applied(str(answer.json()["id"]))

        return await in_order(items, lambda item: item.record_id, one)

    async def edit(self, items: Sequence[CommentEdit]) -> list[Outcome]:
        """One request each."""

        async def one(item: CommentEdit) -> Outcome:
            path = self._client.path("crm/objects", f"/{NOTES}/{item.id}")
            if not numbers([item.id]):
                raise Rejected(f"{item.id!r} is no note in HubSpot; nothing was written.")
            await self._client.write("PATCH", path, {"properties": {_BODY: item.body}})
            return Outcome.applied(item.id)

        return await outcomes(items, one)


def _comment(id: str, row: Row, people: Mapping[str, Person], us: str) -> Comment:
    values = row["properties"]
    by_us = values.get(_APP) == us
    owner = values.get(_OWNER)
    unknown = Person(f"app {us}" if by_us else owner or "unknown", name="" if owner else "HubSpot")
    created, edited = moment(row["createdAt"]), moment(row["updatedAt"])
    return Comment(
        id=str(row["id"]),
        record_id=id,
        author=people.get(owner or "", unknown),
        body=values.get(_BODY) or "",
        visibility=Visibility.INTERNAL,
        created_at=created,
        edited_at=edited if edited > created else None,
        by_us=by_us,
    )
