"""Profiles of groups (companies) and of users: properties under an id that is not Mixpanel's.

Three things shape this. An id is whatever events carry, so a create is a first set of properties,
and the same id twice is one profile. A set of a profile that was deleted makes it again, so each is
read before it is written; what somebody changed since the plan is seen by that same question, and
refused. What was taken in is shown after a while, seconds as a rule: a write counts as applied when
a question shows it, and stays open until then.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from connectors.mixpanel.batch import Batch
from connectors.mixpanel.client import BATCH, Client, Row, listed
from connectors.mixpanel.config import Value
from connectors.mixpanel.kinds import Kind, path_of
from connectors.mixpanel.properties import LONGEST, Type, kept, refused, sent, shown
from connectors.mixpanel.usage import Usage
from syncline.sdk.clock import Clock
from syncline.sdk.connector import (
    Create,
    CreateSearch,
    FieldSchema,
    FindResult,
    Found,
    Missing,
    Outcome,
    Record,
    Result,
    Update,
    Wire,
)
from syncline.sdk.errors import Ambiguous, ConnectorError, Rejected, Retriable

KEY: Final = "syncline_key"
SEEN: Final = "$last_seen"

WAITS: Final = (2.0, 10.0)
"""Seconds before each look whether a write is shown: each look is one of an hour's few queries."""


@dataclass(frozen=True, slots=True)
class About:
    """What kind of profile it is.

    name      the record's, for the sync's side
    path      where its id stands in the wire record
    endpoint  where updates of it are sent
    id_key    what an update calls the id
    constant  what each update says besides, and at_last what a delete does
    question  what tells Mixpanel which profiles are meant
    """

    name: str
    path: str
    endpoint: str
    id_key: str
    constant: Mapping[str, Any]
    at_last: Mapping[str, Any]
    question: Mapping[str, str]


