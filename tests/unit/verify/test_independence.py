"""Verify is not fooled by the store: whatever the engine remembers of fields, the answer is one."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syncline.store.rows import Link
from tests.support.world import World
from tests.unit.verify.planted import links_of, pair, quiet, rest, rewrite, slip, verified

UNITS = ("title", "body", "status", "priority", "labels", "assignee")
PATHS = UNITS

WORDS = st.sampled_from(["Ticket 0", "Ticket 1", "urgent", "low", "red", "Changed by nobody", ""])
VALUES = st.one_of(st.none(), WORDS, st.lists(WORDS, max_size=2), st.integers())
SIDES = st.sampled_from(["a", "b", "nowhere"])
SLICES = st.dictionaries(st.sampled_from(PATHS), VALUES, max_size=3)
STATES = st.fixed_dictionaries(
    {
        "value": VALUES,
        "delivered": st.lists(SIDES, unique=True),
        "seen": st.dictionaries(SIDES, SLICES, max_size=2),
    },
    optional={
        "known": st.booleans(),
        "deviates": st.dictionaries(SIDES, WORDS, max_size=1),
        "left": st.lists(SIDES, max_size=1),
    },
)
FIELDS = st.dictionaries(st.sampled_from(UNITS), STATES)


async def planted() -> World:
    """One link that agrees, one with a conflict, one changed by nobody, one lost, one in flight."""
    world = await World.make(None, a={}, b={})
    for n in range(5):
        world.tools["a"].create({"title": f"Ticket {n}", "priority": "low", "labels": ["red"]})
    await rest(world)
    a, b = pair(world, 1)
    world.tools["a"].edit(a, {"title": "Ours"})
    world.tools["b"].edit(b, {"title": "Theirs"})
    await rest(world)
    slip(world.tools["b"], pair(world, 2)[1], priority="urgent")
    world.tools["b"].delete(pair(world, 3)[1])
    world.tools["a"].edit(pair(world, 4)[0], {"labels": ["red", "new"]})
    return world


async def told(world: World) -> dict[str, Any]:
    """All that verify says, but what names the run."""
    found = await verified(world)
    summary = found.summary()
    named = (found.disagreements, found.orphans, found.duplicates, found.one_sided)
    return {**summary, "named": [list(one.kept) for one in named]}


async def answers(fields: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    world = await planted()
    before = await told(world)
    await rewrite(world, lambda link: fields)
    after = await told(world)
    await world.store.aclose()
    return before, after


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=25)
@given(fields=FIELDS)
def test_whatever_the_engine_remembers_of_fields_the_answer_is_the_same(
    fields: Mapping[str, Any],
) -> None:
    before, after = asyncio.run(answers(fields))
    assert before == after
    counts = before["counts"]
    assert (counts["disagreements"], counts["one_sided"], counts["known"]) == (1, 1, 2)


async def test_a_store_that_believes_a_wrong_value_does_not_hide_it(tmp_path: Any) -> None:
    world = await quiet(tmp_path)
    _, b = pair(world)
    slip(world.tools["b"], b, priority="urgent")

    def believing(link: Link) -> Mapping[str, Any]:
        if link.sides["b"].record_id != b:
            return link.fields
        state = link.fields["priority"]
        seen = {**state["seen"], "b": {"priority": "urgent"}}
        return {**link.fields, "priority": {**state, "value": "urgent", "seen": seen}}

    await rewrite(world, believing)
    assert [d.field for d in (await verified(world)).disagreements.kept] == ["priority"]


async def test_a_store_that_believes_a_difference_does_not_make_one(tmp_path: Any) -> None:
    world = await quiet(tmp_path)
    await rewrite(world, lambda link: {})
    assert all(not link.fields for link in await links_of(world))
    found = await verified(world)
    assert (found.links.agreeing, found.agreement) == (3, 1.0)
