"""What only Odoo does with tasks: refusals that look like crashes, people as partners, archiving.

The tests run on the server of `deployments.real` and on recordings of it.
"""

from __future__ import annotations

from typing import Any

import pytest

from connectors.odoo.client import Client
from syncline.sdk.connector import (
    Create,
    CreateSearch,
    Found,
    NewComment,
    Record,
    Result,
    Update,
    Visibility,
)
from syncline.sdk.errors import Misconfigured, Rejected
from syncline.sdk.testing import Trouble
from syncline.sdk.testing.base import LONG_AGO
from tests.connectors.odoo_stage import Live, Recorded, live
from tests.connectors.odoo_world import MODELS, OdooWorld, opened


async def _told(world: OdooWorld, who: str, id: str) -> list[dict[str, Any]]:
    """What Odoo told one person apart about a record; only who is told can see that."""
    about = [["model", "=", world.model], ["res_id", "=", int(id)]]
    rows = await world.call(
        "mail.message",
        "search_read",
        who,
        domain=[*about, ["message_type", "=", "user_notification"]],
        fields=["subject"],
    )
    return list(rows)


class Own:
    story = "own"

    async def test_a_crash_that_is_a_refusal_is_told_without_its_traceback(
        self, world: OdooWorld
    ) -> None:
        id = await world.create({"name": "as it was"})
        async with opened(world) as connector:
            client: Client = connector.client
            with pytest.raises(Rejected) as refused:
                await client.write("project.task", "write", ids=[int(id)], vals={"x_no": 1})
        told = str(refused.value)
        assert "Invalid field 'x_no'" in told
        assert "Nothing was applied" in told
        assert "Traceback" not in told and ".py" not in told and "…" not in told

    async def test_a_field_that_is_not_there_is_refused_before_anything_is_sent(
        self, world: OdooWorld
    ) -> None:
        id = await world.create({"name": "as it was"})
        async with opened(world) as connector:
            await connector.describe()
            before = world.requests().write
            (outcome,) = await connector.update("task", [Update(id, {"colour": 3}, {})])
            (closed,) = await connector.update("task", [Update(id, {"created_at": "now"}, {})])
        assert (outcome.result, closed.result) == (Result.REJECTED, Result.REJECTED)
        assert "'colour' is no field of a task" in outcome.reason
        assert "read-only" in closed.reason
        assert world.requests().write == before

    async def test_a_wrong_database_project_or_key_field_is_named(self, world: OdooWorld) -> None:
        for wrong, word in (
            ({"database": "nowhere"}, "'nowhere'"),
            ({"scope": {"project": "Nowhere"}}, "'Nowhere'"),
            ({"key_field": "x_nowhere"}, "'x_nowhere'"),
        ):
            async with opened(world, **wrong) as connector:
                with pytest.raises(Misconfigured, match=word):
                    await connector.describe()
                    async for _ in connector.changes("task", None):
                        pass

    async def test_what_a_write_of_ours_overwrote_is_in_the_history(self, world: OdooWorld) -> None:
        id = await world.create({"name": "planned from this"})
        async with opened(world) as connector:
            await world.edit(id, {"name": "a person was faster"})
            ours = Update(id, {"name": "ours"}, {"name": "planned from this"})
            (outcome,) = await connector.update("task", [ours])
            changes = (await connector.history("task", [id], LONG_AGO))[id]
        assert outcome.result is Result.APPLIED
        told = [(c.before, c.after, c.by_us) for c in changes if c.path == "name"]
        assert told[-1] == ("a person was faster", "ours", True)

    async def test_the_history_of_a_status_is_that_of_stage_and_state_together(
        self, world: OdooWorld
    ) -> None:
        id = await world.create({"name": "moving"})
        async with opened(world) as connector:
            for before, after in (("To Do", "In Progress"), ("In Progress", "Done")):
                moved = Update(id, {"status": after}, {"status": before})
                (outcome,) = await connector.update("task", [moved])
                assert outcome.record and outcome.record.fields["status"] == after
            reopened = Update(id, {"status": "In Progress"}, {"status": "Done"})
            await connector.update("task", [reopened])
            changes = (await connector.history("task", [id], LONG_AGO))[id]
        assert [(c.before, c.after) for c in changes if c.path == "status"] == [
            ("To Do", "In Progress"),
            ("In Progress", "Done"),
            ("Done", "In Progress"),
        ]

    async def test_a_status_is_not_moved_where_the_task_has_moved(self, world: OdooWorld) -> None:
        id = await world.create({"name": "moved meanwhile"})
        async with opened(world) as connector:
            await world.edit(id, {"state": "1_canceled"})
            moved = Update(id, {"status": "Done"}, {"status": "To Do"})
            (outcome,) = await connector.update("task", [moved])
        assert outcome.result is Result.CONFLICT
        assert (await world.show(id, "state"))["state"] == "1_canceled"

    async def test_a_stage_that_the_project_lacks_is_refused_with_those_it_has(
        self, world: OdooWorld
    ) -> None:
        id = await world.create({"name": "as it was"})
        async with opened(world) as connector:
            (outcome,) = await connector.update("task", [Update(id, {"status": "Review"}, {})])
        assert outcome.result is Result.REJECTED
        assert "To Do, In Progress" in outcome.reason or "In Progress, To Do" in outcome.reason

    async def test_a_key_that_somebody_copied_does_not_make_a_copy_ours(
        self, world: OdooWorld
    ) -> None:
        fields = {"name": "only once"}
        async with opened(world) as connector:
            (made,) = await connector.create("task", [Create("key-1", fields)])
            await world.create({"name": "a copy", "x_syncline_key": "key-1"})
            (ours,) = await connector.find("task", [CreateSearch("key-1", fields, LONG_AGO)])
            foreign = await world.create({"name": "theirs", "x_syncline_key": "key-2"})
            (theirs,) = await connector.find("task", [CreateSearch("key-2", fields, LONG_AGO)])
        assert ours.found is Found.YES and ours.record and ours.record.id == made.id
        assert theirs.found is Found.UNKNOWN and f"#{foreign}" in theirs.reason

    async def test_without_a_key_field_a_lost_create_is_left_to_a_person(
        self, world: OdooWorld
    ) -> None:
        async with opened(world, key_field=None) as connector:
            assert not connector.capabilities.find_by_key
            search = CreateSearch("key-1", {"name": "one"}, LONG_AGO)
            (answer,) = await connector.find("task", [search])
        assert answer.found is Found.UNKNOWN
        assert "key_field" in answer.reason

    async def test_a_task_that_we_make_is_assigned_to_nobody(self, world: OdooWorld) -> None:
        async with opened(world) as connector:
            (made,) = await connector.create("task", [Create("key-1", {"name": "quiet"})])
        assert made.id
        assert (await world.show(made.id, "user_ids"))["user_ids"] == []

    async def test_a_task_with_several_assignees_keeps_them(self, world: OdooWorld) -> None:
        users = await world.call(
            "res.users", "search_read", domain=[["login", "in", ["ann", "bob"]]], fields=["name"]
        )
        both = [user["id"] for user in users]
        id = await world.create({"name": "shared work", "user_ids": [[6, 0, both]]})
        handle, _ = await world.somebody()
        async with opened(world) as connector:
            shown = (await connector.fetch("task", [id]))[id]
            assert isinstance(shown, Record)
            expected = {"assignee": shown.fields["assignee"]}
            change = Update(id, {"assignee": handle}, expected)
            (outcome,) = await connector.update("task", [change])
        assert outcome.result is Result.REJECTED
        assert "Several people" in outcome.reason
        assert sorted((await world.show(id, "user_ids"))["user_ids"]) == sorted(both)

    async def test_a_person_is_assigned_by_their_partner(self, world: OdooWorld) -> None:
        id = await world.create({"name": "somebody's", "user_ids": [[6, 0, []]]})
        handle, email = await world.somebody()
        async with opened(world) as connector:
            (outcome,) = await connector.update(
                "task", [Update(id, {"assignee": handle}, {"assignee": None})]
            )
            assert outcome.record and outcome.record.fields["assignee"] == handle
            assert (await connector.people([handle]))[handle].email == email
            cleared = Update(id, {"assignee": None}, {"assignee": handle})
            (outcome,) = await connector.update("task", [cleared])
            assert outcome.record and outcome.record.fields["assignee"] is None

    async def test_whom_we_assign_is_not_told_so_by_odoo(self, world: OdooWorld) -> None:
        (ann,) = await world.call(
            "res.users", "search_read", domain=[["login", "=", "ann"]], fields=["partner_id"]
        )
        handle = str(ann["partner_id"][0])
        for record, role, given in (
            ("task", "assignee", {"user_ids": [[6, 0, [ann["id"]]]]}),
            ("opportunity", "owner", {"user_id": ann["id"]}),
        ):
            world.record, world.model = record, MODELS[record]
            async with opened(world) as connector:
                create = Create(f"key-{record}", {"name": "born Ann's", role: handle})
                (made,) = await connector.create(record, [create])
                later = await world.create({"name": "becomes Ann's"})
                (shown,) = (await connector.fetch(record, [later])).values()
                assert isinstance(shown, Record)
                change = Update(later, {role: handle}, {role: shown.fields[role]})
                (changed,) = await connector.update(record, [change])
            for outcome in (made, changed):
                assert outcome.record and outcome.record.fields[role] == handle
                assert await _told(world, "ann", str(outcome.id)) == []
            other = await world.create({"name": "given to Ann by a colleague"})
            await world.edit(other, given)
            assert len(await _told(world, "ann", other)) == 1

    async def test_labels_that_others_add_meanwhile_stay_and_new_ones_are_made(
        self, world: OdooWorld
    ) -> None:
        id = await world.create({"name": "labelled"})
        async with opened(world) as connector:
            first = Update(id, {"labels": ["red", "blue"]}, {"labels": []})
            (made,) = await connector.update("task", [first])
            assert made.record and made.record.fields["labels"] == ["blue", "red"]
            await world.edit(id, {"tag_ids": [[0, 0, {"name": "green"}]]})
            second = Update(id, {"labels": ["red"]}, {"labels": ["blue", "red"]})
            (taken,) = await connector.update("task", [second])
        assert taken.record and taken.record.fields["labels"] == ["green", "red"]

    async def test_an_archived_task_is_told_as_deleted_and_can_come_back(
        self, world: OdooWorld
    ) -> None:
        id = await world.create({"name": "archived"})
        await world.settle()
        async with opened(world) as connector:
            cursor = [page.cursor async for page in connector.changes("task", None)][-1]
            await world.edit(id, {"active": False})
            told = {r.id: r async for p in connector.changes("task", cursor) for r in p.records}
            assert told[id].deleted
            listed = [page.versions async for page in connector.census("task")]
            assert all(id not in versions for versions in listed)
            await world.edit(id, {"active": True})
            shown = (await connector.fetch("task", [id]))[id]
        assert isinstance(shown, Record) and not shown.deleted

    async def test_a_task_that_leaves_the_project_is_told_with_the_next_changes(
        self, world: OdooWorld
    ) -> None:
        id = await world.create({"name": "moving out"})
        await world.settle()
        async with opened(world) as connector:
            cursor = [page.cursor async for page in connector.changes("task", None)][-1]
            await world.leave_scope(id)
            told = {r.id: r async for p in connector.changes("task", cursor) for r in p.records}
        assert not told[id].in_scope

    async def test_a_comment_alone_is_told_as_a_change_and_then_no_more(
        self, world: OdooWorld
    ) -> None:
        id = await world.create({"name": "talked about"})
        await world.settle()
        async with opened(world) as connector:
            cursor = [page.cursor async for page in connector.changes("task", None)][-1]
            cursor = [page.cursor async for page in connector.changes("task", cursor)][-1]
            await world.comment(id, "<p>Anything new?</p>", Visibility.INTERNAL)
            pages = [page async for page in connector.changes("task", cursor)]
            assert id in {record.id for page in pages for record in page.records}
            await world.settle()
            pages = [page async for page in connector.changes("task", pages[-1].cursor)]
            await world.settle()
            before = world.requests().read
            pages = [page async for page in connector.changes("task", pages[-1].cursor)]
        assert [page.records for page in pages] == [[]]
        assert world.requests().read == before + 1

    async def test_a_new_process_reads_on_with_one_request(self, world: OdooWorld) -> None:
        await world.create({"name": "old news"})
        await world.settle()
        async with opened(world) as connector:
            cursor = [page.cursor async for page in connector.changes("task", None)][-1]
            await world.settle()
            cursor = [page.cursor async for page in connector.changes("task", cursor)][-1]
        before = world.requests().read
        async with opened(world) as connector:
            pages = [page async for page in connector.changes("task", cursor)]
        assert [page.records for page in pages] == [[]]
        assert world.requests().read == before + 1

    async def test_a_public_comment_that_we_copy_is_mailed_to_nobody(
        self, world: OdooWorld
    ) -> None:
        id = await world.create({"name": "followed"})
        handle, _ = await world.somebody()
        await world.call(
            "project.task", "message_subscribe", ids=[int(id)], partner_ids=[int(handle)]
        )
        async with opened(world) as connector:
            item = NewComment("key-c", id, "<p>Copied.</p>", Visibility.PUBLIC)
            (made,) = await connector.comment("task", [item])
        assert made.id
        (message,) = await world.call(
            "mail.message", "read", ids=[int(made.id)], fields=["notification_ids"]
        )
        assert message["notification_ids"] == []

    async def test_a_comment_whose_answer_is_lost_is_known_by_its_key(
        self, world: OdooWorld
    ) -> None:
        id = await world.create({"name": "talked about"})
        async with opened(world) as connector:
            await connector.comments("task", [id])
            await world.trouble(Trouble.LOST_ANSWER)
            item = NewComment("key-c", id, "<p>Only once.</p>", Visibility.INTERNAL)
            (outcome,) = await connector.comment("task", [item])
            assert outcome.result is Result.AMBIGUOUS
            await world.recover()
            (shown,) = (await connector.comments("task", [id]))[id]
        assert (shown.key, shown.by_us) == ("key-c", True)

    async def test_a_comment_on_a_task_that_is_gone_is_not_made(self, world: OdooWorld) -> None:
        id = await world.create({"name": "gone"})
        await world.delete(id)
        async with opened(world) as connector:
            item = NewComment("key-c", id, "<p>Too late.</p>", Visibility.INTERNAL)
            (outcome,) = await connector.comment("task", [item])
        assert outcome.result is Result.GONE

    async def test_rights_that_are_missing_or_too_many_are_named(self, world: OdooWorld) -> None:
        async with opened(world) as connector:
            assert not (await connector.describe()).warnings
        async with opened(world, "ann", key_field=None) as connector:
            told = " ".join((await connector.describe()).warnings)
            assert "mail.tracking.value" in told and "key_field" in told
            id = await world.create({"name": "unseen history"})
            await world.edit(id, {"name": "changed"})
            assert not (await connector.history("task", [id], LONG_AGO))[id]
        async with opened(world, "people") as connector:
            assert "administrator" in " ".join((await connector.describe()).warnings)


class TestOwn(Recorded, Own):
    pass


class TestOwnLive(Live, Own):
    pytestmark = live