class Profiles(Kind):
    """Profiles of one kind, with the properties that the connection names."""

    def __init__(
        self,
        client: Client,
        clock: Clock,
        about: About,
        properties: Mapping[str, Type],
        only: Mapping[str, Value],
        usage: Usage | None = None,
    ) -> None:
        self.name = about.name
        self._client, self._clock, self._about = client, clock, about
        self._properties, self._only, self._usage = properties, only, usage

    @property
    def fields(self) -> Sequence[FieldSchema]:
        id = FieldSchema(self._about.path, "ID", "text", create_only=True)
        counted = self._usage.fields if self._usage else ()
        return (id, *(_field(name, type) for name, type in self._properties.items()), *counted)

    def record(self, raw: Row) -> Record:
        """A record from Mixpanel's JSON, where an id of digits is a number."""
        id, has = str(raw["$distinct_id"]), raw["$properties"]
        values = {name: shown(type, has.get(name)) for name, type in self._properties.items()}
        counted = {"usage": self._usage.of(id)} if self._usage else {}
        return Record(
            id=id,
            fields={self._about.path: id, **values, **counted},
            updated_at=_moment(has.get(SEEN)),
            in_scope=all(has.get(name) == value for name, value in self._only.items()),
            marker=has.get(KEY),
        )

    async def pages(self) -> AsyncIterator[Sequence[Record]]:
        where = " and ".join(f"properties[{_said(n)}] == {_said(v)}" for n, v in self._only.items())
        async for rows in self._asked({"where": where} if where else {}):
            yield [self.record(raw) for raw in rows]

    async def fetch(self, ids: Sequence[str]) -> Mapping[str, Record | Missing]:
        """By id. A profile that is not there is gone, or not shown yet."""
        found: dict[str, Record | Missing] = {}
        for some in _chunks(list(dict.fromkeys(ids))):
            async for rows in self._asked({"distinct_ids": listed(some)}):
                found |= {one.id: one for one in map(self.record, rows)}
        gone = "Mixpanel shows no profile of this id"
        return {id: found.get(id) or Missing(id, gone=True, reason=gone) for id in ids}

    async def create(self, items: Sequence[Create]) -> Sequence[Outcome]:
        """A first set, by `$set_once`: what somebody set meanwhile stays as it is."""
        there = await self.fetch([self._id(item) for item in items])
        batch = Batch(len(items))
        taken: set[str] = set()
        for place, item in enumerate(items):
            id, now = self._id(item), there[self._id(item)]
            if reason := self._refused(item.fields, new=True):
                batch.told[place] = Outcome(Result.REJECTED, reason=reason)
            elif isinstance(now, Record) and now.marker == item.key:
                batch.told[place] = Outcome.applied(id, now)
            elif isinstance(now, Record) or id in taken:
                batch.told[place] = _taken(self.name, id)
            else:
                taken.add(id)
                batch.add(place, id, self._update(id, "$set_once", self._first(item)))
        return await self._sent(batch, lambda place, now: _made(self.name, items[place], now))

    async def update(self, items: Sequence[Update]) -> Sequence[Outcome]:
        """Each is held against what it expects before it is sent."""
        there = await self.fetch([item.id for item in items])
        batch = Batch(len(items))
        last: dict[tuple[str, str], Any] = {}
        for place, item in enumerate(items):
            now = there[item.id]
            if reason := self._refused(item.patch, new=False):
                batch.told[place] = Outcome(Result.REJECTED, id=item.id, reason=reason)
            elif isinstance(now, Missing):
                batch.told[place] = Outcome(Result.GONE, id=item.id, reason=now.reason)
            elif paths := self._moved(item, now, last):
                reason = f"{self.name} {item.id} shows another value of {', '.join(paths)}"
                batch.told[place] = Outcome(Result.CONFLICT, id=item.id, reason=reason)
            else:
                patch = self._values(item.patch)
                last |= {(item.id, name): value for name, value in patch.items()}
                batch.add(place, item.id, *self._changes(item.id, patch))

        def done(place: int, now: Record | Missing) -> Outcome | None:
            return self._shows(items[place], now, last)

        return await self._sent(batch, done)

    async def remove(self, ids: Sequence[str]) -> Sequence[Outcome]:
        """For good."""
        batch = Batch(len(ids))
        for place, id in enumerate(ids):
            batch.add(place, id, {**self._update(id, "$delete", ""), **self._about.at_last})
        return await self._sent(batch, lambda place, now: _gone(now))

    async def find(self, items: Sequence[CreateSearch]) -> Sequence[FindResult]:
        there = await self.fetch([self._id(item) for item in items])
        return [_found(there[self._id(item)], item.key) for item in items]

    async def _asked(self, question: Mapping[str, object]) -> AsyncIterator[list[Row]]:
        if self._usage:
            await self._usage.ask()
        names = dict.fromkeys((*self._properties, *self._only, KEY, SEEN))
        wanted = {"output_properties": listed(tuple(names))}
        async for rows in self._client.profiles({**self._about.question, **wanted, **question}):
            yield rows

    async def _sent(
        self, batch: Batch, done: Callable[[int, Record | Missing], Outcome | None]
    ) -> Sequence[Outcome]:
        """Send a batch and look until all of it is shown; what is not then stays open."""
        for places in _chunks(sorted(batch.updates)):
            updates = [(place, one) for place in places for one in batch.updates[place]]
            batch.told |= await self._taken_in(updates, batch.ids)
        for wait in WAITS:
            if not (open_ := [p for p in batch.updates if p not in batch.told]):
                break
            await self._clock.sleep(wait)
            try:
                now = await self.fetch([batch.ids[place] for place in open_])
            except ConnectorError:
                break  # it was sent: that is told, and the next pass meets the error again
            seen = {place: done(place, now[batch.ids[place]]) for place in open_}
            batch.told |= {place: outcome for place, outcome in seen.items() if outcome}
        return batch.outcomes()

    async def _taken_in(
        self, updates: Sequence[tuple[int, Row]], ids: Mapping[int, str]
    ) -> Mapping[int, Outcome]:
        """What is known of places right after sending: what was refused, put off, or is open."""

        def all_of(result: Result, error: ConnectorError) -> Mapping[int, Outcome]:
            return {place: Outcome(result, ids[place], reason=str(error)) for place, _ in updates}

        try:
            failed = await self._client.send(self._about.endpoint, [one for _, one in updates])
        except Ambiguous as error:
            return all_of(Result.AMBIGUOUS, error)
        except Rejected as error:
            return all_of(Result.REJECTED, error)
        except Retriable as error:
            again = Outcome.of_error(error)
            return {place: again for place, _ in updates}
        places = {updates[at][0]: reason for at, reason in failed.items()}
        return {p: Outcome(Result.REJECTED, id=ids[p], reason=why) for p, why in places.items()}

    def _id(self, item: Create | CreateSearch) -> str:
        """The id a new profile has; the key where nobody gives one."""
        return str(item.fields.get(self._about.path) or item.key)

    def _first(self, item: Create) -> Row:
        fields = {n: v for n, v in item.fields.items() if n != self._about.path}
        values = {n: v for n, v in self._values(fields).items() if v is not None}
        return {**self._only, **values, KEY: item.key}

    def _values(self, patch: Wire) -> dict[str, Any]:
        return {name: sent(self._properties[name], value) for name, value in patch.items()}

    def _update(self, id: str, operation: str, value: object) -> Row:
        return {**self._about.constant, self._about.id_key: id, operation: value}

    def _changes(self, id: str, patch: Row) -> Iterable[Row]:
        """An emptied property is taken off: a null would stay, as a value of its own."""
        if new := {name: value for name, value in patch.items() if value is not None}:
            yield self._update(id, "$set", new)
        if gone := [name for name, value in patch.items() if value is None]:
            yield self._update(id, "$unset", gone)

    def _refused(self, patch: Wire, *, new: bool) -> str | None:
        if reason := self.closed(patch, new=new):
            return reason
        for name, value in patch.items():
            if why := refused(self._properties.get(name, "text"), value):
                return f"{self.name}: {name} is {why}"
        return None

    def _moved(
        self, item: Update, now: Record, last: Mapping[tuple[str, str], Any]
    ) -> Sequence[str]:
        """The properties that show another value than was expected; what this batch has for them
        already counts as shown."""

        def shows(name: str) -> Any:
            if (item.id, name) in last:
                return shown(self._properties[name], kept(last[item.id, name]))
            return now.fields.get(name)

        expected = item.expected.items()
        return [name for name, value in expected if not _same(shows(name), value)]

    def _shows(
        self, item: Update, now: Record | Missing, last: Mapping[tuple[str, str], Any]
    ) -> Outcome | None:
        """Applied when each property shows what was sent last, as Mixpanel keeps it."""
        if isinstance(now, Missing):
            return None
        for name in item.patch:
            type = self._properties[name]
            if not _same(now.fields[name], shown(type, kept(last[item.id, name]))):
                return None
        return Outcome.applied(item.id, now)


