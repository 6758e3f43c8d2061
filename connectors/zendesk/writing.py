"""Creates, updates and removals of tickets, alone or in jobs (see `bulk`).

An update is compared and set: it is refused when the ticket has moved since its time stamp.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.zendesk.bulk import Bulk
from connectors.zendesk.client import INVALID, Client, Row, numbers, segment, stamp
from connectors.zendesk.history import replaced
from connectors.zendesk.jobs import Jobs
from connectors.zendesk.metadata import Metadata, Names
from connectors.zendesk.reading import Reader
from connectors.zendesk.wire import WireShape, leaves, moved, nested, same
from syncline.sdk.batches import in_order, outcomes
from syncline.sdk.connector import Create, Outcome, Record, Result, Update
from syncline.sdk.errors import (
    Ambiguous,
    AuthRequired,
    Conflict,
    ConnectorError,
    Misconfigured,
    NotFound,
    Rejected,
    Retriable,
)
from syncline.sdk.http import Response

_CLOSED = (
    " Nobody can change a closed ticket: say `on_closed: follow_up` for its side, or unlink it."
)


@dataclass(frozen=True, slots=True)
class _Making:
    """A create and what Zendesk is sent for it."""

    item: Create
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Patching:
    """An update and what Zendesk is sent for it, on the condition that nothing moved."""

    item: Update
    body: dict[str, Any]


class Writer:
    """Writes for one connection."""

    def __init__(
        self,
        client: Client,
        metadata: Metadata,
        reader: Reader,
        shape: WireShape,
        jobs: Jobs,
    ) -> None:
        self._client = client
        self._metadata = metadata
        self._reader = reader
        self._shape = shape
        self._bulk = Bulk(jobs, reader.fetch)

    async def create(self, items: Sequence[Create]) -> list[Outcome]:
        """Make tickets; each has its key as external id, by which a lost one is found."""
        asked = {name for item in items for name in item.fields}
        if await self._metadata.scope() is not None:
            asked.add("group")
        names = await self._metadata.names_for(asked)

        async def prepared(item: Create) -> _Making:
            fields = item.fields
            if item.follows is not None:
                fields = {**fields, "via_followup_source_id": item.follows}
            return _Making(item, self._shape.creation(fields, item.key, names))

        return await self._bulk.written(items, prepared, self._make, self._make_many)

    async def update(self, items: Sequence[Update]) -> list[Outcome]:
        """Patch tickets, each only if it is still what it was when the patch was planned."""
        if len({item.id for item in items}) < len(items):
            # Two patches of one ticket: the second one is compared with what the first one left.
            return await in_order(items, lambda item: item.id, self._update_alone)
        names = await self._metadata.names_for({name for item in items for name in item.patch})
        stamps = await self._stamps([item for item in items if item.version is None])

        async def prepared(item: Update) -> _Patching:
            return self._prepared(item, names, stamps)

        return await self._bulk.written(items, prepared, self._patch, self._patch_many)

    async def _update_alone(self, item: Update) -> Outcome:
        names = await self._metadata.names_for(item.patch)
        stamps = await self._stamps([item]) if item.version is None else {}
        return await self._patch(self._prepared(item, names, stamps))

    async def remove(self, ids: Sequence[str]) -> list[Outcome]:
        """Delete tickets; for thirty days they can be restored in Zendesk."""

        async def one(id: str) -> Outcome:
            await self._client.write("DELETE", f"/tickets/{segment(id)}")
            return Outcome.applied(id)

        return await outcomes(ids, one)

    async def _make(self, sent: _Making) -> Outcome:
        """One ticket. Zendesk keeps its answer to a key for two hours, so asking once more with
        the same one tells what became of an answer that was lost, and makes nothing twice."""
        try:
            ticket = await self._post(sent)
        except Ambiguous:
            try:
                ticket = await self._post(sent)
            except (Retriable, AuthRequired, Misconfigured, NotFound) as error:
                raise Ambiguous(f"The answer to a create was lost, and then: {error}") from error
        return Outcome.applied(str(ticket["id"]), await self._as_record(ticket))

    async def _post(self, sent: _Making) -> Row:
        key = {"Idempotency-Key": sent.item.key}
        try:
            answer = await self._client.write(
                "POST", "/tickets", {"ticket": sent.body}, headers=key
            )
        except Conflict as error:
            raise Ambiguous(f"An earlier create with this key is under way: {error}") from error
        except Rejected as error:
            if "idempoten" in str(error).casefold():
                raise Ambiguous(f"This key was used for another create: {error}") from error
            if error.status != INVALID:
                raise
            said = f"Zendesk refused the ticket: {error}. Nothing was made."
            raise Rejected(said, status=INVALID) from error
        return _ticket(answer)

    async def _as_record(self, ticket: Row) -> Record | None:
        """The record of a ticket that was written; none where names of it cannot be read now."""
        try:
            (record,) = await self._reader.records([ticket])
        except ConnectorError:
            return None
        return record

    async def _make_many(self, some: Sequence[_Making]) -> list[Outcome]:
        return await self._bulk.made("/tickets", "tickets", some, self._make)

    async def _patch(self, sent: _Patching) -> Outcome:
        item = sent.item
        if not sent.body:  # nothing to change, and Zendesk would count it as a change
            found = (await self._reader.fetch([item.id]))[item.id]
            if not isinstance(found, Record) or found.deleted:
                raise NotFound(f"ticket {item.id} is gone or hidden")
            return Outcome.applied(item.id, found)
        try:
            answer = await self._client.write(
                "PUT", f"/tickets/{segment(item.id)}", {"ticket": sent.body}
            )
        except Rejected as error:
            return await self._refused(item.id, error)
        ticket = _ticket(answer)
        if theirs := await self._overwritten(item, answer.json().get("audit") or {}):
            return await self._given_back(item, ticket, theirs)
        return Outcome.applied(item.id, await self._as_record(ticket))

    async def _refused(self, id: str, error: Rejected) -> Outcome:
        """A refusal; a closed ticket refuses everything, whatever the account's language says."""
        found = (await self._reader.fetch([id]))[id]
        if isinstance(found, Record) and found.fields["status"] == "closed":
            result = Result.CONFLICT if found.merged_into else Result.CLOSED
            return Outcome(result, id=id, reason=_refusal(id, error) + _CLOSED)
        if error.status != INVALID:
            raise error
        raise Rejected(_refusal(id, error), status=INVALID) from error

    async def _patch_many(self, some: Sequence[_Patching]) -> list[Outcome]:
        return await self._bulk.patched("/tickets", "tickets", some, self._patch)

    async def _stamps(self, items: Sequence[Update]) -> dict[str, Record]:
        """Tickets whose version the plan did not tell, as they are now."""
        found = await self._reader.fetch([item.id for item in items]) if items else {}
        return {id: one for id, one in found.items() if isinstance(one, Record)}

    def _prepared(self, item: Update, names: Names, stamps: Mapping[str, Record]) -> _Patching:
        if not numbers([item.id]):
            raise NotFound(f"{item.id!r} is no ticket's number")
        body = self._shape.body(item.patch, names)
        version = item.version
        if version is None:
            shown = stamps.get(item.id)
            if shown is None or shown.deleted:
                raise NotFound(f"ticket {item.id} is gone or hidden")
            if paths := moved(item.expected, shown.fields):
                raise Conflict(f"ticket {item.id} shows another value of {', '.join(paths)}")
            version = shown.version or 0
        if body:
            body |= {"safe_update": True, "updated_stamp": stamp(version)}
        return _Patching(item, body)

    async def _overwritten(self, item: Update, audit: Row) -> dict[str, Any]:
        """What our patch replaced and the plan had not seen, by path.

        The stamp that Zendesk compares has whole seconds: an edit in the same second passes it.
        The audit of our own write names what each field held before.
        """
        names = await self._metadata.names_for(item.patch)
        expected = leaves(item.expected)
        return {
            path: before
            for path, before in replaced(audit, names).items()
            if path in expected and not same(before, expected[path])
        }

    async def _given_back(self, item: Update, ticket: Row, theirs: Mapping[str, Any]) -> Outcome:
        """The conflict that a write over a person's edit is, with the edit in place again."""
        names = await self._metadata.names_for(item.patch)
        body = {
            **self._shape.body(nested(theirs), names),
            "safe_update": True,
            "updated_stamp": ticket["updated_at"],
        }
        try:
            answer = await self._client.write(
                "PUT", f"/tickets/{segment(item.id)}", {"ticket": body}
            )
        except ConnectorError as error:
            raise Ambiguous(f"ticket {item.id} was written over an edit: {error}") from error
        record = await self._as_record(_ticket(answer))
        reason = f"somebody changed {', '.join(theirs)} of ticket {item.id} in the same second"
        return Outcome(Result.CONFLICT, id=item.id, record=record, reason=reason)


def _refusal(id: str, error: Rejected) -> str:
    return (
        f"Ticket {id}: Zendesk refused the change: {error}. Nothing of it was written; it is sent "
        "again when the value changes or is retried."
    )


def _ticket(answer: Response) -> Row:
    """The ticket in the answer to a write; raises Ambiguous where there is none."""
    told = answer.json()
    ticket = told.get("ticket") if isinstance(told, dict) else None
    if not isinstance(ticket, dict) or "id" not in ticket:
        raise Ambiguous("Zendesk answered a write with something else than the ticket.")
    return ticket
