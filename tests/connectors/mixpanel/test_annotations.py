"""Annotations: a key in the text, a day that stays, and tags that are known by number."""

from __future__ import annotations

from collections.abc import AsyncIterator
from importlib import resources

import httpx
import pytest

from connectors.mixpanel import MixpanelConnector
from connectors.mixpanel.fake.office import HUB, HUB_SECRET, OTHER, READER, READER_SECRET, TOKEN
from syncline.engine.spec import SideSpec
from syncline.sdk.connector import Create, CreateSearch, Found, Missing, Record, Result, Update
from syncline.sdk.errors import AuthRequired
from syncline.sdk.secrets import Secret
from syncline.store.findings import conflicts, deviations
from tests.connectors.mixpanel.world import ANNOTATIONS, START, AnnotationWorld, living, opened
from tests.support.world import World, compiled

RECORD = "annotation"
DAY = {"date": "2026-01-05"}
RELEASES = """\
entity: release
record: ticket
text: markdown
fields:
  name: {path: title}
  date: {path: custom.day}
"""
SHIPPED = (resources.files("mappings") / "mixpanel" / "release.yaml").read_text("utf-8")


@pytest.fixture
async def world() -> AsyncIterator[AnnotationWorld]:
    async with living(AnnotationWorld) as world:
        yield world


@pytest.fixture
async def connector(world: AnnotationWorld) -> AsyncIterator[MixpanelConnector]:
    async with opened(world) as connector:
        yield connector


async def made(connector: MixpanelConnector, key: str, **fields: object) -> str:
    """The id of an annotation that was created."""
    (outcome,) = await connector.create(RECORD, [Create(key, {**DAY, **fields})])
    assert outcome.result is Result.APPLIED, outcome.reason
    assert outcome.id
    return outcome.id


async def test_the_interface_passes_over_another_day_with_200(
    connector: MixpanelConnector, world: AnnotationWorld
) -> None:
    id = await made(connector, "sl-a", name="Release 1")
    async with httpx.AsyncClient(base_url=world.base_url, trust_env=False) as http:
        body = {"description": "Release 2", "date": "2026-02-02 00:00:00"}
        answered = await http.patch(f"{ANNOTATIONS}/{id}", json=body, auth=(HUB, HUB_SECRET))
    assert answered.status_code == 200
    assert answered.json()["results"]["description"] == "Release 2"
    assert answered.json()["results"]["date"] == "2026-01-05 00:00:00"


async def test_another_day_is_refused_before_anything_is_sent(
    connector: MixpanelConnector, world: AnnotationWorld
) -> None:
    id = await made(connector, "sl-a", name="Release 1")
    before = world.requests()
    (outcome,) = await connector.update(RECORD, [Update(id, {"date": "2026-02-02"}, {})])
    assert outcome.result is Result.REJECTED
    assert "date cannot be written" in outcome.reason
    assert world.requests() == before


async def test_an_edit_keeps_the_key_the_note_and_the_tags(
    connector: MixpanelConnector, world: AnnotationWorld
) -> None:
    id = await made(connector, "sl-a", name="Release 1", note="- Dark mode", tags=["mobile"])
    await connector.update(RECORD, [Update(id, {"name": "Release 1.0"}, {})])
    shown = world.fake.annotations.get(id)
    assert shown["description"] == "Release 1.0\n- Dark mode [syncline:sl-a]"
    assert [tag["name"] for tag in shown["tags"]] == ["mobile"]
    now = (await connector.fetch(RECORD, [id]))[id]
    assert isinstance(now, Record) and now.marker == "sl-a"


async def test_a_tag_is_made_once_and_one_that_is_there_is_used(
    connector: MixpanelConnector, world: AnnotationWorld
) -> None:
    world.fake.annotations.tag("web")
    items = [Create(f"sl-{n}", {**DAY, "name": f"R {n}", "tags": ["web", "app"]}) for n in "abc"]
    outcomes = await connector.create(RECORD, items)
    assert [one.record and one.record.fields["tags"] for one in outcomes] == [["app", "web"]] * 3
    assert sorted(one["name"] for one in world.fake.annotations.all_tags()) == ["app", "web"]
    # A list of tags and a new tag once, and an annotation each.
    assert world.requests() == (1, 4)


async def test_an_annotation_is_one_write_and_its_edit_a_read_and_a_write(
    connector: MixpanelConnector, world: AnnotationWorld
) -> None:
    id = await made(connector, "sl-a", name="Release 1")
    assert world.requests() == (0, 1)
    await connector.update(RECORD, [Update(id, {"name": "Release 2"}, {})])
    assert world.requests() == (1, 2)


@pytest.mark.parametrize("day", [None, "2026-1-5", "soon", "2026-02-30", 20260105])
async def test_an_annotation_without_a_day_is_refused_before_anything_is_sent(
    connector: MixpanelConnector, world: AnnotationWorld, day: object
) -> None:
    (outcome,) = await connector.create(RECORD, [Create("sl-a", {"name": "R", "date": day})])
    assert outcome.result is Result.REJECTED
    assert "marks a day like 2026-01-05" in outcome.reason
    assert world.requests() == (0, 0)


