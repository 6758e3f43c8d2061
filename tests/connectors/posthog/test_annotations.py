"""Annotations: a key in the text, no DELETE, and a PATCH that reaches what is deleted."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib import resources

import httpx

from connectors.posthog import PostHogConnector
from connectors.posthog.fake.project import HUB, KEY
from syncline.engine.spec import SideSpec
from syncline.sdk.connector import Create, Missing, Record, Result, Update
from syncline.store.findings import deviations
from tests.connectors.posthog.world import API, PostHogWorld
from tests.support.world import World, compiled

RECORD = "annotation"
RELEASES = """\
entity: release
record: ticket
text: markdown
fields:
  name: {path: title}
  date: {path: custom.day}
"""
SHIPPED = (resources.files("mappings") / "posthog" / "release.yaml").read_text("utf-8")


def auth() -> dict[str, str]:
    return {"Authorization": f"Bearer {KEY}"}


async def test_the_interface_does_not_delete_but_by_a_patch(world: PostHogWorld) -> None:
    id = world.fake.annotations.create({"content": "Release 1", "scope": "project"}, HUB)["id"]
    async with httpx.AsyncClient(base_url=world.base_url, trust_env=False) as http:
        refused = await http.delete(f"{API}annotations/{id}/", headers=auth())
        assert refused.status_code == 405
        gone = await http.patch(f"{API}annotations/{id}/", headers=auth(), json={"deleted": True})
        assert gone.status_code == 200
        assert (await http.get(f"{API}annotations/{id}/", headers=auth())).status_code == 404
        written = await http.patch(f"{API}annotations/{id}/", headers=auth(), json={"content": "?"})
        assert written.status_code == 200, "the trap: what is deleted takes a PATCH all the same"


async def test_a_deleted_annotation_is_not_written_to(
    connector: PostHogConnector, world: PostHogWorld
) -> None:
    id = str(world.fake.annotations.create({"content": "Release 1", "scope": "project"}, HUB)["id"])
    world.fake.annotations.remove(id)
    (outcome,) = await connector.update(RECORD, [Update(id, {"name": "Release 2"}, {})])
    assert outcome.result is Result.GONE
    assert world.requests().write == 0


async def test_the_organisations_annotation_is_not_moved_into_the_project(
    connector: PostHogConnector, world: PostHogWorld
) -> None:
    body = {"content": "All products", "scope": "organization"}
    id = str(world.fake.annotations.create(body, HUB)["id"])
    (outcome,) = await connector.update(RECORD, [Update(id, {"name": "Ours"}, {})])
    assert outcome.result is Result.REJECTED
    assert world.requests().write == 0


async def test_an_edit_keeps_the_key_and_the_lines_below(
    connector: PostHogConnector, world: PostHogWorld
) -> None:
    fields = {"name": "Release 1", "note": "- Dark mode", "date_marker": "2026-01-05T00:00:00Z"}
    (made,) = await connector.create(RECORD, [Create("sl-a", fields)])
    assert made.id and made.record and made.record.fields["note"] == "- Dark mode"
    shown = world.fake.annotations.get(made.id)
    assert (shown["creation_type"], shown["scope"]) == ("GIT", "project")
    await connector.update(RECORD, [Update(made.id, {"name": "Release 1.0"}, {})])
    assert world.fake.annotations.get(made.id)["content"] == (
        "Release 1.0\n- Dark mode [syncline:sl-a]"
    )
    now = (await connector.fetch(RECORD, [made.id]))[made.id]
    assert isinstance(now, Record) and now.marker == "sl-a"
    await connector.remove(RECORD, [made.id], "delete")
    assert isinstance((await connector.fetch(RECORD, [made.id]))[made.id], Missing)


async def test_a_release_becomes_an_annotation_and_its_day_travels_back(
    connector: PostHogConnector, world: PostHogWorld
) -> None:
    office = await World.make(tool={"text_format": "markdown"}, analytics={})
    office.connectors["analytics"] = connector  # type: ignore[assignment]
    analytics = SideSpec("analytics", RECORD, "plain", create="when_missing")
    sides = {**office.spec.sides, "analytics": analytics}
    texts = {"tool": RELEASES, "analytics": SHIPPED}
    office.change(entity="release", sides=sides, units=compiled(sides, texts, {}, {}))
    tool = office.tools["tool"]
    id = tool.create({"title": "Release 2.4", "custom": {"day": "2026-01-05"}})
    await office.settled()
    (shown,) = world.fake.records(RECORD)
    assert shown["content"].startswith("Release 2.4 [syncline:sl-")
    assert shown["date_marker"] == "2026-01-05T00:00:00Z"
    world.tool.advance(60)
    moved = datetime(2026, 1, 7, tzinfo=UTC).isoformat()
    world.fake.annotations.change(str(shown["id"]), {"date_marker": moved})
    await office.settled()
    assert tool.fields(id)["custom"]["day"] == "2026-01-07"
    assert await office.store.read(deviations.list, "s") == []
    before = world.requests()
    await office.sync()
    assert (world.requests().read - before.read, world.requests().write - before.write) == (1, 0)
    await office.store.aclose()
