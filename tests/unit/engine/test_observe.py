"""Reading: what was not stored is read again, whatever the pass died of."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.world import World


class Died(BaseException):
    """The process ended here; only what was committed survives."""


def dies_before_commit(world: World, number: int) -> None:
    """The process ends when the pass is about to make its commit of this number."""
    commit, left = world.store.commit, [number]

    async def until_then(*args: Any, **kwargs: Any) -> Any:
        left[0] -= 1
        if not left[0]:
            raise Died
        return await commit(*args, **kwargs)

    world.store.commit = until_then  # type: ignore[method-assign]


@pytest.mark.parametrize("number", range(1, 6))
async def test_a_pass_that_dies_before_any_of_its_commits_misses_no_edit(number: int) -> None:
    world = await World.make(a={}, b={})
    one = world.a.create({"title": "One"})
    await world.settled()
    world.clock.advance(3600)
    world.a.edit(one, {"title": "Two"})
    whole = world.store.commit
    dies_before_commit(world, number)
    died = False
    try:
        await world.sync()
    except* Died:
        died = True
    assert died
    world.store.commit = whole  # type: ignore[method-assign]
    await world.settled()
    assert [fields["title"] for fields in world.records("b")] == ["Two"]


async def test_a_cursor_made_for_another_scope_is_not_read_on_from() -> None:
    world = await World.make(a={}, b={})
    everything = world.spec.units
    world.change(units={n: u for n, u in everything.items() if n != "priority"}, fingerprint="f0")
    one = world.a.create({"title": "One"})
    await world.settled()
    world.a.edit(one, {"priority": "high"})
    await world.settled()
    world.clock.advance(3600)
    await world.settled()
    world.change(units=everything, fingerprint="f1")
    await world.sync(apply=True)
    await world.settled()
    assert [fields["priority"] for fields in world.records("b")] == ["high"]
