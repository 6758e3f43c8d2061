"""The Redmine connector over several projects, with others' rights, and when things break."""

from __future__ import annotations

import pytest

from connectors.redmine import RedmineConnector
from syncline.sdk.connector import (
    Attachment,
    Create,
    CreateSearch,
    Found,
    LinkCard,
    NewAttachment,
    NewComment,
    Outcome,
    Record,
    Result,
    Update,
    Visibility,
)
from syncline.sdk.errors import AuthRequired, Rejected
from syncline.sdk.testing.base import LONG_AGO
from tests.connectors.redmine_stage import Live, Recorded, live
from tests.connectors.redmine_world import RedmineWorld, opened

BOTH = {"project": ["app", "elsewhere"]}


class Projects:
    story = "projects"

    async def test_categories_and_versions_are_those_of_the_issues_own_project(
        self, world: RedmineWorld
    ) -> None:
        for name in ("app", "elsewhere"):
            category = {"issue_category": {"name": "Billing"}}
            await world.call("POST", f"/projects/{name}/issue_categories.json", category)
            version = {"version": {"name": "1.0"}}
            await world.call("POST", f"/projects/{name}/versions.json", version)
        named = {"category": "Billing", "fixed_version": "1.0"}
        async with opened(world, scope=BOTH) as connector:
            fields = {"subject": "there", "project": "Elsewhere", **named}
            (made,) = await connector.create("issue", [Create("key-1", fields)])
            assert made.record and made.record.fields.items() >= fields.items()
            emptied = {"category": None, "fixed_version": None}
            for patch in (emptied, named, {"project": "APP", **named}):
                outcome = await written(connector, made.id, patch)
                assert outcome.record and outcome.record.fields.items() >= patch.items()
                assert outcome.record.in_scope
            told = (await connector.history("issue", [made.id or ""], LONG_AGO))[made.id or ""]
        assert ("project", "Elsewhere", "APP") in [(c.path, c.before, c.after) for c in told]

    async def test_the_history_of_texts_and_numbers_has_their_types(
        self, world: RedmineWorld
    ) -> None:
        patch = {
            "description": "two\nlines", "estimated_hours": 1.5, "due_date": "2027-01-31",
            "custom_fields": {"Severity": "low"},
        }  # fmt: skip
        async with opened(world) as connector:
            (made,) = await connector.create("issue", [Create("key-1", {"subject": "typed"})])
            await written(connector, made.id, patch)
            told = await connector.history("issue", [made.id or "", "999"], LONG_AGO)
        assert not told["999"]
        changes = {c.path: (c.before, c.after) for c in told[made.id or ""]}
        assert changes == {
            "description": ("", "two\nlines"),
            "estimated_hours": (None, 1.5),
            "due_date": (None, "2027-01-31"),
            "custom_fields.Severity": (None, "low"),
        }

    async def test_an_administrators_key_finds_people_among_all_users(
        self, world: RedmineWorld
    ) -> None:
        async with opened(world, "people") as connector:
            found = await connector.find_people(["bob@example.test", "bob@example"])
            assert {mail: p.name for mail, p in found.items()} == {
                "bob@example.test": "Bob Example"
            }
            assert not await connector.people(["999", "no number"])
            options = (await connector.describe()).records["issue"].fields
        assert "vip" in (options["custom_fields.Labels"].options or ())

    async def test_fields_of_the_configuration_that_are_not_there_are_named(
        self, world: RedmineWorld
    ) -> None:
        id = await world.create({"subject": "linked"})
        async with opened(world, key_field="Key?", link_field="Links?") as connector:
            warnings = (await connector.describe()).warnings
            card = LinkCard(id, "desk", "T-1", "Help", "https://desk.example/1")
            gone = LinkCard("999", "desk", "T-1", "Help", "https://desk.example/1")
            outcomes = await connector.show_links("issue", [card, gone])
            search = CreateSearch("key", {"subject": "never made"}, LONG_AGO)
            (found,) = await connector.find("issue", [search])
        assert [w.partition(":")[0] for w in warnings] == ["key_field", "link_field"]
        assert [outcome.result for outcome in outcomes] == [Result.REJECTED, Result.GONE]
        assert found.found is Found.NO

    async def test_a_key_that_ends_in_mid_air_stops_the_connection(
        self, world: RedmineWorld
    ) -> None:
        ids = [await world.create({"subject": f"issue {n}"}) for n in range(2)]
        async with opened(world) as connector:
            await connector.describe()
            await world.administer("DELETE FROM tokens WHERE user_id = 6 AND action = 'api'")
            items = [NewComment(f"k{id}", id, "words", Visibility.INTERNAL) for id in ids]
            with pytest.raises(AuthRequired):
                await connector.comment("issue", items)
            with pytest.raises(AuthRequired):
                await connector.update("issue", [Update(id, {"subject": "x"}, {}) for id in ids])

    async def test_a_new_tracker_is_kept_when_its_status_is_refused(
        self, world: RedmineWorld
    ) -> None:
        id = await world.create({"subject": "a bug, at first"})
        async with opened(world, "bob") as connector:
            outcome = await written(connector, id, {"tracker": "Support", "status": "Rejected"})
            assert outcome.result is Result.AMBIGUOUS
            outcome = await written(connector, id, {"status": "Rejected"})
            assert outcome.result is Result.REJECTED
            shown = (await connector.fetch("issue", [id]))[id]
        assert isinstance(shown, Record) and shown.fields["tracker"] == "Support"

    async def test_what_is_there_already_is_not_written(self, world: RedmineWorld) -> None:
        id = await world.create({"subject": "as it is"})
        async with opened(world) as connector:
            for patch in ({}, {"status": "New"}):
                assert (await written(connector, id, patch)).result is Result.APPLIED
        assert world.requests().write == 0

    async def test_an_upload_whose_answer_is_lost_is_sent_again_later(
        self, world: RedmineWorld
    ) -> None:
        id = await world.create({"subject": "with a file"})
        file = NewAttachment("k", id, "x.txt", b"words", "text/plain", Visibility.INTERNAL)
        async with opened(world) as connector:
            await connector.describe()
            world.stage.lose_answer = True
            (outcome,) = await connector.attach("issue", [file])
            assert outcome.result is Result.RETRY
            assert await connector.attachments("issue", [id, "999"]) == {id: [], "999": []}

    async def test_a_file_that_says_it_is_too_large_is_not_asked_for(
        self, world: RedmineWorld
    ) -> None:
        async with opened(world) as connector:
            size = connector.capabilities.max_attachment_bytes + 1
            kind, who = "text/plain", Visibility.INTERNAL
            file = Attachment("1", "2", "big.txt", size, kind, who, LONG_AGO)
            with pytest.raises(Rejected, match="too large"):
                await connector.download("issue", file)
        assert world.requests().read == 0

    async def test_notes_without_words_and_of_issues_that_are_gone(
        self, world: RedmineWorld
    ) -> None:
        id = await world.create({"subject": "talked about"})
        async with opened(world) as connector:
            blank = NewComment("k", id, " \n", Visibility.INTERNAL)
            (outcome,) = await connector.comment("issue", [blank])
            told = await connector.comments("issue", ["999"])
        assert outcome.result is Result.REJECTED
        assert not told["999"]


async def written(connector: RedmineConnector, id: str | None, patch: dict[str, object]) -> Outcome:
    """One update and its outcome."""
    (outcome,) = await connector.update("issue", [Update(id or "", patch, {})])
    return outcome


class TestProjects(Recorded, Projects):
    pass


class TestProjectsLive(Live, Projects):
    pytestmark = live
