"""The part of the suite about reading: credentials, schema, changes, census, fetch, people."""

from __future__ import annotations

import pytest

from syncline.sdk.connector import Connector, Create, Missing, Record
from syncline.sdk.errors import AuthRequired, Retriable
from syncline.sdk.testing.base import SuiteBase
from syncline.sdk.testing.tool import ToolUnderTest, Trouble, the_record


class ReadingTests(SuiteBase):
    """What may be read is complete, current, and cheap when nothing has changed."""

    async def test_good_credentials_show_the_real_schema(
        self, connector: Connector, record: str
    ) -> None:
        schema = await connector.describe()
        fields = schema.records[record].fields
        assert schema.account
        assert self.shape.title in fields
        assert not fields[self.shape.title].read_only
        assert all(path == field.path for path, field in fields.items())

    async def test_wrong_credentials_stop_everything(
        self, stranger: Connector, connector: Connector, world: ToolUnderTest, record: str
    ) -> None:
        (id,) = await self.person_makes(world, "before the wrong key")
        await world.settle()
        before = await self.census(connector)
        with pytest.raises(AuthRequired):
            await stranger.describe()
        with pytest.raises(AuthRequired):
            await self.told(stranger)
        with pytest.raises(AuthRequired):
            await stranger.fetch(record, [id])
        with pytest.raises(AuthRequired):
            await stranger.create(record, [Create("key-stranger", self.shape.sample("no"))])
        await world.settle()
        assert await self.census(connector) == before

    async def test_a_tool_without_changes_still_gives_a_page_with_a_cursor(
        self, connector: Connector, world: ToolUnderTest
    ) -> None:
        await world.settle()
        _, cursor = await self.told(connector)
        assert cursor

    async def test_without_a_cursor_every_record_is_told(
        self, connector: Connector, world: ToolUnderTest
    ) -> None:
        ids = await self.person_makes(world, "one", "two", "three")
        await world.settle()
        records, _ = await self.told(connector)
        assert set(ids) <= records.keys()
        assert [self.title_of(records[id]) for id in ids] == ["one", "two", "three"]

    async def test_changes_are_complete_over_ties_and_shifting_pages(
        self, connector: Connector, world: ToolUnderTest, record: str
    ) -> None:
        ids = await self.person_makes(world, *(f"record {n}" for n in range(self.shape.many)))
        await world.settle()
        told: dict[str, Record] = {}
        cursor, pages = None, 0
        async for page in connector.changes(record, None):
            told |= {shown.id: shown for shown in page.records}
            pages += 1
            if pages == 1:
                first, second = [i for i in ids if i in told][:2]
                await world.edit(first, self.titled("edited while pages were read"))
                await world.delete(second)
            cursor = page.cursor
        assert pages > 1, "shape.many is not more than a page"
        assert set(ids) <= told.keys()
        await world.settle()
        later, _ = await self.told(connector, cursor)
        assert self.title_of((told | later)[first]) == "edited while pages were read"

    async def test_reading_again_from_an_old_cursor_loses_nothing(
        self, connector: Connector, world: ToolUnderTest
    ) -> None:
        one, two, three = await self.person_makes(world, "one", "two", "three")
        await world.settle()
        _, first = await self.told(connector)
        await world.edit(one, self.titled("one, edited"))
        await world.settle()
        _, second = await self.told(connector, first)
        await world.edit(two, self.titled("two, edited"))
        await world.settle()
        from_first, _ = await self.told(connector, first)
        from_second, _ = await self.told(connector, second)
        assert {one, two} <= from_first.keys()
        assert two in from_second
        assert three not in from_second

    async def test_a_change_right_after_the_cursor_is_told(
        self, connector: Connector, world: ToolUnderTest
    ) -> None:
        (id,) = await self.person_makes(world, "as it was")
        _, cursor = await self.told(connector)
        await world.edit(id, self.titled("in the same second"))
        await world.settle()
        records, _ = await self.told(connector, cursor)
        assert self.title_of(records[id]) == "in the same second"

    async def test_the_cursor_of_every_page_resumes_without_a_gap(
        self, connector: Connector, world: ToolUnderTest, record: str
    ) -> None:
        ids = await self.person_makes(world, *(f"record {n}" for n in range(self.shape.many)))
        await world.settle()
        page = await anext(connector.changes(record, None), None)
        assert page is not None, "changes gave no page"
        rest, _ = await self.told(connector, page.cursor)
        assert set(ids) <= {shown.id for shown in page.records} | rest.keys()

    async def test_an_unchanged_tool_costs_one_request(
        self, connector: Connector, world: ToolUnderTest
    ) -> None:
        await self.person_makes(world, "one", "two", "three")
        await world.settle()
        _, cursor = await self.told(connector)
        await world.settle()
        _, cursor = await self.told(connector, cursor)
        before = world.requests()
        records, _ = await self.told(connector, cursor)
        after = world.requests()
        assert records == {}
        assert (after.read - before.read, after.write - before.write) == (1, 0)

    async def test_fetch_shows_what_is_and_what_is_gone(
        self, connector: Connector, world: ToolUnderTest, record: str
    ) -> None:
        kept, lost = await self.person_makes(world, "kept", "lost")
        await world.delete(lost)
        answers = await connector.fetch(record, [lost, kept])
        assert set(answers) == {kept, lost}
        assert self.title_of(the_record(answers[kept])) == "kept"
        gone = answers[lost]
        assert (isinstance(gone, Missing) and gone.gone) or (
            isinstance(gone, Record) and gone.deleted
        )

    async def test_fetch_tells_hidden_from_gone(
        self, connector: Connector, world: ToolUnderTest, record: str
    ) -> None:
        (id,) = await self.person_makes(world, "private from now on")
        await world.hide(id)
        answer = (await connector.fetch(record, [id]))[id]
        assert isinstance(answer, Missing)
        assert not answer.gone

    async def test_fetch_is_current_when_searches_lag(
        self, connector: Connector, world: ToolUnderTest
    ) -> None:
        (id,) = await self.person_makes(world, "old")
        await world.settle()
        await world.edit(id, self.titled("new"))
        assert self.title_of(await self.now(connector, id)) == "new"

    async def test_fetch_reads_as_many_at_once_as_claimed(
        self, connector: Connector, world: ToolUnderTest, record: str
    ) -> None:
        ids = await self.person_makes(world, "one", "two", "three")
        await connector.fetch(record, ids)
        before = world.requests().read
        answers = await connector.fetch(record, ids)
        sent = world.requests().read - before
        assert [answers[id].id for id in ids] == ids
        assert sent <= -(-len(ids) // connector.capabilities_of(record).bulk_fetch)

    async def test_the_census_is_everything_with_the_versions_of_now(
        self, connector: Connector, world: ToolUnderTest, record: str
    ) -> None:
        before = await self.census(connector)
        kept, lost = await self.person_makes(world, "kept", "lost")
        await world.delete(lost)
        await world.edit(kept, self.titled("kept and edited"))
        await world.settle()
        versions = await self.census(connector)
        assert versions.keys() - before.keys() == {kept}
        assert versions[kept] in (None, (await self.now(connector, kept)).version)

    async def test_a_record_out_of_scope_is_shown_as_such_and_not_listed(
        self, connector: Connector, world: ToolUnderTest
    ) -> None:
        (id,) = await self.person_makes(world, "moved elsewhere")
        await world.leave_scope(id)
        await world.settle()
        assert not (await self.now(connector, id)).in_scope
        assert id not in await self.census(connector)

    async def test_a_version_grows_with_each_change(
        self, connector: Connector, world: ToolUnderTest
    ) -> None:
        (id,) = await self.person_makes(world, "one")
        before = await self.now(connector, id)
        await world.settle()
        await world.edit(id, self.titled("two"))
        after = await self.now(connector, id)
        assert (before.version is None) == (after.version is None)
        assert before.version is None or after.version is None or after.version > before.version

    async def test_a_tool_that_is_down_is_tried_again_later(
        self, connector: Connector, world: ToolUnderTest, record: str
    ) -> None:
        (id,) = await self.person_makes(world, "still there")
        await world.trouble(Trouble.DOWN)
        with pytest.raises(Retriable):
            await connector.fetch(record, [id])
        await world.recover()
        assert self.title_of(await self.now(connector, id)) == "still there"

    async def test_people_are_known_by_handle_and_by_exact_address(
        self, connector: Connector, world: ToolUnderTest
    ) -> None:
        handle, email = await world.somebody()
        nobody = f"x{email}"
        assert (await connector.people([handle]))[handle].email == email
        found = await connector.find_people([email, nobody])
        assert {address: person.handle for address, person in found.items()} == {email: handle}
