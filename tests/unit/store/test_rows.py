"""Whatever a tool calls a thing, what is stored is what is read."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syncline.simulation.clock import ManualClock
from syncline.store import codec, intents, journal, links, observations
from syncline.store.findings import conflicts, deviations
from syncline.store.rows import Conflict, Deviation, Intent, JournalEntry, Link, Observation
from syncline.store.sql import Tx
from syncline.store.store import Store
from tests.unit.store import samples

# Names of things: any text that a database takes as it is. JSON inside may hold anything.
names = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1)
texts = st.text()
numbers = st.integers(-(2**63), 2**63 - 1)
values = st.recursive(
    st.none() | st.booleans() | numbers | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
slices = st.dictionaries(texts, values, max_size=3)
moments = st.datetimes(
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=45))]),
    min_value=datetime(2, 1, 1),  # noqa: DTZ001
    max_value=datetime(9998, 1, 1),  # noqa: DTZ001
)
versions = st.none() | numbers


@pytest.fixture
def kept(url: str, clock: ManualClock) -> Iterator[tuple[asyncio.Runner, Store]]:
    """A store for tests that are not coroutines, as Hypothesis wants them."""
    with asyncio.Runner() as runner:
        store = runner.run(Store.open(url, "acme", clock, inline=True))
        yield runner, store
        runner.run(store.aclose())


class Undone(Exception):
    """Carries what was read out of a transaction that must leave no trace."""


def _there_and_back(kept: tuple[asyncio.Runner, Store], work: Any) -> Any:
    """What `work` reads after it wrote, in a transaction that is then undone."""
    runner, store = kept

    def undone(tx: Tx) -> None:
        raise Undone(work(tx))

    with pytest.raises(Undone) as caught:
        runner.run(store.write(undone))
    return caught.value.args[0]


of_any_row = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@of_any_row
@given(id_=names, record=names, fields=slices, version=versions, parent=st.none() | names)
def test_a_link_is_read_as_it_was_written(
    kept: tuple[asyncio.Runner, Store],
    id_: str,
    record: str,
    fields: dict[str, Any],
    version: int | None,
    parent: str | None,
) -> None:
    one = samples.moved(samples.link(id_), "desk", record_id=record, version=version)
    one = replace(one, fields=fields, parent=parent)

    def work(tx: Tx) -> tuple[dict[str, Link], dict[str, str]]:
        links.insert(tx, [one])
        return links.load(tx, [id_]), links.find(tx, samples.SYNC, "desk", [record])

    assert _there_and_back(kept, work) == ({id_: one}, {record: id_})


@of_any_row
@given(record=names, fields=slices, version=versions, key=names, seen_at=moments)
def test_an_observation_is_read_as_it_was_written(
    kept: tuple[asyncio.Runner, Store],
    record: str,
    fields: dict[str, Any],
    version: int | None,
    key: str,
    seen_at: datetime,
) -> None:
    one = samples.seen(record, fields=fields, version=version, link_id=key, seen_at=seen_at)

    def work(tx: Tx) -> list[Observation]:
        observations.put(tx, [samples.seen(record), one])
        return observations.pending(tx, samples.SYNC, 10)

    assert _there_and_back(kept, work) == [one]


@of_any_row
@given(key=names, payload=slices, before=values, after=values, at=moments)
def test_intents_and_their_story_are_read_as_they_were_written(
    kept: tuple[asyncio.Runner, Store],
    key: str,
    payload: dict[str, Any],
    before: Any,
    after: Any,
    at: datetime,
) -> None:
    intent = samples.intent(key=key, payload=payload, created_at=at)
    entry = samples.entry(before=before, after=after, at=at, record_id=key)

    def work(tx: Tx) -> tuple[list[Intent], list[JournalEntry]]:
        intents.insert(tx, [intent])
        journal.append(tx, [entry])
        return intents.open(tx, samples.SYNC), journal.of_link(tx, "l1")

    assert _there_and_back(kept, work) == ([intent], [entry])


@of_any_row
@given(value=values, shown=slices, field=names)
def test_findings_are_read_as_they_were_written(
    kept: tuple[asyncio.Runner, Store], value: Any, shown: dict[str, Any], field: str
) -> None:
    conflict = samples.conflict(field=field, candidates=({"value": value},))
    deviation = samples.deviation(field=field, value=value, shown=shown)

    def work(tx: Tx) -> tuple[Conflict | None, object]:
        conflicts.put(tx, [conflict])
        conflicts.answer(tx, conflict.id, conflict.digest, {"value": value})
        deviations.put(tx, [deviation])
        return conflicts.get(tx, conflict.id), deviations.list(tx, samples.SYNC)

    answered = replace(conflict, state="answered", answer={"value": value})
    read: tuple[Conflict | None, list[Deviation]] = _there_and_back(kept, work)
    assert read == (answered, [deviation])


@of_any_row
@given(words=texts)
def test_free_text_never_stops_a_transaction(
    kept: tuple[asyncio.Runner, Store], words: str
) -> None:
    def work(tx: Tx) -> list[Intent]:
        intents.insert(tx, [samples.intent(reason=words)])
        return intents.open(tx, samples.SYNC)

    [read] = _there_and_back(kept, work)
    safe = all(c != "\x00" and not "\ud800" <= c <= "\udfff" for c in words)
    assert (read.reason == words) == safe
    assert len(read.reason) == len(words)


@given(moments, moments)
def test_stamps_are_in_the_order_of_their_moments(one: datetime, other: datetime) -> None:
    assert (codec.stamp(one) < codec.stamp(other)) == (one < other)
    assert codec.moment(codec.stamp(one)) == one


def test_a_moment_without_a_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        codec.stamp(datetime(2026, 1, 5))  # noqa: DTZ001


def test_any_mapping_is_a_json_object_and_nothing_else_is_guessed() -> None:
    assert codec.loads(codec.dumps(MappingProxyType({"a": (1, 2)}))) == {"a": [1, 2]}
    with pytest.raises(TypeError):
        codec.dumps({"a": {1, 2}})
