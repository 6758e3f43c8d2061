"""How long edits take, by the journal and the tools' own histories."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from syncline.simulation.connector import PLAIN
from syncline.verify.lag import percentile
from tests.support.world import World
from tests.unit.verify.planted import pair, quiet, verified


async def edited(world: World, *waits: float) -> None:
    """Edits in `a`, each seen by a pass so many seconds later, and ten for the pass itself."""
    for wait in waits:
        world.clock.advance(600)
        world.tools["a"].edit(pair(world)[0], {"title": f"As of {world.clock.now()}"})
        world.clock.advance(wait)
        await world.sync()


async def test_an_edit_counts_from_the_person_to_the_last_side(tmp_path: Path) -> None:
    world = await quiet(tmp_path, c={})
    await edited(world, 20, 50, 110)
    lag = (await verified(world)).lag
    assert (lag.edits, lag.by_history) == (3, 3)
    assert (lag.p50, lag.p95, lag.max) == (60.0, 120.0, 120.0)


async def test_without_a_history_an_edit_counts_from_when_it_was_decided(tmp_path: Path) -> None:
    world = await quiet(tmp_path, capabilities={"a": PLAIN, "b": PLAIN})
    await edited(world, 20, 50)
    lag = (await verified(world)).lag
    assert (lag.edits, lag.by_history, lag.max) == (2, 0, 0.0)


async def test_a_history_that_cannot_be_read_costs_no_more_than_precision(tmp_path: Path) -> None:
    world = await quiet(tmp_path)
    await edited(world, 20)
    world.tools["a"].faults.add("history", "down")
    found = await verified(world)
    assert (found.lag.edits, found.lag.by_history) == (1, 0)
    assert (found.state, found.agreement) == ("done", 1.0)


async def test_only_edits_of_the_window_count(tmp_path: Path) -> None:
    world = await quiet(tmp_path)
    await edited(world, 20)
    world.clock.advance(86400)
    await edited(world, 50)
    assert (await verified(world, timedelta(hours=1))).lag.max == 60.0
    assert (await verified(world, timedelta(days=2))).lag.edits == 2


async def test_an_edit_that_is_not_delivered_yet_has_no_lag(tmp_path: Path) -> None:
    world = await quiet(tmp_path)
    world.tools["b"].faults.add("update", "retry", times=10)
    await edited(world, 20)
    lag = (await verified(world)).lag
    assert (lag.edits, lag.p50) == (0, None)
    world.tools["b"].faults.clear()
    world.clock.advance(300)
    await world.sync()
    assert (await verified(world)).lag.max == 340.0


@pytest.mark.parametrize(
    ("share", "found"), [(50, 5.0), (95, 10.0), (90, 9.0), (100, 10.0), (1, 1.0)]
)
def test_a_percentile_is_one_of_the_numbers(share: float, found: float) -> None:
    assert percentile([float(n) for n in range(1, 11)], share) == found
