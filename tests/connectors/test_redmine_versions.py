"""Redmine's versions keep the interface that all connectors keep; where they are unlike issues."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any, ClassVar

import pytest

from connectors.redmine import RedmineConnector
from syncline.mapping.check import check
from syncline.mapping.load import builtin
from syncline.sdk.connector import (
    Attachment,
    CommentEdit,
    Create,
    CreateSearch,
    FindResult,
    Found,
    LinkCard,
    Missing,
    NewAttachment,
    NewComment,
    Outcome,
    Record,
    Result,
    Update,
    Visibility,
    Wire,
)
from syncline.sdk.errors import AuthRequired, Misconfigured, Rejected
from syncline.sdk.testing import ConnectorTests, Shape
from syncline.sdk.testing.base import LONG_AGO
from syncline.sdk.testing.writing import HARD_TEXTS
from tests.connectors.redmine_stage import Live, Recorded, live
from tests.connectors.redmine_world import RedmineWorld, VersionWorld, opened
from tests.connectors.test_redmine_only import SETTING

BOTH = {"project": ["app", "elsewhere"]}


@dataclass(frozen=True, slots=True)
class NamedShape(Shape):
    """A sample has a name of its own: a project has each name once."""

    numbers: Iterator[int] = field(default_factory=count)

    def sample(self, title: str, more: Wire | None = None) -> dict[str, Any]:
        return {**Shape.sample(self, title, more), "name": f"version {next(self.numbers)}"}


def shape() -> NamedShape:
    return NamedShape(
        record="version",
        title="description",
        text="description",
        clearable="wiki_page_title",
        refused={"status": "no such status"},
        far_status=("status", "closed"),
        longest=255,
        many=5,  # there are no pages: the cursor comes on one of its own, after the list
        volatile=frozenset({"updated_on"}),
    )


NO_HISTORY = "Redmine keeps no journal of versions"
NO_COMMENTS = "a version has no notes; how they are refused is below"


class Conformance(ConnectorTests):
    shape: ClassVar[Shape] = shape()
    story = "version"
    kind = VersionWorld
    exempt: ClassVar = {
        "test_the_history_names_who_changed_what": NO_HISTORY,
        "test_comments_keep_their_words_order_and_visibility": NO_COMMENTS,
        "test_a_comment_is_edited_where_that_is_claimed": NO_COMMENTS,
        "test_a_file_comes_back_byte_for_byte": "its files are the project's, and not read",
        "test_a_link_shown_twice_is_one_and_can_be_taken_off": "no place for links in a version",
        "test_a_refused_item_of_a_batch_harms_no_neighbour": (
            "two creates of the same fields have the same name; there is one of other names below"
        ),
    }

    @pytest.fixture(autouse=True)
    def _numbered_anew(self) -> None:
        """Recordings know names by their numbers."""
        type(self).shape = shape()

    @pytest.fixture
    async def connector(self, world: RedmineWorld) -> AsyncIterator[RedmineConnector]:
        async with opened(world) as connector:
            yield connector

    @pytest.fixture
    async def stranger(self, world: RedmineWorld) -> AsyncIterator[RedmineConnector]:
        async with opened(world, "stranger") as connector:
            yield connector


class TestConformance(Recorded, Conformance):
    kind = VersionWorld


class TestConformanceLive(Live, Conformance):
    pytestmark = live
    kind = VersionWorld


class OnlyVersions:
    """What no other record has."""

    story = "versions"

    @pytest.mark.parametrize("name", HARD_TEXTS)
    async def test_hard_texts_are_names_too(self, world: RedmineWorld, name: str) -> None:
        async with opened(world) as connector:
            made = await create(connector, "key-1", {"name": HARD_TEXTS[name]})
        assert made.record and made.record.fields["name"] == HARD_TEXTS[name]

    async def test_a_name_that_the_project_has_is_refused_in_redmines_words(
        self, world: RedmineWorld
    ) -> None:
        await world.create({"name": "1.0"})
        async with opened(world) as connector:
            refused = await create(connector, "key-1", {"name": "1.0"})
            other = await create(connector, "key-2", {"name": "1.1"})
            renamed = await update(connector, other.id, {"name": "1.0"})
        assert (refused.result, renamed.result) == (Result.REJECTED, Result.REJECTED)
        assert refused.reason == renamed.reason == "Name has already been taken"

    async def test_a_refused_version_of_a_batch_harms_no_neighbour(
        self, world: RedmineWorld
    ) -> None:
        names = {"key-1": "1.0", "key-2": "x" * 61, "key-3": "1.1"}
        async with opened(world) as connector:
            items = [Create(key, {"name": name}) for key, name in names.items()]
            outcomes = await connector.create("version", items)
        assert [o.result for o in outcomes] == [Result.APPLIED, Result.REJECTED, Result.APPLIED]
        assert outcomes[1].reason == "Name is too long (maximum is 60 characters)"

    async def test_a_version_with_issues_stays_and_the_reason_says_why(
        self, world: RedmineWorld
    ) -> None:
        id = await world.create({"name": "1.0"})
        issue = {"issue": {"project_id": "app", "subject": "in it", "fixed_version_id": id}}
        made = await world.call("POST", "/issues.json", issue)
        async with opened(world) as connector:
            (kept,) = await connector.remove("version", [id], "delete")
            shown = (await connector.fetch("version", [id]))[id]
            (issue_kept,) = await connector.remove("issue", [made["issue"]["id"]], "delete")
        assert kept.result is Result.REJECTED and "it has issues" in kept.reason
        assert isinstance(shown, Record)
        assert issue_kept.result is Result.REJECTED and "notes and files" in issue_kept.reason

    async def test_what_another_project_shares_is_not_ours(self, world: RedmineWorld) -> None:
        await world.create({"name": "ours"})
        shared = {"version": {"name": "theirs", "sharing": "system"}}
        made = await world.call("POST", "/projects/elsewhere/versions.json", shared)
        id = str(made["version"]["id"])
        listed = await world.call("GET", "/projects/app/versions.json")
        assert {row["name"] for row in listed["versions"]} == {"ours", "theirs"}
        async with opened(world) as connector:
            pages = [page async for page in connector.changes("version", None)]
            counted = [page async for page in connector.census("version")]
            shown = (await connector.fetch("version", [id]))[id]
        assert [r.fields["name"] for page in pages for r in page.records] == ["ours"]
        assert id not in {id for page in counted for id in page.versions}
        assert isinstance(shown, Record) and not shown.in_scope

    async def test_two_changes_within_a_second_are_told(self, world: RedmineWorld) -> None:
        id = await world.create({"name": "1.0"})
        async with opened(world) as connector:
            cursor = await cursor_of(connector)
            stamp = "UPDATE versions SET name = '1.0.1'"  # `updated_on` stays
            await world.administer(stamp)
            told = [r async for page in connector.changes("version", cursor) for r in page.records]
        assert [(r.id, r.fields["name"]) for r in told] == [(id, "1.0.1")]

    async def test_an_unchanged_list_costs_a_new_process_one_request_a_project(
        self, world: RedmineWorld
    ) -> None:
        for name in ("1.0", "2.0"):
            await world.create({"name": name})
        async with opened(world, scope=BOTH) as connector:
            cursor = await cursor_of(connector)
        before = world.requests()
        async with opened(world, scope=BOTH) as connector:
            pages = [page async for page in connector.changes("version", cursor)]
        assert world.requests() == (before.read + 2, before.write)
        assert not [r for page in pages for r in page.records] and pages[-1].cursor == cursor

    async def test_one_version_of_many_changed_costs_the_list_and_nothing_else(
        self, world: RedmineWorld
    ) -> None:
        ids = [await world.create({"name": f"1.{n}"}) for n in range(9)]
        async with opened(world) as connector:
            cursor = await cursor_of(connector)
            await world.edit(ids[4], {"status": "locked"})
            before = world.requests()
            told = [r async for page in connector.changes("version", cursor) for r in page.records]
            assert world.requests() == (before.read + 1, before.write)
        assert [(r.id, r.fields["status"]) for r in told] == [(ids[4], "locked")]

    async def test_a_key_that_reads_as_nobodys_is_refused_though_redmine_serves_it(
        self, world: RedmineWorld
    ) -> None:
        await world.administer(SETTING.format(name="login_required", value="0"))
        async with opened(world) as connector:
            cursor = await cursor_of(connector)
        async with opened(world, "stranger") as connector:
            with pytest.raises(AuthRequired):
                await cursor_of(connector, cursor)

    async def test_a_version_goes_into_the_project_it_names_and_stays_there(
        self, world: RedmineWorld
    ) -> None:
        async with opened(world, scope=BOTH) as connector:
            made = await create(connector, "key-1", {"name": "1.0", "project": "Elsewhere"})
            moved = await update(connector, made.id, {"project": "APP"})
            outside = await create(connector, "key-2", {"name": "1.0", "project": "Closed"})
        assert made.record and made.record.fields["project"] == "Elsewhere" and made.record.in_scope
        assert (moved.result, outside.result) == (Result.REJECTED, Result.REJECTED)
        assert "outside the connection's scope" in outside.reason

    async def test_a_word_that_redmine_would_drop_is_refused(self, world: RedmineWorld) -> None:
        id = await world.create({"name": "1.0"})
        async with opened(world) as connector:
            for patch in ({"sharing": "no such"}, {"custom_fields": {"No such": "x"}}):
                refused = await update(connector, id, patch)
                assert refused.result is Result.REJECTED
            dropped = await update(connector, id, {"sharing": "system"})
        assert dropped.record and dropped.record.fields["sharing"] == "none"

    async def test_without_a_field_for_the_key_the_name_finds_a_lost_create(
        self, world: RedmineWorld
    ) -> None:
        async with opened(world, key_field=None) as connector:
            world.stage.lose_answer = True
            fields = {"name": "1.0", "description": "The first.", "due_date": "2027-01-31"}
            lost = await create(connector, "key-1", fields)
            assert lost.result is Result.AMBIGUOUS
            yes = await find(connector, "key-1", fields)
            assert (yes.found, yes.record and yes.record.marker) == (Found.YES, None)
            other = await find(connector, "key-1", {**fields, "description": "Another."})
            assert other.found is Found.UNKNOWN
            assert (await find(connector, "key-1", {"name": "1.1"})).found is Found.NO

    async def test_a_name_that_was_there_before_is_no_lost_create(
        self, world: RedmineWorld
    ) -> None:
        id = await world.create({"name": "1.0"})
        await world.administer(f"UPDATE versions SET created_on = '2026-01-01' WHERE id = {id}")
        async with opened(world, key_field=None) as connector:
            since = (await connector.fetch("version", [id]))[id]
            assert isinstance(since, Record) and since.updated_at
            search = CreateSearch("key-1", {"name": "1.0"}, since.updated_at)
            (answer,) = await connector.find("version", [search])
        assert answer.found is Found.NO

    async def test_the_first_version_shows_where_the_key_goes(self, world: RedmineWorld) -> None:
        async with opened(world) as connector:
            first = await create(connector, "key-1", {"name": "1.0"})
            second = await create(connector, "key-2", {"name": "1.1"})
        assert first.record and first.record.marker is None
        assert second.record and second.record.marker == "key-2"

    async def test_a_key_that_two_versions_carry_is_nobodys(self, world: RedmineWorld) -> None:
        await world.create({"name": "shows which fields versions have"})
        async with opened(world, scope=BOTH) as connector:
            for project in ("APP", "Elsewhere"):
                await create(connector, "key-1", {"name": "1.0", "project": project})
            assert (await find(connector, "key-1", {"name": "1.0"})).found is Found.UNKNOWN

    async def test_who_may_not_change_versions_is_told_which_right_is_missing(
        self, world: RedmineWorld
    ) -> None:
        id = await world.create({"name": "1.0"})
        await world.administer(
            "UPDATE roles SET permissions = replace(permissions, '- :manage_versions', '')"
        )
        async with opened(world) as connector:
            told = [
                await create(connector, "key-1", {"name": "1.1"}),
                await update(connector, id, {"name": "1.1"}),
                *await connector.remove("version", [id], "delete"),
            ]
        assert {one.result for one in told} == {Result.REJECTED}
        assert all("'Manage versions'" in one.reason for one in told)

    async def test_what_a_version_does_not_have_is_refused_in_words(
        self, world: RedmineWorld
    ) -> None:
        id = await world.create({"name": "1.0"})
        seen = Visibility.INTERNAL
        file = NewAttachment("k", id, "x.txt", b"x", "text/plain", seen)
        kept = Attachment("1", id, "x.txt", 1, "text/plain", seen, LONG_AGO)
        card = LinkCard(id, "other", "OTH-7", "The other one", "https://other.example/OTH-7")
        async with opened(world) as connector:
            told = [
                *await connector.comment("version", [NewComment("k", id, "words", seen)]),
                *await connector.edit_comments("version", [CommentEdit("1", id, "a", "b", seen)]),
                *await connector.attach("version", [file]),
                *await connector.show_links("version", [card], [card]),
                *await connector.remove("version", [id], "archive"),
            ]
            with pytest.raises(Rejected, match="no files"):
                await connector.download("version", kept)
            with pytest.raises(Misconfigured, match="issue, version"):
                await connector.fetch("wiki_page", ["1"])
        assert [one.result for one in told] == [Result.REJECTED] * 6
        assert all("nothing was written" in one.reason for one in told)

    async def test_a_number_that_is_none_is_gone(self, world: RedmineWorld) -> None:
        async with opened(world) as connector:
            answer = (await connector.fetch("version", ["1.0"]))["1.0"]
        assert isinstance(answer, Missing) and answer.gone

    async def test_a_project_whose_issues_are_switched_off_is_named(
        self, world: RedmineWorld
    ) -> None:
        async with opened(world) as connector:
            cursor = await cursor_of(connector)
            await world.administer("DELETE FROM enabled_modules WHERE name = 'issue_tracking'")
            with pytest.raises(Misconfigured, match="'app'.*switched"):
                await cursor_of(connector, cursor)

    @pytest.mark.parametrize("who", ["hub", "people"])
    async def test_the_shipped_mapping_fits_and_keeps_the_laws(
        self, world: RedmineWorld, who: str
    ) -> None:
        async with opened(world, who, key_field=None) as connector:
            await create(connector, "key-1", {"name": "1.0"})
            schema = await connector.describe()
        assert "custom_fields.ExternalKey" in schema.records["version"].fields
        assert not check(builtin("redmine", "roadmap_item"), schema)


async def create(connector: RedmineConnector, key: str, fields: Wire) -> Outcome:
    (outcome,) = await connector.create("version", [Create(key, fields)])
    return outcome


async def update(connector: RedmineConnector, id: str | None, patch: Wire) -> Outcome:
    (outcome,) = await connector.update("version", [Update(id or "", patch, {})])
    return outcome


async def find(connector: RedmineConnector, key: str, fields: Wire) -> FindResult:
    (answer,) = await connector.find("version", [CreateSearch(key, fields, LONG_AGO)])
    return answer


async def cursor_of(connector: RedmineConnector, cursor: str | None = None) -> str:
    async for page in connector.changes("version", cursor):
        cursor = page.cursor
    assert cursor
    return cursor


class TestVersions(Recorded, OnlyVersions):
    kind = VersionWorld


class TestVersionsLive(Live, OnlyVersions):
    pytestmark = live
    kind = VersionWorld
