"""Creates, updates and removals, each proven by reading the ticket again.

RT answers a PUT with 200 and sentences even where it changed nothing, and takes a create with an
owner or a custom field value that it then drops; what became of a write is what the ticket shows.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from connectors.request_tracker.client import Client, segment
from connectors.request_tracker.metadata import Metadata
from connectors.request_tracker.races import Races
from connectors.request_tracker.reading import Reader
from connectors.request_tracker.wire import WireShape, changed, leaves, same
from syncline.sdk.batches import outcomes
from syncline.sdk.connector import Change, Create, Outcome, Record, Result, Update
from syncline.sdk.errors import AuthRequired, Conflict, ConnectorError, Misconfigured, Rejected

# RT works through a bulk one after the other, at one to ten a second: inside every time-out.
BULK_CREATES = 10
_MOST_TEXT = 256 * 1024
_PEOPLE = {"Requestor", "Requestors", "Cc"}
# The longest way along a lifecycle that is walked without asking a person.
_MOST_STEPS = 6


@dataclass(frozen=True, slots=True)
class _Sent:
    """An update that was sent: what the ticket showed before, and RT's sentences about it."""

    item: Update
    before: Mapping[str, Any]
    said: tuple[str, ...]
    etag: str


class Writer:
    """Writes for one connection."""

    def __init__(
        self,
        client: Client,
        metadata: Metadata,
        reader: Reader,
        shape: WireShape,
        races: Races,
    ) -> None:
        self._client = client
        self._metadata = metadata
        self._reader = reader
        self._shape = shape
        self._races = races

    async def create(self, items: Sequence[Create], bulk: int) -> list[Outcome]:
        """Make tickets, `bulk` a request, one request after the other; then read them at once."""
        told: list[Outcome] = []
        for some in _batches(items, bulk):
            try:
                told += await self._create_some(some)
            except (AuthRequired, Misconfigured) as error:
                if not told:
                    raise
                told += [Outcome(Result.RETRY, reason=str(error))] * (len(items) - len(told))
                break
        return await self._with_records(told)

    async def update(self, items: Sequence[Update]) -> list[Outcome]:
        """Compare, write with If-Match, then read all that were written at once."""
        written: dict[int, _Sent] = {}
        multiple = await self._metadata.multiple()

        async def one(at: int) -> Outcome:
            sent = await self._put(items[at], multiple)
            if isinstance(sent, Outcome):
                return sent
            written[at] = sent
            return Outcome.applied(items[at].id)

        told = await outcomes(range(len(items)), one)
        written = dict(sorted(written.items()))
        shown = await self._shown([sent.item.id for sent in written.values()])
        marks = {sent.item.id: sent.etag for sent in written.values() if sent.etag}
        theirs = await self._races.edits(marks) if shown else {}
        for at, sent in written.items():
            if (record := shown.get(items[at].id)) is not None:
                told[at] = await self._settled(sent, record, theirs.get(record.id, ()))
        return told

    async def remove(self, ids: Sequence[str]) -> list[Outcome]:
        """Set the status that hides a ticket everywhere; it can be set back in RT."""

        async def one(id: str) -> Outcome:
            row, etag = await self._client.ticket(id)
            if row["Status"] == "deleted":
                return Outcome.applied(id)
            said = await self._client.write(
                "PUT", f"ticket/{segment(id)}", {"Status": "deleted"}, etag=etag
            )
            row, _ = await self._client.ticket(id)
            if row["Status"] != "deleted":
                raise Rejected(f"ticket {id} was not deleted: {_sentences(said.json())}")
            return Outcome.applied(id)

        return await outcomes(ids, one)

    async def _create_some(self, items: Sequence[Create]) -> list[Outcome]:
        """One bulk request. RT answers item by item, in order."""
        told: list[Outcome | None] = [None] * len(items)
        bodies: dict[int, dict[str, Any]] = {}
        for at, item in enumerate(items):
            try:
                bodies[at] = self._shape.creation(item.fields, item.key)
            except Rejected as error:
                told[at] = Outcome.of_error(error)
        for at, outcome in zip(bodies, await self._bulk(list(bodies.values())), strict=True):
            told[at] = outcome
        return [outcome for outcome in told if outcome is not None]

    async def _bulk(self, bodies: Sequence[Mapping[str, Any]]) -> list[Outcome]:
        if not bodies:
            return []
        try:
            response = await self._client.write("POST", "tickets/bulk", bodies, items=len(bodies))
        except ConnectorError as error:
            return [Outcome.of_error(error)] * len(bodies)
        answers = response.json()
        if not isinstance(answers, list) or len(answers) != len(bodies):
            reason = f"RT answered {len(bodies)} creates with something else; each is looked for"
            return [Outcome(Result.AMBIGUOUS, reason=reason)] * len(bodies)
        return [
            Outcome.applied(str(answer["id"]))
            if answer.get("id")
            else Outcome(Result.REJECTED, reason=str(answer.get("message", "no reason given")))
            for answer in answers
        ]

    async def _put(self, item: Update, multiple: Mapping[str, bool]) -> _Sent | Outcome:
        """Send what differs, on the condition that nothing moved since it was compared."""
        row, etag = await self._client.ticket(item.id)
        if str(row["id"]) != item.id:
            return Outcome(
                Result.CONFLICT, id=item.id, reason=f"ticket {item.id} was merged into {row['id']}"
            )
        if row["Status"] == "deleted":
            return Outcome(
                Result.GONE, id=item.id, reason=f"ticket {item.id} is deleted in Request Tracker"
            )
        if _PEOPLE & item.patch.keys():
            row = await self._reader.with_addresses(row)
        before = self._shape.record(row, "", multiple).fields
        self._reader.learn(row["Queue"]["Name"], row)
        body = self._shape.body(item.patch, before)
        if moved := changed(item.expected, before):
            paths = ", ".join(leaves(moved))
            return Outcome(
                Result.CONFLICT,
                id=item.id,
                reason=f"ticket {item.id} shows another value of {paths}",
            )
        said: tuple[str, ...] = ()
        if body and not etag:
            raise Misconfigured(
                f"ticket {item.id} came without an ETag, which a proxy before Request Tracker must "
                "have removed. Nothing was written, as it could overwrite somebody's edit; let the "
                "proxy pass ETag and If-Match."
            )
        if body:
            response = await self._client.write(
                "PUT", f"ticket/{segment(item.id)}", body, etag=etag
            )
            said = tuple(map(str, response.json() or ()))
        return _Sent(item, before, said, etag if body else "")

    async def _settled(self, sent: _Sent, record: Record, theirs: Sequence[Change]) -> Outcome:
        """As `_proven`, unless somebody wrote the same field; an error leaves open what became."""
        asked = leaves(changed(sent.item.patch, sent.before))
        try:
            if met := [change for change in theirs if change.path in asked]:
                return await self._races.lost(record, asked, met)
            return await self._proven(sent, record)
        except ConnectorError as error:
            return Outcome(Result.AMBIGUOUS, id=sent.item.id, reason=str(error))

    async def _proven(self, sent: _Sent, record: Record) -> Outcome:
        """What became of the update: applied where any of it shows, else refused for good."""
        refused = _refused(sent, record)
        reason = _sentences(sent.said)
        if "Status" in refused:
            record, why = await self._walk(sent, record)
            reason = f"{why}. {reason}" if why else reason
            refused = _refused(sent, record)
        if not refused:
            return Outcome.applied(record.id, record)
        reason = f"RT did not take {', '.join(refused)}: {reason}"
        asked = leaves(changed(sent.item.patch, sent.before))
        kind = Result.REJECTED if len(refused) == len(asked) else Result.APPLIED
        return Outcome(kind, id=record.id, record=record, reason=reason)

    async def _walk(self, sent: _Sent, record: Record) -> tuple[Record, str]:
        """Reach a status that cannot be reached directly over ones RT was seen to offer.

        The record where that ended, and why there is no way, if so. Raises what stopped it midway.
        """
        start, end = record.fields["Status"], sent.item.patch["Status"]
        moves = self._reader.moves[record.fields["Queue"]]
        if not path(moves, start, end):
            await self._reader.survey(record.fields["Queue"])
        steps = path(moves, start, end)
        if len(steps) < 2:
            offered = ", ".join(sorted(moves.get(start, ()))) or "nothing"
            return record, f"no way from {start!r} to {end!r} is known; RT offers {offered}"
        for step in steps:
            row, etag = await self._client.ticket(record.id)
            if row["Status"] != start:
                raise Conflict(f"ticket {record.id} is {row['Status']!r} on the way to {end!r}")
            await self._client.write(
                "PUT", f"ticket/{segment(record.id)}", {"Status": step}, etag=etag
            )
            start = step
        after = (await self._reader.fetch([record.id]))[record.id]
        if not isinstance(after, Record) or after.fields["Status"] != end:
            raise Conflict(f"ticket {record.id} was to reach {end!r} and shows something else")
        return after, ""

    async def _with_records(self, told: Sequence[Outcome]) -> list[Outcome]:
        shown = await self._shown([one.id for one in told if one.id is not None])
        return [
            replace(one, record=shown.get(one.id)) if one.id is not None else one for one in told
        ]

    async def _shown(self, ids: Sequence[str]) -> dict[str, Record]:
        """The tickets as they are; none where they cannot be read now, as the writes still hold."""
        if not ids:
            return {}
        try:
            found = await self._reader.fetch(ids)
        except ConnectorError:
            return {}
        return {id: one for id, one in found.items() if isinstance(one, Record)}


