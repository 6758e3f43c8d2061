"""Random histories, and then an undo of the last run, judged by who wrote what in the tools."""

from __future__ import annotations

import os
import random
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pytest

from syncline.engine.spec import Policy
from syncline.simulation.connector import BOT, FULL, PLAIN
from tests.support.world import World

SEEDS = int(os.environ.get("SYNCLINE_SEEDS", "20"))
FIELDS = ("title", "priority", "labels", "status", "body")
PRIORITIES = ("urgent", "high", "medium", "low", "none")
STATUSES = ("todo", "in_progress", "blocked", "done", "cancelled")


class Story:
    """One world whose people edit at random."""

    def __init__(self, seed: int) -> None:
        self.rnd = random.Random(seed)
        self.count = 2 + seed % 2
        self.tokens = 0

    async def begin(self) -> None:
        sides: dict[str, Mapping[str, Any]] = {name: {} for name in "abc"[: self.count]}
        policy = self.rnd.choice([Policy("ask"), Policy("authority", "a"), Policy("newest")])
        policies = dict.fromkeys(("title", "priority", "status"), policy)
        can = {name: self.rnd.choice([FULL, PLAIN]) for name in sides}
        self.world = await World.make(
            policies={**policies, "labels": Policy("merge"), "body": Policy("merge")},
            capabilities=can,
            **sides,
        )
        for _ in range(3):
            self.world.a.create({"title": self.token(), "labels": ["x"], "body": "<p>one</p>"})
        await self.world.settled()

    def token(self) -> str:
        self.tokens += 1
        return f"t{self.tokens}"

    def edit(self) -> None:
        """Somebody changes a field somewhere."""
        tool = self.rnd.choice(list(self.world.tools.values()))
        id_ = self.rnd.choice(sorted(tool.items))
        field = self.rnd.choice(FIELDS)
        now = tool.fields(id_)[field]
        value: Any = self.token()
        if field == "priority":
            value = self.rnd.choice(PRIORITIES)
        elif field == "status":
            value = self.rnd.choice(STATUSES)
        elif field == "labels":
            gone = set(self.rnd.sample(sorted(now), self.rnd.randint(0, len(now))))
            value = sorted({*now, value} - gone)
        elif field == "body":
            value = f"<p>{value}</p>"
        tool.edit(id_, {field: value})

    def edits(self, most: int) -> int:
        number = self.rnd.randint(0, most)
        for _ in range(number):
            self.edit()
        return number

    def shown(self) -> dict[tuple[str, str, str], Any]:
        """What every field of every record shows."""
        return {
            (side, id_, field): tool.fields(id_)[field]
            for side, tool in self.world.tools.items()
            for id_ in tool.items
            for field in FIELDS
        }

    def written(self, since: datetime) -> dict[tuple[str, str, str], tuple[Any, Any]]:
        """What Syncline wrote since a moment: what stood there before, and what it left."""
        found: dict[tuple[str, str, str], tuple[Any, Any]] = {}
        for side, tool in self.world.tools.items():
            for deed in tool.deeds:
                if deed.by != BOT or deed.kind != "edit" or deed.at < since:
                    continue
                assert deed.before is not None and deed.after is not None
                for field in FIELDS:
                    if deed.before[field] != deed.after[field]:
                        place = side, deed.id, field
                        first = found.get(place, (deed.before[field], None))[0]
                        found[place] = first, deed.after[field]
        return found


@pytest.mark.parametrize("seed", range(SEEDS))
async def test_an_undo_restores_exactly_what_still_holds_what_the_run_wrote(seed: int) -> None:
    story = Story(seed)
    await story.begin()
    world = story.world
    for _ in range(story.rnd.randint(0, 4)):
        story.edits(4)
        await world.sync()
    story.edits(6)
    world.clock.advance(10)
    began = world.clock.now()
    run = (await world.sync()).run
    written = story.written(began)
    later = story.edits(3) if seed % 3 else 0
    before = story.shown()
    undone = await world.undo(run)
    expected = {
        place: written[place][0] if place in written and value == written[place][1] else value
        for place, value in before.items()
    }
    asked = [place for place, why in undone.left.items() if "waits for an answer" in why]
    expected |= {place: before[place] for place in asked}
    assert story.shown() == expected
    if later:
        await world.settled()
        return
    after, writes = story.shown(), world.writes()
    await world.sync()
    assert (world.writes() - writes, story.shown()) == (0, after)
    again = await world.undo(undone.report.run)
    assert story.shown() == before, again.left
    writes = world.writes()
    await world.sync()
    assert world.writes() == writes
