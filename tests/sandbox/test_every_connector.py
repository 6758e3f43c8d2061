"""How many requests a pass costs, of every connector with a fake: two of the same tool in step."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.connections import FAKED
from tests.support.twins import entity_of, twins

CASES, CHANGED = 60, 5


@pytest.mark.parametrize("name", FAKED)
async def test_an_unchanged_pass_is_one_request_a_side_and_a_changed_one_hardly_more_than_its_bound(
    name: str, tmp_path: Path
) -> None:
    async with twins(tmp_path, name, entity_of(name), CASES) as pair:
        report = await pair.later()
        assert report.links == report.agreed > 2 * CHANGED
        await pair.later()
        for _ in range(2):
            await pair.later()
            for side, sent in (await pair.sent()).items():
                assert (sent.work, sent.writes) == (1, 0), (side, await pair.log(side))
            pair.edit("a", CHANGED)
            pair.edit("b", CHANGED)
            report = await pair.later()
            assert report.counts["updated"] == 2 * CHANGED
            for side, sent in (await pair.sent()).items():
                # A job, or what is shown later, may want a second look.
                assert sent.work <= 1.2 * sent.bound + 1, (side, await pair.log(side))