def _batches(items: Sequence[Create], bulk: int) -> Iterator[Sequence[Create]]:
    """Runs of at most `bulk` creates whose texts together stay under what proxies let pass."""
    start = size = 0
    for at, item in enumerate(items):
        own = len(str(item.fields.get("Content") or ""))
        if at > start and (at - start == bulk or size + own > _MOST_TEXT):
            yield items[start:at]
            start, size = at, 0
        size += own
    if start < len(items):
        yield items[start:]


def path(moves: Mapping[str, set[str]], start: str, end: str) -> list[str]:
    """The fewest statuses that lead from `start` to `end`, without `start`; empty if none do."""
    ways: deque[list[str]] = deque([[start]])
    seen = {start}
    while ways:
        way = ways.popleft()
        if way[-1] == end:
            return way[1:]
        if len(way) > _MOST_STEPS:
            continue
        for status in sorted(moves.get(way[-1], set()) - seen):
            seen.add(status)
            ways.append([*way, status])
    return []


def _refused(sent: _Sent, record: Record) -> list[str]:
    """The paths that were to change and show what they showed before."""
    asked = changed(sent.item.patch, sent.before)
    before, after = leaves(sent.before), leaves(record.fields)
    return [leaf for leaf in leaves(asked) if same(before.get(leaf), after.get(leaf))]


def _sentences(said: Sequence[str]) -> str:
    return "; ".join(said) or "RT gave no reason"