def _field(name: str, type: Type) -> FieldSchema:
    longest = LONGEST if type == "text" else None
    return FieldSchema(path_of(name), name, type, max_length=longest)


def _said(value: Value) -> str:
    """A value as an expression of Mixpanel's says it."""
    return orjson.dumps(value).decode()


def _chunks(values: list[Any]) -> Iterable[list[Any]]:
    return (values[at : at + BATCH] for at in range(0, len(values), BATCH))


def _same(one: Any, other: Any) -> bool:
    """A list has no order in Mixpanel."""
    if isinstance(one, list) and isinstance(other, list):
        return sorted(map(str, one)) == sorted(map(str, other))
    return bool(one == other)


def _moment(text: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except (TypeError, ValueError):
        return None


def _made(name: str, item: Create, now: Record | Missing) -> Outcome | None:
    if isinstance(now, Missing):
        return None
    return Outcome.applied(now.id, now) if now.marker == item.key else _taken(name, now.id)


def _taken(name: str, id: str) -> Outcome:
    reason = f"Mixpanel has a {name} {id!r} already, and it was left as it is; link it instead"
    return Outcome(Result.REJECTED, reason=reason)


def _gone(now: Record | Missing) -> Outcome | None:
    return Outcome.applied(now.id) if isinstance(now, Missing) else None


def _found(now: Record | Missing, key: str) -> FindResult:
    if isinstance(now, Record) and now.marker == key:
        return FindResult(Found.YES, now)
    return FindResult(Found.NO)
