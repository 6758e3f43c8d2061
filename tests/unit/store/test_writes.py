"""Intents are open until they are proved; the journal tells every hop in order."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from syncline.store import intents, journal
from syncline.store.errors import StoreIntegrity
from syncline.store.store import Store
from tests.unit.store.samples import NOW, SYNC, entry, intent


async def test_an_intent_is_open_until_its_outcome_is_noted(store: Store) -> None:
    first = intent("i2", created_at=NOW)
    second = intent("i1", created_at=NOW + timedelta(seconds=1), link_id="l2")
    await store.write(intents.insert, [second, first, intent("i3", sync="another")])
    assert await store.read(intents.open, SYNC) == [first, second]
    later = NOW + timedelta(seconds=9)
    await store.write(intents.close, [("i2", "failed", "no such status")], later)
    assert await store.read(intents.open, SYNC) == [second]
    closed = replace(first, state="failed", reason="no such status", settled_at=later)
    found = await store.read(intents.of_links, ["l1", "l2"], ["failed", "parked"])
    assert found == {"l1": [closed]}


async def test_an_intent_is_stored_once(store: Store) -> None:
    await store.write(intents.insert, [intent()])
    with pytest.raises(StoreIntegrity):
        await store.write(intents.insert, [intent("i2"), intent()])
    assert await store.read(intents.open, SYNC) == [intent()]


async def test_the_story_of_a_field_is_told_in_the_order_it_happened(store: Store) -> None:
    edit = entry()
    write = entry(kind="write", side="tracker", intent_id="i1", person=None)
    other = entry(field="status", at=NOW - timedelta(days=1))
    whole = entry(field=None, kind="link", run="run2", before=None, after={"desk": "1"})
    await store.write(journal.append, [edit, write])
    await store.write(journal.append, [other, whole, entry(link_id="l2", run="run2")])
    assert await store.read(journal.of_link, "l1") == [edit, write, other, whole]
    assert await store.read(journal.of_link, "l1", "title") == [edit, write]
    assert [e.link_id for e in await store.read(journal.of_run, "run2")] == ["l1", "l2"]