async def test_two_annotations_with_one_key_are_a_question_for_a_person(
    connector: MixpanelConnector, world: AnnotationWorld
) -> None:
    id = await made(connector, "sl-a", name="Release 1")
    copy = world.fake.annotations.get(id)
    world.fake.annotations.create({**copy, "tags": []}, "ann")
    (answer,) = await connector.find(RECORD, [CreateSearch("sl-a", {}, START)])
    assert answer.found is Found.UNKNOWN


async def test_an_id_that_would_leave_its_path_is_not_sent(
    connector: MixpanelConnector, world: AnnotationWorld
) -> None:
    answers = await connector.fetch(RECORD, ["../../../me"])
    assert [isinstance(one, Missing) and one.gone for one in answers.values()] == [True]
    # One request, for the project itself: the credentials are looked at before a record is gone.
    assert world.requests() == (1, 0)


async def test_an_account_without_the_role_reads_and_is_told_so_when_it_writes(
    world: AnnotationWorld,
) -> None:
    auth = {"username": READER, "secret": Secret(READER_SECRET), "project_token": Secret(TOKEN)}
    async with opened(world, auth=auth) as reader:
        assert (await reader.describe()).records.keys() == {"annotation", "group", "user"}
        assert [page async for page in reader.changes(RECORD, None)]
        with pytest.raises(AuthRequired, match="at least analyst"):
            await made(reader, "sl-a", name="Release 1")
    assert world.fake.records(RECORD) == []


async def test_another_project_is_not_taken_for_an_empty_one(world: AnnotationWorld) -> None:
    async with opened(world, scope={"project": OTHER}) as lost:
        for ask in (lost.describe(), lost.fetch(RECORD, ["7"]), lost.fetch("user", ["7"])):
            with pytest.raises(AuthRequired, match="not a member of this project"):
                await ask


async def test_releases_and_annotations_are_kept_the_same_in_both_directions(
    connector: MixpanelConnector, world: AnnotationWorld
) -> None:
    office = await World.make(tool={"text_format": "markdown"}, analytics={})
    office.connectors["analytics"] = connector  # type: ignore[assignment]
    analytics = SideSpec("analytics", RECORD, "plain", create="when_missing")
    sides = {**office.spec.sides, "analytics": analytics}
    texts = {"tool": RELEASES, "analytics": SHIPPED}
    office.change(entity="release", sides=sides, units=compiled(sides, texts, {}, {}))
    tool = office.tools["tool"]
    ours = tool.create({"title": "Release 2.4", "custom": {"day": "2026-01-05"}})
    theirs = await world.create({"name": "Campaign", "date": "2026-01-02"})
    await office.settled()
    (shown,) = [one for one in world.fake.records(RECORD) if str(one["id"]) != theirs]
    assert shown["description"].startswith("Release 2.4 [syncline:sl-")
    assert shown["date"] == "2026-01-05 00:00:00"
    (other,) = [id for id in tool.items if id != ours]
    assert tool.fields(other)["title"] == "Campaign"
    assert tool.fields(other)["custom"]["day"] == "2026-01-02"

    # A person in Mixpanel moves one and renames another; both arrive.
    world.fake.annotations.move(str(shown["id"]), "2026-01-07 00:00:00")
    await world.edit(theirs, {"name": "Campaign of January"})
    await office.settled()
    assert tool.fields(ours)["custom"]["day"] == "2026-01-07"
    assert tool.fields(other)["title"] == "Campaign of January"
    assert await office.store.read(deviations.list, "s") == []

    # The other way the day cannot be moved: it deviates, and the rest goes on.
    tool.edit(ours, {"title": "Release 2.5", "custom": {"day": "2026-01-09"}})
    await office.settled()
    now = world.fake.annotations.get(str(shown["id"]))
    assert now["description"].startswith("Release 2.5 [syncline:sl-")
    assert now["date"] == "2026-01-07 00:00:00"
    (deviation,) = await office.store.read(deviations.list, "s")
    assert (deviation.side, deviation.field) == ("analytics", "date")
    assert tool.fields(ours)["custom"]["day"] == "2026-01-09", "nobody's edit is taken back"

    # Two edits of one name are a conflict, and both stay.
    tool.edit(other, {"title": "Winter campaign"})
    await world.edit(theirs, {"name": "New year campaign"})
    await office.settled()
    (found,) = await office.store.read(conflicts.list, "s")
    assert found.field == "name"
    assert tool.fields(other)["title"] == "Winter campaign"

    # What is deleted is unlinked, and never made again.
    await world.delete(str(shown["id"]))
    await office.sync(full=True)
    await office.settled()
    assert [str(one["id"]) for one in world.fake.records(RECORD)] == [theirs]

    before = world.requests()
    await office.sync()
    spent = world.requests()
    assert (spent.read - before.read, spent.write - before.write) == (1, 0)
    await office.store.aclose()
