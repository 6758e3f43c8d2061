"""The part of the suite about writing records: once, only what was asked, and item by item."""

from __future__ import annotations

import pytest

from syncline.sdk.connector import Connector, Create, Found, Missing, Record, Result, Update
from syncline.sdk.testing.base import SuiteBase, results
from syncline.sdk.testing.tool import ToolUnderTest, Trouble, leaves, nested, value_at

HARD_TEXTS = {
    "accents": "Grüße aus Łódź, naïve façade",
    "combining": "e\u0301 is not \u00e9",
    "emoji": "ship it 🚀 👩\u200d👩\u200d👧 🇨🇦",
    "right to left": "שלום עולם مرحبا",
    "cjk": "発売日を確認してください",
    "quotes": 'it\'s "quoted" \\ back\\slashed; -- 1=1',
    "markup": "1 < 2 && 3 > 2 {code} *stars* _low_ [~user] @all %s ${x}",
    "inner spaces": "two  spaces",
}


class WritingTests(SuiteBase):
    """Every write ends in exactly one known outcome, and changes nothing else."""

    async def test_what_was_created_is_shown(self, connector: Connector, record: str) -> None:
        first, second = await connector.create(
            record,
            [
                Create("key-first", self.shape.sample("first")),
                Create("key-second", self.shape.sample("second")),
            ],
        )
        assert results([first, second]) == [Result.APPLIED, Result.APPLIED]
        assert first.id and second.id and first.id != second.id
        assert self.title_of(await self.now(connector, first.id)) == "first"
        assert self.title_of(await self.now(connector, second.id)) == "second"

    async def test_a_write_answers_with_the_record_where_that_is_claimed(
        self, connector: Connector, record: str
    ) -> None:
        (made,) = await connector.create(record, [Create("key-a", self.shape.sample("made"))])
        assert made.id
        changed = await self.patch(connector, made.id, self.titled("changed"), self.titled("made"))
        for outcome, title in ((made, "made"), (changed, "changed")):
            assert (outcome.record is not None) == connector.capabilities_of(record).answers_writes
            assert outcome.record is None or self.title_of(outcome.record) == title
        if changed.record is not None:
            assert changed.record == await self.now(connector, made.id)

    async def test_a_create_whose_answer_is_lost_is_found_and_made_once(
        self, connector: Connector, world: ToolUnderTest, record: str
    ) -> None:
        await world.settle()
        before = await self.census(connector)
        fields = self.shape.sample("the answer was lost")
        await world.trouble(Trouble.LOST_ANSWER)
        (outcome,) = await connector.create(record, [Create("key-lost", fields)])
        assert outcome.result is Result.AMBIGUOUS
        await world.recover()
        await world.settle()
        made = (await self.census(connector)).keys() - before.keys()
        assert len(made) == 1
        answer = await self.found(connector, "key-lost", fields)
        if connector.capabilities_of(record).find_by_key:
            assert answer.found is Found.YES
            assert answer.record and {answer.record.id} == made
            assert answer.record.marker in (None, "key-lost")
        else:
            assert answer.found is Found.UNKNOWN

    async def test_a_create_that_was_never_sent_is_not_found(
        self, connector: Connector, world: ToolUnderTest, record: str
    ) -> None:
        await self.make(connector, "key-other", self.shape.sample("another record"))
        await world.settle()
        fields = self.shape.sample("never sent")
        answer = await self.found(connector, "key-never", fields)
        allowed = (
            (Found.NO, Found.UNKNOWN)
            if connector.capabilities_of(record).find_by_key
            else (Found.UNKNOWN,)
        )
        assert answer.found in allowed

    async def test_an_update_changes_only_its_patch(
        self, connector: Connector, world: ToolUnderTest
    ) -> None:
        first, other = await self.person_makes(world, "as it was", "bystander")
        before, bystander = await self.now(connector, first), await self.now(connector, other)
        outcome = await self.patch(
            connector, first, self.titled("changed"), self.titled("as it was")
        )
        assert outcome.result is Result.APPLIED
        after = await self.now(connector, first)
        expected = leaves(before.fields) | {self.shape.title: "changed"}
        assert self._settled(leaves(after.fields)) == self._settled(expected)
        assert await self.now(connector, other) == bystander

    async def test_an_update_is_told_as_a_change(
        self, connector: Connector, world: ToolUnderTest
    ) -> None:
        (id,) = await self.person_makes(world, "as it was")
        await world.settle()
        _, cursor = await self.told(connector)
        await self.patch(connector, id, self.titled("changed"), self.titled("as it was"))
        await world.settle()
        records, _ = await self.told(connector, cursor)
        assert self.title_of(records[id]) == "changed"

    async def test_what_is_read_may_be_written_back(
        self, connector: Connector, world: ToolUnderTest
    ) -> None:
        (id,) = await self.person_makes(world, "the same again")
        before = await self.now(connector, id)
        same = self.titled("the same again")
        assert (await self.patch(connector, id, same, same)).result is Result.APPLIED
        after = await self.now(connector, id)
        assert self._settled(leaves(after.fields)) == self._settled(leaves(before.fields))

    async def test_a_write_planned_from_an_old_view_is_refused_or_the_window_admitted(
        self, connector: Connector, world: ToolUnderTest, record: str
    ) -> None:
        (id,) = await self.person_makes(world, "planned from this")
        version = (await self.now(connector, id)).version
        await world.edit(id, self.titled("a person was faster"))
        claims = connector.capabilities_of(record)
        if not claims.conditional_update:
            assert claims.residual_window or claims.history
            return
        (outcome,) = await connector.update(
            record, [Update(id, self.titled("too late"), self.titled("planned from this"), version)]
        )
        assert outcome.result is Result.CONFLICT
        assert self.title_of(await self.now(connector, id)) == "a person was faster"

    async def test_our_write_leaves_what_a_person_wrote_elsewhere_meanwhile(
        self, connector: Connector, world: ToolUnderTest, record: str
    ) -> None:
        path = self.shape.clearable
        assert path, "give shape.clearable, or name this test in exempt"
        (id,) = await self.person_makes(world, "planned from this")
        before = await self.now(connector, id)
        await world.edit(id, self.titled("written meanwhile"))
        ours, expected = nested(path, "not empty"), nested(path, value_at(before.fields, path))
        (outcome,) = await connector.update(record, [Update(id, ours, expected, before.version)])
        assert outcome.result in (Result.APPLIED, Result.CONFLICT)
        after = await self.now(connector, id)
        assert self.title_of(after) == "written meanwhile"
        assert bool(value_at(after.fields, path)) == (outcome.result is Result.APPLIED)

    @pytest.mark.parametrize("name", HARD_TEXTS)
    async def test_hard_texts_arrive_unchanged(self, connector: Connector, name: str) -> None:
        text = HARD_TEXTS[name]
        id = await self.make(connector, f"key-{name}", self.shape.sample("plain"))
        outcome = await self.patch(connector, id, self.titled(text), self.titled("plain"))
        assert outcome.result is Result.APPLIED
        assert self.title_of(await self.now(connector, id)) == text

    async def test_long_text_arrives_whole(self, connector: Connector) -> None:
        assert self.shape.text, "give shape.text, or name this test in exempt"
        lines = "\n\n".join(f"Paragraph {n}: größer, שלום, 🚀." for n in range(2000))
        text = lines[: self.shape.longest].rstrip()
        more = {self.shape.text: self.written(text)}
        id = await self.make(connector, "key-long", self.shape.sample("a long one", more))
        shown = value_at((await self.now(connector, id)).fields, self.shape.text)
        assert self.read(shown) == text

    async def test_an_emptied_field_is_empty_and_not_the_word_null(
        self, connector: Connector
    ) -> None:
        path = self.shape.clearable
        assert path, "give shape.clearable, or name this test in exempt"
        never = await self.make(connector, "key-never-set", self.shape.sample("never set"))
        empty = value_at((await self.now(connector, never)).fields, path)
        fields = self.shape.sample("cleared", {path: "not empty"})
        id = await self.make(connector, "key-cleared", fields)
        before = value_at((await self.now(connector, id)).fields, path)
        assert before
        outcome = await self.patch(connector, id, nested(path, None), nested(path, before))
        assert outcome.result is Result.APPLIED
        assert value_at((await self.now(connector, id)).fields, path) == empty
        assert not empty

    async def test_a_refused_item_of_a_batch_harms_no_neighbour(
        self, connector: Connector, record: str
    ) -> None:
        good, also_good = self.shape.sample("good"), self.shape.sample("good")
        bad = self.shape.sample("bad", leaves(self.shape.refused))
        outcomes = await connector.create(
            record, [Create("key-1", good), Create("key-2", bad), Create("key-3", also_good)]
        )
        assert results(outcomes) == [Result.APPLIED, Result.REJECTED, Result.APPLIED]
        assert outcomes[1].reason
        ids = [outcomes[0].id, outcomes[2].id]
        assert None not in ids and ids[0] != ids[1]

    async def test_each_update_of_a_batch_has_its_own_outcome(
        self, connector: Connector, world: ToolUnderTest, record: str
    ) -> None:
        one, refused, gone, last = await self.person_makes(world, "one", "two", "three", "four")
        versions = {
            id: (await self.now(connector, id)).version for id in (one, refused, gone, last)
        }
        await world.delete(gone)
        changed = self.titled("changed")
        outcomes = await connector.update(
            record,
            [
                Update(one, changed, self.titled("one"), versions[one]),
                Update(refused, self.shape.refused, {}, versions[refused]),
                Update(gone, changed, self.titled("three"), versions[gone]),
                Update(last, changed, self.titled("four"), versions[last]),
            ],
        )
        assert results(outcomes) == [
            Result.APPLIED, Result.REJECTED, Result.GONE, Result.APPLIED
        ]  # fmt: skip
        assert self.title_of(await self.now(connector, refused)) == "two"
        assert self.title_of(await self.now(connector, last)) == "changed"

    async def test_a_rate_limit_delays_a_create_and_makes_it_once(
        self, connector: Connector, world: ToolUnderTest, record: str
    ) -> None:
        await world.settle()
        before = await self.census(connector)
        await world.trouble(Trouble.RATE_LIMIT)
        item = Create("key-limited", self.shape.sample("after the limit"))
        (outcome,) = await connector.create(record, [item])
        assert outcome.result in (Result.APPLIED, Result.RETRY)
        if outcome.result is Result.RETRY:
            await world.recover()
            (outcome,) = await connector.create(record, [item])
            assert outcome.result is Result.APPLIED
        await world.settle()
        assert len((await self.census(connector)).keys() - before.keys()) == 1

    async def test_writes_go_in_bulk_where_that_is_claimed(
        self, connector: Connector, record: str, world: ToolUnderTest
    ) -> None:
        claims = connector.capabilities_of(record)
        items = [Create(f"key-{n}", self.shape.sample(f"item {n}")) for n in range(3)]
        start = world.requests().write
        made = await connector.create(record, items)
        creates = world.requests().write - start
        updates = [
            Update(o.id or "", self.titled("all changed"), self.titled(f"item {n}"))
            for n, o in enumerate(made)
        ]
        start = world.requests().write
        assert set(results(await connector.update(record, updates))) == {Result.APPLIED}
        changes = world.requests().write - start
        assert creates == -(-3 // claims.bulk_create)
        assert changes == -(-3 // claims.bulk_update)

    async def test_a_status_is_reached_along_the_allowed_transitions(
        self, connector: Connector
    ) -> None:
        assert self.shape.far_status, "give shape.far_status, or name this test in exempt"
        path, far = self.shape.far_status
        id = await self.make(connector, "key-far", self.shape.sample("to be finished"))
        start = value_at((await self.now(connector, id)).fields, path)
        outcome = await self.patch(connector, id, nested(path, far), nested(path, start))
        assert outcome.result is Result.APPLIED
        assert value_at((await self.now(connector, id)).fields, path) == far

    @pytest.mark.parametrize("how", ["archive", "delete"])
    async def test_removing_does_what_is_claimed(
        self, connector: Connector, world: ToolUnderTest, record: str, how: str
    ) -> None:
        kept, id = await self.person_makes(world, "kept", "removed")
        (outcome,) = await connector.remove(record, [id], how)
        answer = (await connector.fetch(record, [id]))[id]
        if how not in connector.capabilities_of(record).deletes:
            assert outcome.result is Result.REJECTED
            assert isinstance(answer, Record) and not answer.deleted
            return
        assert outcome.result is Result.APPLIED
        assert answer.deleted if isinstance(answer, Record) else answer.gone
        assert how == "delete" or isinstance(answer, Record)
        assert not isinstance(await self.now(connector, kept), Missing)

    def _settled(self, fields: dict[str, object]) -> dict[str, object]:
        return {k: v for k, v in fields.items() if k not in self.shape.volatile}
