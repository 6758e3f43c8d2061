"""The Redmine connector where Redmine is unlike other tools: what it drops, hides and lists."""

from __future__ import annotations

import pytest

from connectors.redmine import RedmineConnector
from syncline.sdk.connector import (
    CommentEdit,
    Create,
    CreateSearch,
    Found,
    LinkCard,
    Missing,
    NewAttachment,
    NewComment,
    Record,
    Result,
    Update,
    Visibility,
)
from syncline.sdk.errors import AuthRequired, Misconfigured
from syncline.sdk.testing.base import LONG_AGO
from tests.connectors.redmine_stage import Live, Recorded, live
from tests.connectors.redmine_world import RedmineWorld, opened

SETTING = (
    "INSERT OR REPLACE INTO settings (id, name, value, updated_on) VALUES"
    " ((SELECT id FROM settings WHERE name = '{name}'), '{name}', '{value}',"
    " datetime('now', '+1 second'))"
)


class OnlyRedmine:
    """What no other tool does."""

    story = "own"

    async def test_the_schema_names_the_options_and_the_rights_that_are_missing(
        self, world: RedmineWorld
    ) -> None:
        async with opened(world, "bob") as connector:
            schema = await connector.describe()
        fields = schema.records["issue"].fields
        assert fields["status"].options == (
            "New", "In Progress", "Resolved", "Feedback", "Closed", "Rejected"
        )  # fmt: skip
        assert "custom_fields.Labels" in fields
        assert schema.text_format == "textile"
        assert [w for w in schema.warnings if "'Edit own notes' in app" in w]

    async def test_a_project_that_is_not_there_is_named(self, world: RedmineWorld) -> None:
        async with opened(world, scope={"project": ["app", "nowhere"]}) as connector:
            with pytest.raises(Misconfigured, match="'nowhere'"):
                await connector.describe()

    async def test_an_interface_that_is_switched_off_is_no_wrong_key(
        self, world: RedmineWorld
    ) -> None:
        await world.administer(SETTING.format(name="rest_api_enabled", value="0"))
        async with opened(world) as connector:
            with pytest.raises(Misconfigured, match="switched off"):
                await connector.describe()

    async def test_a_key_that_reads_as_nobodys_is_refused_though_redmine_serves_it(
        self, world: RedmineWorld
    ) -> None:
        await world.administer(SETTING.format(name="login_required", value="0"))
        async with opened(world) as connector:
            cursor = await last_cursor(connector)
        async with opened(world, "stranger") as connector:
            with pytest.raises(AuthRequired):
                await last_cursor(connector, cursor)

    async def test_an_unchanged_project_costs_a_new_process_one_request(
        self, world: RedmineWorld
    ) -> None:
        cursor = None
        for _ in range(2):
            async with opened(world) as connector:
                cursor = await last_cursor(connector, cursor)
            await world.settle()
        before = world.requests()
        async with opened(world) as connector:
            await last_cursor(connector, cursor)
        assert world.requests() == (before.read + 1, before.write)

    async def test_more_than_a_page_within_one_second_is_told_whole(
        self, world: RedmineWorld
    ) -> None:
        ids = {await world.create({"subject": f"bulk {n}"}) for n in range(103)}
        await world.administer("UPDATE issues SET updated_on = '2026-01-05 10:00:00.250000'")
        async with opened(world) as connector:
            told = [r.id async for page in connector.changes("issue", None) for r in page.records]
        assert ids <= set(told)
        assert len(told) == len(set(told))

    async def test_an_issue_that_leaves_the_project_is_told_with_the_next_changes(
        self, world: RedmineWorld
    ) -> None:
        id = await world.create({"subject": "on its way"})
        async with opened(world) as connector:
            cursor = await last_cursor(connector)
            await world.leave_scope(id)
            pages = [page async for page in connector.changes("issue", cursor)]
        moved = {r.id: r.in_scope for page in pages for r in page.records}
        assert moved[id] is False

    async def test_a_private_issue_is_out_of_scope_unless_private_ones_are_wanted(
        self, world: RedmineWorld
    ) -> None:
        id = await world.create({"subject": "between us"})
        await world.call("PUT", f"/issues/{id}.json", {"issue": {"is_private": True}})
        for wanted in (False, True):
            async with opened(world, private_issues="sync" if wanted else "skip") as connector:
                shown = (await connector.fetch("issue", [id]))[id]
                listed = [
                    id
                    for page in [p async for p in connector.census("issue")]
                    for id in page.versions
                ]
            assert isinstance(shown, Record) and shown.in_scope is wanted
            assert (id in listed) is wanted

    async def test_a_status_comes_with_its_new_tracker(self, world: RedmineWorld) -> None:
        id = await world.create({"subject": "a bug, at first"})
        async with opened(world) as connector:
            patch = {"tracker": "Feature", "status": "In Progress"}
            (outcome,) = await connector.update("issue", [Update(id, patch, {})])
        assert outcome.record and outcome.record.fields.items() >= patch.items()

    async def test_a_path_that_breaks_off_half_way_is_ambiguous(self, world: RedmineWorld) -> None:
        id = await world.create({"subject": "on its way"})
        async with opened(world) as connector:
            (ready,) = await connector.update("issue", [Update(id, {"subject": "ready"}, {})])
            world.stage.lose_answer = True
            update = Update(id, {"status": "Closed"}, {})
            (outcome,) = await connector.update("issue", [update])
        assert ready.result is Result.APPLIED
        assert outcome.result is Result.AMBIGUOUS

    async def test_a_number_that_is_none_is_gone(self, world: RedmineWorld) -> None:
        async with opened(world) as connector:
            answers = await connector.fetch("issue", ["APP-7"])
        assert isinstance(answers["APP-7"], Missing) and answers["APP-7"].gone

    async def test_a_new_issue_reaches_a_status_that_new_issues_cannot_have(
        self, world: RedmineWorld
    ) -> None:
        async with opened(world) as connector:
            fields = {"subject": "already fixed", "status": "Closed"}
            (outcome,) = await connector.create("issue", [Create("key-closed", fields)])
            assert outcome.record and outcome.record.fields["status"] == "Closed"
            assert outcome.record.marker == "key-closed"

    async def test_a_status_without_a_path_is_refused_and_nothing_else_is_written(
        self, world: RedmineWorld
    ) -> None:
        id = await world.create({"subject": "as it was"})
        async with opened(world, "bob") as connector:
            patch = {"status": "Rejected", "subject": "changed"}
            (outcome,) = await connector.update("issue", [Update(id, patch, {})])
            assert outcome.result is Result.REJECTED
            assert "Allowed now: New, In Progress" in outcome.reason
            shown = (await connector.fetch("issue", [id]))[id]
        assert isinstance(shown, Record) and shown.fields["subject"] == "as it was"

    async def test_a_status_move_is_refused_where_the_issue_has_moved(
        self, world: RedmineWorld
    ) -> None:
        id = await world.create({"subject": "as it is"})
        async with opened(world) as connector:
            update = Update(id, {"status": "Resolved"}, {"status": "Feedback"})
            (outcome,) = await connector.update("issue", [update])
        assert outcome.result is Result.CONFLICT

    async def test_names_become_ids_and_ids_names(self, world: RedmineWorld) -> None:
        parent = await world.create({"subject": "the parent"})
        patch = {
            "tracker": "Support", "priority": "Urgent", "assigned_to": "7", "parent": parent,
            "due_date": "2027-02-28", "done_ratio": 30, "is_private": True,
            "custom_fields": {"Labels": ["docs", "vip"], "Severity": "high"},
        }  # fmt: skip
        async with opened(world) as connector:
            fields = {"subject": "all at once"}
            (made,) = await connector.create("issue", [Create("key-all", fields)])
            (outcome,) = await connector.update("issue", [Update(made.id or "", patch, {})])
            assert outcome.record and outcome.record.fields.items() >= patch.items()
            nothing = {"assigned_to": None, "parent": None, "due_date": None}
            emptied = nothing | {"custom_fields": {"Labels": [], "Severity": None}}
            (outcome,) = await connector.update("issue", [Update(made.id or "", emptied, {})])
            assert outcome.record and outcome.record.fields.items() >= emptied.items()

    async def test_an_unknown_name_is_refused_with_the_names_there_are(
        self, world: RedmineWorld
    ) -> None:
        id = await world.create({"subject": "as it is"})
        async with opened(world) as connector:
            patches = [
                {"tracker": "Epic"}, {"custom_fields": {"Colour": "red"}}, {"author": "5"},
                {"custom_fields": {"Labels": ["nobody defined this"]}}, {"subject": "x" * 256},
                {"project": "Elsewhere"}, {"parent": "none"}, {"votes": 3},
            ]  # fmt: skip
            outcomes = await connector.update("issue", [Update(id, p, {}) for p in patches])
        assert {outcome.result for outcome in outcomes} == {Result.REJECTED}
        reasons = "\n".join(outcome.reason for outcome in outcomes)
        for words in ("Bug, Feature, Support", "ExternalKey", "read-only", "not included", "long"):
            assert words in reasons

    async def test_the_history_of_a_list_tells_the_whole_lists(self, world: RedmineWorld) -> None:
        async with opened(world) as connector:
            fields = {"subject": "labelled", "custom_fields": {"Labels": ["bug", "vip"]}}
            (made,) = await connector.create("issue", [Create("key-history", fields)])
            id = made.id or ""
            for labels in (["bug", "docs"], ["docs"]):
                patch = {"custom_fields": {"Labels": labels}}
                await connector.update("issue", [Update(id, patch, {})])
            told = (await connector.history("issue", [id], LONG_AGO))[id]
        lists = [(set(c.before), set(c.after)) for c in told]
        assert lists == [({"bug", "vip"}, {"bug", "docs"}), ({"bug", "docs"}, {"docs"})]
        assert {change.path for change in told} == {"custom_fields.Labels"}

    async def test_the_history_names_statuses_and_people(self, world: RedmineWorld) -> None:
        async with opened(world) as connector:
            (made,) = await connector.create("issue", [Create("key-h", {"subject": "moved"})])
            id = made.id or ""
            patch = {"status": "Resolved", "assigned_to": "7", "is_private": True, "done_ratio": 50}
            await connector.update("issue", [Update(id, patch, {})])
            told = (await connector.history("issue", [id], LONG_AGO))[id]
        assert {c.path: (c.before, c.after) for c in told} == {
            "status": ("New", "Resolved"),
            "assigned_to": (None, "7"),
            "is_private": (False, True),
            "done_ratio": (0, 50),
        }

    async def test_a_create_is_found_by_its_content_where_there_is_no_key_field(
        self, world: RedmineWorld
    ) -> None:
        fields = {"subject": "lost", "description": "one\ntwo"}
        async with opened(world, key_field=None) as connector:
            world.stage.lose_answer = True
            (outcome,) = await connector.create("issue", [Create("key-1", fields)])
            assert outcome.result is Result.AMBIGUOUS
            await world.create(fields)
            search = CreateSearch("key-1", fields, LONG_AGO)
            (found,) = await connector.find("issue", [search])
            assert found.found is Found.YES and found.record
            assert found.record.fields["author"] == "6"
            await connector.create("issue", [Create("key-2", fields)])
            (found,) = await connector.find("issue", [search])
        assert found.found is Found.UNKNOWN

    async def test_a_copied_key_does_not_make_a_copy_ours(self, world: RedmineWorld) -> None:
        async with opened(world) as connector:
            (made,) = await connector.create("issue", [Create("key-1", {"subject": "original"})])
            marker = [{"id": 1, "value": "key-1"}]
            copy = {"project_id": "app", "subject": "copy", "custom_fields": marker}
            await world.call("POST", "/issues.json", {"issue": copy})
            search = CreateSearch("key-1", {"subject": "original"}, LONG_AGO)
            (found,) = await connector.find("issue", [search])
            assert found.record and found.record.id == made.id
            await world.delete(made.id or "")
            (found,) = await connector.find("issue", [search])
        assert found.found is Found.UNKNOWN

    @pytest.mark.parametrize("how", ["private", "plain"])
    async def test_an_internal_comment_is_a_private_note_unless_plain_was_said(
        self, world: RedmineWorld, how: str
    ) -> None:
        id = await world.create({"subject": "talked about"})
        async with opened(world, internal_notes=how) as connector:
            item = NewComment("key-c", id, "between us", Visibility.INTERNAL)
            (outcome,) = await connector.comment("issue", [item])
        (note,) = await world.notes(id)
        assert (str(note["id"]), note["private_notes"]) == (outcome.id, how == "private")

    async def test_nothing_is_written_where_a_note_would_not_become_private(
        self, world: RedmineWorld
    ) -> None:
        await world.administer(
            "UPDATE roles SET permissions = replace(permissions, '- :set_notes_private\n', '')"
        )
        id = await world.create({"subject": "talked about"})
        async with opened(world, "bob") as connector:
            item = NewComment("key-c", id, "between us", Visibility.INTERNAL)
            (outcome,) = await connector.comment("issue", [item])
        assert outcome.result is Result.REJECTED
        assert "'Set notes as private' in app" in outcome.reason
        assert not await world.notes(id)

    async def test_a_comment_whose_answer_is_lost_is_ambiguous_and_holds_back_the_next(
        self, world: RedmineWorld
    ) -> None:
        id = await world.create({"subject": "talked about"})
        async with opened(world) as connector:
            await connector.describe()
            world.stage.lose_answer = True
            items = [NewComment(f"k{n}", id, f"note {n}", Visibility.INTERNAL) for n in (1, 2)]
            outcomes = await connector.comment("issue", items)
        assert [o.result for o in outcomes] == [Result.AMBIGUOUS, Result.RETRY]
        assert [note["notes"] for note in await world.notes(id)] == ["note 1"]

    async def test_a_note_that_somebody_changed_is_not_overwritten(
        self, world: RedmineWorld
    ) -> None:
        id = await world.create({"subject": "talked about"})
        await world.comment(id, "newer words", Visibility.INTERNAL)
        (note,) = await world.notes(id)
        async with opened(world) as connector:
            edits = [
                CommentEdit(str(note["id"]), id, "ours", "older words", Visibility.INTERNAL),
                CommentEdit("99999", id, "ours", "older words", Visibility.INTERNAL),
                CommentEdit(str(note["id"]), id, " ", "newer words", Visibility.INTERNAL),
            ]
            outcomes = await connector.edit_comments("issue", edits)
        expected = [Result.CONFLICT, Result.GONE, Result.REJECTED]
        assert [outcome.result for outcome in outcomes] == expected

    async def test_a_note_that_shows_a_linked_record_is_no_comment(
        self, world: RedmineWorld
    ) -> None:
        id = await world.create({"subject": "linked"})
        async with opened(world) as connector:
            card = LinkCard(id, "desk", "T-1", "Two\nlines", "https://desk.example/1")
            await connector.show_links("issue", [card])
            item = NewComment("k", id, "https://desk.example/1", Visibility.INTERNAL)
            await connector.comment("issue", [item])
            told = (await connector.comments("issue", [id]))[id]
            assert len(await world.notes(id)) == 2
            await connector.show_links("issue", [], gone=[card])
        assert [comment.body for comment in told] == [item.body]
        assert [note["notes"] for note in await world.notes(id)] == [item.body]

    async def test_no_file_goes_where_everybody_could_read_it(self, world: RedmineWorld) -> None:
        id = await world.create({"subject": "public"})
        await world.call("PUT", "/projects/app.json", {"project": {"is_public": True}})
        file = NewAttachment("k", id, "x.txt", b"secret", "text/plain", Visibility.INTERNAL)
        async with opened(world) as connector:
            (outcome,) = await connector.attach("issue", [file])
        assert outcome.result is Result.REJECTED
        assert "is public" in outcome.reason

    async def test_links_in_a_field_leave_alone_what_people_wrote_there(
        self, world: RedmineWorld
    ) -> None:
        async with opened(world, key_field=None, link_field="ExternalKey") as connector:
            field = {"custom_fields": {"ExternalKey": "see-also"}}
            fields = {"subject": "linked", **field}
            (made,) = await connector.create("issue", [Create("k", fields)])
            card = LinkCard(made.id or "", "desk", "T-1", "Help", "https://desk.example/1")
            writes = world.requests().write
            for _ in range(2):
                await connector.show_links("issue", [card])
            assert world.requests().write == writes + 1
            shown = (await connector.fetch("issue", [card.record_id]))[card.record_id]
            assert isinstance(shown, Record)
            assert shown.fields["reference"] == "see-also https://desk.example/1"
            await connector.show_links("issue", [], gone=[card])
            shown = (await connector.fetch("issue", [card.record_id]))[card.record_id]
            assert isinstance(shown, Record) and shown.fields["reference"] == "see-also"


async def last_cursor(connector: RedmineConnector, cursor: str | None = None) -> str | None:
    """Read all changes; the cursor of the last page."""
    return [page async for page in connector.changes("issue", cursor)][-1].cursor


class TestOnlyRedmine(Recorded, OnlyRedmine):
    pass


class TestOnlyRedmineLive(Live, OnlyRedmine):
    pytestmark = live
