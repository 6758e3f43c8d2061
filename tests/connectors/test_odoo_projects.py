"""The start and the end of a project, which Odoo changes together or not at all."""

from __future__ import annotations

from typing import Any

import pytest

from syncline.sdk.connector import Create, Result, Update
from tests.connectors.odoo_stage import Live, Recorded, live
from tests.connectors.odoo_world import OdooWorld, opened

NONE = {"date_start": False, "date": False}
BOTH = {"date_start": "2027-01-01", "date": "2027-03-01"}
ENDS = {"date_start": False, "date": "2027-03-01"}


class Days:
    story = "days"

    @pytest.mark.parametrize(
        ("given", "patch"),
        [
            pytest.param(NONE, {"end_on": "2027-04-01"}, id="an end without a start"),
            pytest.param(NONE, {"start_on": "2027-01-01"}, id="a start without an end"),
            pytest.param(ENDS, {"end_on": "2027-04-01"}, id="another end without a start"),
            pytest.param(BOTH, {"end_on": None}, id="no end any more"),
            pytest.param(BOTH, {"start_on": None}, id="no start any more"),
        ],
    )
    async def test_a_day_that_odoo_would_drop_or_empty_is_refused_and_both_stay(
        self, world: OdooWorld, given: dict[str, Any], patch: dict[str, Any]
    ) -> None:
        id = await world.create({"name": "Dark mode", **given})
        async with opened(world) as connector:
            await connector.describe()
            (outcome,) = await connector.update("project", [Update(id, patch, {})])
        assert outcome.result is Result.REJECTED
        assert "start and end" in outcome.reason
        shown = await world.show(id, *given)
        assert {name: shown[name] for name in given} == given

    @pytest.mark.parametrize(
        ("given", "patch", "after"),
        [
            pytest.param(
                NONE,
                {"start_on": "2027-01-01", "end_on": "2027-03-01"},
                BOTH,
                id="both at once",
            ),
            pytest.param(BOTH, {"end_on": "2027-04-01"}, {**BOTH, "date": "2027-04-01"}, id="end"),
            pytest.param(ENDS, {"start_on": "2027-01-01"}, BOTH, id="the start of an end"),
            pytest.param(BOTH, {"start_on": None, "end_on": None}, NONE, id="neither any more"),
            pytest.param(ENDS, {"end_on": None}, NONE, id="no end any more"),
            pytest.param(ENDS, {"name": "Night mode"}, ENDS, id="something else"),
        ],
    )
    async def test_what_odoo_takes_is_written(
        self,
        world: OdooWorld,
        given: dict[str, Any],
        patch: dict[str, Any],
        after: dict[str, Any],
    ) -> None:
        id = await world.create({"name": "Dark mode", **given})
        async with opened(world) as connector:
            (outcome,) = await connector.update("project", [Update(id, patch, {})])
        assert outcome.result is Result.APPLIED
        assert outcome.record and patch.items() <= outcome.record.fields.items()
        shown = await world.show(id, *after)
        assert {name: shown[name] for name in after} == after

    async def test_a_project_is_made_with_an_end_alone(self, world: OdooWorld) -> None:
        fields = {"name": "Dark mode", "end_on": "2027-03-01"}
        async with opened(world) as connector:
            (outcome,) = await connector.create("project", [Create("key-1", fields)])
        assert outcome.record and outcome.record.fields["end_on"] == "2027-03-01"


class TestDays(Recorded, Days):
    kind = "project"


class TestDaysLive(Live, Days):
    pytestmark = live
    kind = "project"
