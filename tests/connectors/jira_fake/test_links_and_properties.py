"""What is hung on an issue: links to things elsewhere, and entity properties."""

from __future__ import annotations

from typing import Any

from tests.connectors.jira_fake.stage import Stage

LINKS = "issue/APP-1/remotelink"
FULL = {
    "globalId": "system=acme&id=1",
    "application": {"type": "acme.desk", "name": "Desk"},
    "relationship": "is asked for by",
    "object": {
        "url": "https://desk.example/1",
        "title": "Ticket 1",
        "summary": "Exports stall",
        "status": {"resolved": True},
    },
}


async def test_a_link_posted_again_is_replaced_and_what_is_left_out_becomes_null(
    stage: Stage,
) -> None:
    first = await stage.ask("POST", LINKS, 201, json=FULL)
    shown = await stage.ask("GET", f"{LINKS}/{first['id']}")
    assert shown["relationship"] == "is asked for by"
    assert shown["object"]["status"]["resolved"] is True
    short = {"url": "https://desk.example/1", "title": "New"}
    again = {"globalId": FULL["globalId"], "object": short}
    second = await stage.ask("POST", LINKS, 200, json=again)
    assert second["id"] == first["id"]
    (shown,) = await stage.ask("GET", LINKS)
    assert shown["object"] == {**short, "icon": {}, "status": {"icon": {}}}
    assert "relationship" not in shown and "application" not in shown


async def test_without_a_global_id_each_post_is_a_new_link(stage: Stage) -> None:
    body: dict[str, Any] = {"object": FULL["object"]}
    for _ in range(2):
        await stage.ask("POST", LINKS, 201, json=body)
    assert len(await stage.ask("GET", LINKS)) == 2


async def test_a_link_is_found_changed_and_deleted_by_either_id(stage: Stage) -> None:
    made = await stage.ask("POST", LINKS, 201, json=FULL)
    found = await stage.ask("GET", LINKS, params={"globalId": FULL["globalId"]})
    assert found["id"] == made["id"]
    await stage.ask("PUT", f"{LINKS}/{made['id']}", 204, json=FULL)
    await stage.ask("DELETE", LINKS, 204, params={"globalId": FULL["globalId"]})
    await stage.ask("GET", LINKS, 404, params={"globalId": FULL["globalId"]})
    await stage.ask("DELETE", LINKS, 404, params={"globalId": FULL["globalId"]})
    await stage.ask("DELETE", LINKS, 400)
    made = await stage.ask("POST", LINKS, 201, json=FULL)
    await stage.ask("DELETE", f"{LINKS}/{made['id']}", 204)
    assert await stage.ask("GET", LINKS) == []


async def test_a_link_needs_a_title_and_an_address(stage: Stage) -> None:
    thing = {"url": "https://desk.example/1"}
    told = await stage.ask("POST", LINKS, 400, json={"object": thing})
    assert told["errors"] == {"title": "'title' is required."}
    await stage.ask("POST", LINKS, 400, json={"globalId": "x"})
    await stage.ask("POST", LINKS, 400, json={**FULL, "globalId": "x" * 256})


async def test_a_link_is_in_the_changelog_and_on_the_page_for_people(stage: Stage) -> None:
    await stage.ask("POST", LINKS, 201, json=FULL)
    shown = await stage.ask("GET", "issue/APP-1/changelog")
    assert shown["values"][-1]["items"][0]["field"] == "RemoteIssueLink"
    id = (await stage.ask("GET", "issue/APP-1"))["id"]
    (link,) = stage.fake.sheet("issue", id).links
    assert (link.title, link.url) == ("Ticket 1", "https://desk.example/1")


async def test_properties_are_set_listed_and_deleted_and_are_no_update(stage: Stage) -> None:
    before = await stage.ask("GET", "issue/APP-1")
    stage.clock.advance(60)
    path = "issue/APP-1/properties"
    await stage.ask("PUT", f"{path}/ours", 201, json={"n": 1})
    await stage.ask("PUT", f"{path}/ours", 200, json={"n": 2})
    assert (await stage.ask("GET", f"{path}/ours"))["value"] == {"n": 2}
    assert [k["key"] for k in (await stage.ask("GET", path))["keys"]] == ["ours"]
    after = await stage.ask("GET", "issue/APP-1?properties=ours&expand=names")
    assert after["properties"] == {"ours": {"n": 2}}
    assert after["fields"]["updated"] == before["fields"]["updated"]
    await stage.ask("DELETE", f"{path}/ours", 204)
    await stage.ask("GET", f"{path}/ours", 404)
    await stage.ask("DELETE", f"{path}/ours", 404)


async def test_a_property_has_its_sizes(stage: Stage) -> None:
    path = "issue/APP-1/properties"
    await stage.ask("PUT", f"{path}/ours", 400, content=b"")
    await stage.ask("PUT", f"{path}/ours", 400, json="x" * 32_768)
    await stage.ask("PUT", f"{path}/{'x' * 256}", 400, json=1)
    await stage.ask("PUT", f"{path}/{'x' * 255}", 201, json="x" * 32_766)
