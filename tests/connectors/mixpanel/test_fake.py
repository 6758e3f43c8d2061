"""The fake beside what Mixpanel publishes, and the page for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from connectors.mixpanel.fake import MixpanelFake
from connectors.mixpanel.fake.app import ENGAGE
from connectors.mixpanel.fake.office import (
    DATA_GROUP_ID,
    GROUP_KEY,
    HUB,
    HUB_SECRET,
    PROJECT,
    TOKEN,
)
from syncline.sandbox import Company, Hooks, Refusal, State, ToolClock
from tests.connectors.mixpanel.world import ANNOTATIONS, START, ProfileWorld

TAG = {"id": int, "name": str, "project_id": int, "has_annotations": bool}
ANNOTATION = {
    "id": int,
    "date": str,
    "description": str,
    "user": {"id": int, "first_name": str, "last_name": str},
    "tags": [{"id": int, "name": str}],
}
PROFILES = {
    "page": int,
    "page_size": int,
    "session_id": str,
    "status": str,
    "total": int,
    "results": [{"$distinct_id": str, "$properties": {"$name": str, "segment": str}}],
}
COUNTS = {
    "data": {"series": [str], "values": {"acme": {"2026-01-04": int}}},
    "legend_size": int,
}
FAILED = {
    "code": int,
    "error": str,
    "status": str,
    "failed_records": [{"index": int, "field": str, "message": str}],
}


def shape(value: Any) -> Any:
    """What a value is made of; lists by their first element."""
    if isinstance(value, Mapping):
        return {name: shape(one) for name, one in value.items()}
    return [shape(value[0])] if isinstance(value, list) and value else type(value)


async def told(world: ProfileWorld, method: str, path: str, status: int = 200, **more: Any) -> Any:
    """An answer, which must have this status."""
    answer = await world.http.request(method, path, auth=(HUB, HUB_SECRET), **more)
    assert answer.status_code == status, answer.text
    return answer.json()


async def test_the_answers_about_annotations_are_as_published(world: ProfileWorld) -> None:
    tag = await told(world, "POST", f"{ANNOTATIONS}/tags", json={"name": "app"})
    assert shape(tag) == TAG
    body = {"date": "2026-01-05 12:00:00", "description": "R 1", "tags": [tag["id"]]}
    made = await told(world, "POST", ANNOTATIONS, 201, json=body)
    assert shape(made) == {"status": str, "results": ANNOTATION}
    path = f"{ANNOTATIONS}/{made['results']['id']}"
    assert await told(world, "GET", path) == {**made}
    assert shape(await told(world, "GET", f"{ANNOTATIONS}/tags")) == [TAG]
    listed = {"status": str, "results": [ANNOTATION]}
    assert shape(await told(world, "GET", ANNOTATIONS)) == listed
    days = {"fromDate": "2026-01-05", "toDate": "2026-01-05"}
    assert shape(await told(world, "GET", ANNOTATIONS, params=days)) == listed
    earlier = {"toDate": "2026-01-04"}
    assert (await told(world, "GET", ANNOTATIONS, params=earlier))["results"] == []
    assert shape(await told(world, "DELETE", path)) == {"status": str, "results": {"id": int}}
    assert shape(await told(world, "GET", path, 404)) == {"status": str, "error": str}


async def test_the_answers_to_questions_are_as_published(world: ProfileWorld) -> None:
    await world.create({"group_id": "acme", "$name": "Acme"})
    event = {"event": "Opened", "properties": {GROUP_KEY: "acme", "distinct_id": "ann"}}
    event["properties"]["time"] = int(START.timestamp()) - 86_400  # type: ignore[index]
    world.fake.events.take(event, imported=True)
    project = {"project_id": PROJECT}
    group = {"data_group_id": DATA_GROUP_ID}
    assert shape(await told(world, "POST", ENGAGE, params=project, data=group)) == PROFILES
    asked = {"event": "Opened", "from_date": "2026-01-04", "to_date": "2026-01-04"}
    on = {"on": f'properties["{GROUP_KEY}"]'}
    path = "/api/query/segmentation"
    assert shape(await told(world, "GET", path, params={**project, **asked, **on})) == COUNTS


async def test_the_answers_of_what_takes_data_in_are_as_published(world: ProfileWorld) -> None:
    good = {"$token": TOKEN, "$distinct_id": "7", "$set": {"plan": "pro"}}
    bad = {"$token": TOKEN, "$distinct_id": "7"}
    strict = {"strict": "1"}
    done = await told(world, "POST", "/engage", params=strict, json=[good])
    assert done == {"code": 200, "status": "OK"}
    answer = await told(world, "POST", "/engage", 400, params=strict, json=[good, bad])
    assert shape(answer) == FAILED
    told_all = await told(world, "POST", "/engage", params={"verbose": "1"}, json=[good])
    assert told_all == {"status": 1, "error": None}
    event = {"event": "Opened", "properties": {"time": 1, "distinct_id": "7", "$insert_id": "a"}}
    project = {**strict, "project_id": PROJECT}
    imported = await told(world, "POST", "/import", params=project, json=[event])
    assert imported == {"code": 200, "num_records_imported": 1, "status": "OK"}
    many = [good] * 2001
    assert (await told(world, "POST", "/engage", 413, params=strict, json=many))["code"] == 413


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"page": "1"}, "uncached query"),
        ({"page": "1", "session_id": "none"}, "uncached query"),
        ({"distinct_ids": "acme"}, "JSON array"),
        ({"where": 'user["plan"]'}, "Unable to parse"),
    ],
)
async def test_a_question_that_cannot_be_read_is_refused(
    world: ProfileWorld, form: dict[str, str], words: str
) -> None:
    project = {"project_id": PROJECT}
    answer = await told(world, "POST", ENGAGE, 400, params=project, data=form)
    assert words in answer["error"]


async def test_a_service_account_names_its_project(world: ProfileWorld) -> None:
    assert "project_id" in (await told(world, "POST", ENGAGE, 400))["error"]


async def test_people_make_edit_and_delete_what_they_see() -> None:
    fake = MixpanelFake(State(), ToolClock(START), Hooks())
    fake.seed(Company.made(1, 40))
    kinds = {row.type for row in fake.board()}
    assert kinds == {"annotation", "group", "user"}
    assert all(fake.sheet(row.type, row.id).title for row in fake.board())
    made = {"description": "Release 9", "date": "2026-01-05"}
    id = fake.make("annotation", "ann", made)
    fake.edit("annotation", id, "ann", {"date": "2026-01-06"})
    assert fake.annotations.get(id)["date"] == "2026-01-06 00:00:00"
    fake.make("group", "ann", {"id": "acme.test", "$name": "Acme"})
    fake.edit("group", "acme.test", "ann", {"$name": ""})
    assert fake.profiles.table("group")["acme.test"] == {}
    for type, gone in (("annotation", id), ("group", "acme.test")):
        fake.act(type, gone, "ann", "delete")
        with pytest.raises(Refusal):
            fake.sheet(type, gone)
    with pytest.raises(Refusal, match="needs an ID"):
        fake.make("user", "ann", {"$name": "Ann"})
    with pytest.raises(Refusal, match="format"):
        fake.make("annotation", "ann", {"description": "x", "date": "soon"})
