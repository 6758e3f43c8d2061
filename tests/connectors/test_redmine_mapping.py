"""The shipped mappings of Redmine issues fit a fresh Redmine, and keep the laws."""

from __future__ import annotations

from random import Random

from syncline.mapping.check import check
from syncline.mapping.laws import try_mapping
from syncline.mapping.load import builtin
from tests.connectors.redmine_stage import Live, Recorded, live
from tests.connectors.redmine_world import RedmineWorld, opened

OF_ISSUES = ("ticket", "customer_request")


class Mapped:
    story = "mapping"

    async def test_the_shipped_mapping_fits_a_fresh_redmine(self, world: RedmineWorld) -> None:
        async with opened(world, "people") as connector:
            schema = await connector.describe()
        for entity in OF_ISSUES:
            assert not check(builtin("redmine", entity), schema)

    async def test_the_shipped_mapping_keeps_the_laws_on_this_redmine(
        self, world: RedmineWorld
    ) -> None:
        async with opened(world, "people") as connector:
            schema = await connector.describe()
        for entity in OF_ISSUES:
            mapping = builtin("redmine", entity)
            assert not try_mapping(mapping, Random(7), schema.records["issue"])


class TestMapping(Recorded, Mapped):
    pass


class TestMappingLive(Live, Mapped):
    pytestmark = live
