"""Whole syncs between Jira Cloud and Jira Data Center: documents here, wiki markup there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import resources
from random import Random
from typing import Any

import pytest

from syncline.engine.spec import CommentPolicy, SideSpec, Sync
from syncline.mapping.check import check
from syncline.mapping.laws import try_mapping
from syncline.mapping.load import builtin, load_mapping
from syncline.schema.text import adf_source
from syncline.sdk.connector import Visibility
from syncline.simulation.syncs import compiled
from syncline.store.findings import conflicts
from syncline.store.store import Store
from tests.connectors.jira.world import DataCenterWorld, JiraWorld, document, opened, written
from tests.support.world import StillClock, World

TICKET = (resources.files("mappings") / "jira" / "ticket.yaml").read_text("utf-8")
DATA_CENTER = "extends: builtin\nentity: {entity}\nrecord: issue\ntext: wiki_markup\n"
"""What an operator writes for a connection to Data Center."""


class Clock(StillClock):
    """The engine's clock, which takes both tools' along."""

    def __init__(self, *worlds: JiraWorld) -> None:
        super().__init__()
        self._worlds = worlds

    def advance(self, seconds: float) -> None:
        super().advance(seconds)
        for world in self._worlds:
            world.clock.advance(seconds)


class Office(World):
    """A project in each, in one sync of tickets."""

    cloud: JiraWorld
    own: DataCenterWorld

    @classmethod
    @asynccontextmanager
    async def opened(cls) -> AsyncIterator[Office]:
        office = cls()
        async with (
            JiraWorld.serving() as cloud,
            DataCenterWorld.serving() as own,
            opened(cloud) as cloud_connector,
            opened(own) as own_connector,
        ):
            office.cloud, office.own = cloud, own
            office.clock = Clock(cloud, own)
            office.connectors = {  # type: ignore[assignment]  # the engine takes any connector
                "cloud": cloud_connector,
                "own": own_connector,
            }
            specs = {
                "cloud": SideSpec("cloud", "issue", "adf", create="when_missing"),
                "own": SideSpec("own", "issue", "wiki_markup", create="when_missing"),
            }
            texts = {"cloud": TICKET, "own": TICKET.replace("text: adf", "text: wiki_markup")}
            # What neither side can write is compared by nobody.
            units = {
                name: unit
                for name, unit in compiled(specs, texts, {}, {}).items()
                if "both" in unit.modes.values()
            }
            office.spec = Sync(
                name="s",
                entity="ticket",
                sides=specs,
                units=units,
                match=("marker",),
                comments=CommentPolicy((Visibility.INTERNAL,)),
                fingerprint="f1",
            )
            async with await Store.open(
                "sqlite://", "w", office.clock, inline=True
            ) as office.store:
                yield office

    async def quiet(self) -> None:
        """Pass until nothing is written any more; then see that nothing is."""
        self.clock.advance(3600)
        await self.settled()
        self.clock.advance(3600)
        before = self.writes()
        report = await self.sync()
        assert self.writes() == before
        assert report.links == report.agreed + report.counts["conflicts"]

    def only(self, world: JiraWorld) -> tuple[str, dict[str, Any]]:
        (doc,) = world.site.issues.values()
        return str(doc["id"]), doc["fields"]


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    async with Office.opened() as found:
        yield found


WIKI = (
    "h2. Steps\r\n\r\nPress *Pay* in [the shop|https://e.com/a_b].\r\nThen wait.\r\n\r\n"
    "* once\r\n** twice\r\n\r\n{code:java}\r\nint x;\r\n{code}\r\n\r\n{color:red}Nothing{color}"
    " happens, [~ann].\r\n\r\n||a||b||\r\n|1|2|"
)


async def test_a_text_becomes_a_document_and_only_the_edited_part_changes_on_either_side(
    office: Office,
) -> None:
    id = await office.own.create({"summary": "Cannot pay", "description": WIKI})
    await office.quiet()
    there, fields = office.only(office.cloud)
    kinds = [block["type"] for block in fields["description"]["content"]]
    assert kinds == ["heading", "paragraph", "bulletList", "codeBlock", "paragraph", "table"]
    assert office.only(office.own)[1]["description"] == WIKI

    content = [*fields["description"]["content"]]
    content[0] = {**content[0], "content": [{"type": "text", "text": "What I did"}]}
    edited = {**fields["description"], "content": content}
    await office.cloud.edit(there, {"description": adf_source(edited)})
    await office.quiet()
    assert office.only(office.own)[1]["description"] == WIKI.replace("Steps", "What I did")
    assert office.only(office.cloud)[1]["description"] == edited

    wiki = WIKI.replace("Steps", "What I did").replace("Then wait.", "Then wait an *hour*.")
    await office.own.edit(id, {"description": wiki})
    await office.quiet()
    assert office.only(office.own)[1]["description"] == wiki
    shown = office.only(office.cloud)[1]["description"]["content"]
    assert [one for at, one in enumerate(shown) if at != 1] == [
        one for at, one in enumerate(content) if at != 1
    ]
    assert "hour" in str(shown[1])


async def test_edits_made_at_the_same_time_on_both_sides_meet(office: Office) -> None:
    id = await office.own.create({"summary": "Meet", "description": "One.\n\nTwo.\n\nThree."})
    await office.quiet()
    there, fields = office.only(office.cloud)
    content = [*fields["description"]["content"]]
    content[0] = document("One, in the cloud.")["content"][0]
    cloud = {**fields["description"], "content": content}
    await office.cloud.edit(there, {"description": adf_source(cloud), "priority": "High"})
    await office.own.edit(id, {"description": "One.\n\nTwo.\n\nThree, *here*.", "labels": ["ours"]})
    await office.own.walk(id, "In Progress")
    await office.quiet()
    own, cloud = office.only(office.own)[1], office.only(office.cloud)[1]
    assert own["description"] == "One, in the cloud.\n\nTwo.\n\nThree, *here*."
    assert "Three, " in str(cloud["description"]) and "in the cloud" in str(cloud["description"])
    for name in ("priority", "labels", "status"):
        assert own[name] == cloud[name]
    assert (own["priority"], own["labels"], own["status"]) == ("2", ["ours"], "3")


async def test_two_edits_of_one_title_are_a_conflict_and_both_stay(office: Office) -> None:
    id = await office.own.create({"summary": "Before"})
    await office.quiet()
    there, _ = office.only(office.cloud)
    await office.cloud.edit(there, {"summary": "In the cloud"})
    await office.own.edit(id, {"summary": "On our own"})
    await office.quiet()
    (found,) = await office.store.read(conflicts.list, "s")
    assert found.field == "title"
    titles = {office.only(world)[1]["summary"] for world in (office.cloud, office.own)}
    assert titles == {"In the cloud", "On our own"}


async def test_a_deleted_issue_is_not_made_again(office: Office) -> None:
    id = await office.own.create({"summary": "Short-lived"})
    await office.quiet()
    await office.own.delete(id)
    office.clock.advance(3600)
    await office.sync(full=True)
    await office.quiet()
    assert not list(office.own.site.issues.values())
    assert len(list(office.cloud.site.issues.values())) == 1


async def test_an_issue_that_leaves_the_project_is_let_alone(office: Office) -> None:
    id = await office.own.create({"summary": "On the move"})
    await office.quiet()
    await office.own.leave_scope(id)
    office.clock.advance(3600)
    await office.sync(full=True)
    await office.cloud.edit(office.only(office.cloud)[0], {"summary": "Renamed meanwhile"})
    await office.quiet()
    assert office.only(office.own)[1]["summary"] == "On the move"


async def test_comments_and_people_travel_both_ways(office: Office) -> None:
    id = await office.own.create({"summary": "Talk"})
    await office.quiet()
    there, _ = office.only(office.cloud)
    await office.own.comment(id, "Seen in *Auckland*.", Visibility.INTERNAL)
    await office.cloud.comment(there, written("And in Berlin."), Visibility.INTERNAL)
    name, _ = await office.own.somebody()
    await office.own.edit(id, {"assignee": {"name": name}})
    await office.quiet()
    own = [one["body"] for one in office.own.site.comments_of(id)]
    cloud = [str(one["body"]) for one in office.cloud.site.comments_of(there)]
    assert len(own) == len(cloud) == 2
    assert own[1].endswith("wrote in cloud:\n\nAnd in Berlin.")
    assert "Auckland" in cloud[1] and "strong" in cloud[1]
    assert office.only(office.cloud)[1]["assignee"] == office.cloud.bob


async def test_a_lost_create_makes_one_issue_there(office: Office) -> None:
    await office.own.fault("drop_after_apply", "/rest/api/2/issue/bulk", "POST")
    await office.cloud.create({"summary": "Only once"})
    for _ in range(12):
        office.clock.advance(600)
        await office.sync()
    assert office.only(office.own)[1]["summary"] == "Only once"
    assert office.only(office.cloud)[1]["summary"] == "Only once"


@pytest.mark.parametrize("entity", ["ticket", "customer_request"])
async def test_a_shipped_mapping_with_wiki_markup_fits_data_center_and_keeps_the_laws(
    entity: str,
) -> None:
    async with DataCenterWorld.serving() as world, opened(world) as connector:
        schema = await connector.describe()
    found = load_mapping(DATA_CENTER.format(entity=entity), tool="jira")
    assert not check(found, schema)
    assert not try_mapping(found, Random(7), schema.records["issue"])


async def test_documents_are_refused_as_the_texts_of_data_center() -> None:
    async with DataCenterWorld.serving() as world, opened(world) as connector:
        (problem,) = check(builtin("jira", "ticket"), await connector.describe())
    assert "wiki_markup" in problem.what
