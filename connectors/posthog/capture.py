"""Properties of groups and persons, which are set by events and shown some time after.

PostHog answers at once and processes later, half a minute in general (posthog.com/docs/
how-posthog-works/ingestion-pipeline), and it says of no event what became of it. So what was sent
is looked for until PostHog shows it; what it does not show in time may still come. Sending it again
sets the same values again. Events of one distinct id are processed in the order they came.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID, uuid5

import orjson

from connectors.posthog.client import Client, Row
from connectors.posthog.kinds import Kind
from syncline.sdk.clock import Clock
from syncline.sdk.connector import Outcome, Record, Result, Update
from syncline.sdk.errors import ConnectorError

LARGEST_EVENT, LARGEST_BATCH = 900_000, 10_000_000
"""Bytes. PostHog drops an event of a megabyte without a word, and refuses 20 MB at once."""
WAITS = (5.0, 10.0, 15.0, 30.0)
"""Seconds between looks."""
_SPACE = UUID("f3a2c1f4-6f0e-5c5b-9a59-7f7a3c2f6a11")


class Captured(Kind):
    """A record type with `properties` that events set."""

    def __init__(self, client: Client, base_url: str, clock: Clock) -> None:
        super().__init__(client, base_url)
        self.clock = clock

    @abstractmethod
    def event(self, id: str, properties: Row) -> Row:
        """The event that sets properties of a record."""

    @abstractmethod
    async def properties(self, ids: Sequence[str]) -> Mapping[str, Row]:
        """The properties of those of any number of ids that are there, as PostHog shows them."""

    async def updates(self, items: Sequence[Update]) -> Sequence[Outcome]:
        """Records that are gone are not written to: the event would make them again."""
        wrong = {place: self.refused(one.patch) for place, one in enumerate(items)}
        fit = [one for place, one in enumerate(items) if not wrong[place]]
        there = await self.properties([one.id for one in fit])
        wanted: dict[str, dict[str, Any]] = {}
        versions = {one.id: one.version for one in fit}
        for one in fit:
            if one.id in there:
                wanted.setdefault(one.id, {}).update(one.patch["properties"])
        keys = {id: orjson.dumps([versions[id], value]).decode() for id, value in wanted.items()}
        told = await self.written(wanted, keys)
        gone = "PostHog does not have it any more; nothing was sent"
        return [
            Outcome(Result.REJECTED, id=one.id, reason=reason)
            if (reason := wrong[place])
            else told.get(one.id, Outcome(Result.GONE, id=one.id, reason=gone))
            for place, one in enumerate(items)
        ]

    async def written(
        self, wanted: Mapping[str, Mapping[str, Any]], keys: Mapping[str, str]
    ) -> Mapping[str, Outcome]:
        """Set properties, and wait until PostHog shows them.

        A key names one write, and the event's uuid is made of it, so that PostHog can take an event
        that was sent again for the same one.
        """
        events, told = dict[str, Row](), dict[str, Outcome]()
        for id, values in wanted.items():
            event = self.event(id, values)
            uuid = uuid5(_SPACE, f"{self.client.project} {self.name} {id} {keys[id]}")
            at = self.clock.now().isoformat()
            event = {**event, "uuid": str(uuid), "timestamp": at}
            if len(orjson.dumps(event)) > LARGEST_EVENT:
                reason = f"the {self.name}'s values are too large for one event of PostHog's"
                told[id] = Outcome(Result.REJECTED, id=id, reason=reason)
            else:
                events[id] = event
        for batch in _batches(events):
            told |= await self._sent(batch)
        open_ = {id: wanted[id] for id in events if id not in told}
        return {**told, **await self._shown(open_)}

    async def _sent(self, batch: Mapping[str, Row]) -> Mapping[str, Outcome]:
        """The outcomes of what was not taken for sure."""
        try:
            await self.client.capture(list(batch.values()))
        except ConnectorError as error:
            outcome = Outcome.of_error(error)
            return {id: outcome for id in batch}
        return {}

    async def _shown(self, wanted: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Outcome]:
        waiting, told = dict(wanted), dict[str, Outcome]()
        for wait in WAITS:
            if not waiting:
                break
            await self.clock.sleep(wait)
            try:
                now = await self.properties(list(waiting))
                done = [id for id, values in waiting.items() if _holds(now.get(id), values)]
                records = await self.fetch(done) if done else {}
            except ConnectorError:
                continue  # it was sent, and that is worth more than why it cannot be seen now
            for id, record in records.items():
                if isinstance(record, Record):
                    del waiting[id]
                    told[id] = Outcome.applied(id, record)
        reason = "PostHog took the change and does not show it yet; it is looked for again"
        return told | {id: Outcome(Result.AMBIGUOUS, id=id, reason=reason) for id in waiting}


def _holds(shown: Row | None, values: Row) -> bool:
    return shown is not None and all(shown.get(name) == value for name, value in values.items())


def _batches(events: Mapping[str, Row]) -> Iterator[Mapping[str, Row]]:
    """Events in bodies that PostHog takes."""
    batch, size = dict[str, Row](), 0
    for id, event in events.items():
        length = len(orjson.dumps(event))
        if batch and size + length > LARGEST_BATCH:
            yield batch
            batch, size = {}, 0
        batch[id] = event
        size += length
    if batch:
        yield batch
