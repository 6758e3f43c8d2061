"""The official client at the journal: it has no calls of its own for that, and sends what it is
told to (`api_request`); and what the fake answers where HubSpot bites."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any
from urllib.parse import urlencode

import pytest
import requests
from hubspot import Client

from connectors.hubspot.fake import properties as p
from connectors.hubspot.fake.app import TOKEN
from tests.connectors.hubspot.world import HubSpotWorld, living

SCOPES = ("read", "subscriptions.read", "subscriptions.write")
SUBSCRIPTIONS = "/webhooks-journal/subscriptions/2026-03"
JOURNAL = "/webhooks-journal/journal-local/2026-03"
TICKETS = {"subscriptionType": "OBJECT", "portalId": p.PORTAL, "objectTypeId": "0-5"}


class App:
    """An app that may read the journal, by the client in a thread beside the fake."""

    def __init__(self, world: HubSpotWorld) -> None:
        self.world = world
        self.token = ""

    async def signed_in(self, scopes: tuple[str, ...] = SCOPES, **more: str) -> requests.Response:
        form = {"grant_type": "client_credentials", **self.world.client, **more}
        form["scope"] = " ".join(f"developer.webhooks_journal.{one}" for one in scopes)
        answer = await self._sent(
            "POST",
            "/oauth/2026-03/token",
            default_json=False,
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            body=urlencode(form),
        )
        self.token = answer.json().get("access_token", "")
        return answer

    async def get(self, path: str, portal: int = p.PORTAL) -> requests.Response:
        return await self._sent("GET", path, qs={"installPortalId": portal})

    async def subscribe(self, *actions: str, **more: Any) -> requests.Response:
        return await self._sent("POST", SUBSCRIPTIONS, body={**TICKETS, "actions": actions, **more})

    async def file(self, url: str, headers: Mapping[str, str] | None = None) -> requests.Response:
        return await asyncio.to_thread(requests.get, url, headers=headers, timeout=5)

    async def _sent(self, method: str, path: str, **options: Any) -> requests.Response:
        client = Client.create(access_token=self.token, base_url=self.world.base_url)
        asked = {"method": method, "path": path, **options}
        answer: requests.Response = await asyncio.to_thread(client.api_request, asked)
        return answer


@pytest.fixture
async def app() -> AsyncIterator[App]:
    async with living() as world:
        app = App(world)
        await app.signed_in()
        yield app


async def test_what_is_subscribed_to_is_told_entry_by_entry_until_there_is_no_more(
    app: App,
) -> None:
    made = await app.subscribe("CREATE", "DELETE")
    assert made.status_code == 201 and made.json()["objectTypeId"] == "0-5"
    (listed,) = (await app.get(SUBSCRIPTIONS)).json()["results"]
    assert listed["id"] == made.json()["id"]
    assert (await app.get(f"{JOURNAL}/latest")).status_code == 204

    id = await app.world.create({"subject": "one"})
    first = (await app.get(f"{JOURNAL}/earliest")).json()
    await app.world.edit(id, {"subject": "nobody asked to hear of edits"})
    await app.world.delete(id)
    second = (await app.get(f"{JOURNAL}/offset/{first['currentOffset']}/next")).json()
    told = (await app.file(second["url"])).json()
    (event,) = told["journalEvents"]
    assert (event["action"], event["objectTypeId"], event["objectId"]) == ("DELETE", "0-5", int(id))
    assert told["offset"] == second["currentOffset"]
    last = await app.get(f"{JOURNAL}/offset/{second['currentOffset']}/next")
    assert last.status_code == 204 and not last.content


async def test_edits_are_told_of_the_properties_alone_that_were_named(app: App) -> None:
    await app.subscribe("UPDATE", properties=["content"])
    id = await app.world.create({"subject": "one"})
    await app.world.edit(id, {"subject": "not told"})
    assert (await app.get(f"{JOURNAL}/latest")).status_code == 204
    await app.world.edit(id, {"content": "told"})
    entry = (await app.get(f"{JOURNAL}/latest")).json()
    (event,) = (await app.file(entry["url"])).json()["journalEvents"]
    assert event["propertyChanges"]["content"] == "told"


async def test_an_entry_is_kept_for_three_days_and_its_files_address_for_minutes(app: App) -> None:
    await app.subscribe("CREATE")
    await app.world.create({"subject": "one"})
    entry = (await app.get(f"{JOURNAL}/latest")).json()
    assert (await app.file(entry["url"])).status_code == 200
    app.world.tool.advance(400)
    assert (await app.file(entry["url"])).status_code == 403
    app.world.tool.advance(3 * 86_400)
    await app.signed_in()
    late = await app.get(f"{JOURNAL}/offset/{entry['currentOffset']}/next")
    assert late.status_code == 404 and "expired" in late.json()["message"]


async def test_a_file_is_given_at_its_own_host_alone_and_with_no_other_credentials(
    app: App,
) -> None:
    await app.subscribe("CREATE")
    await app.world.create({"subject": "one"})
    url = (await app.get(f"{JOURNAL}/latest")).json()["url"]
    assert not url.startswith(app.world.base_url)
    with_token = await app.file(url, {"Authorization": f"Bearer {app.token}"})
    here = await app.file(url.replace(app.world.fake.journal.files, app.world.base_url))
    assert (with_token.status_code, here.status_code) == (400, 404)


async def test_the_journal_wants_a_token_of_its_app_with_the_scope_and_no_other(app: App) -> None:
    records = await app.get("/crm/objects/2026-03/tickets")
    assert records.status_code == 401  # what opens the journal opens no records
    assert (await app.get(f"{JOURNAL}/latest", portal=1)).status_code == 403
    assert (await app.subscribe("CREATE", portalId=1)).status_code == 403
    assert (await app.subscribe()).status_code == 400
    await app.signed_in(("read",))
    assert (await app.get(f"{JOURNAL}/latest")).status_code == 204
    assert (await app.get(SUBSCRIPTIONS)).status_code == 403
    await app.signed_in(("subscriptions.read",))
    assert (await app.get(f"{JOURNAL}/latest")).status_code == 403
    assert (await app.subscribe("CREATE")).status_code == 403
    app.token = TOKEN  # a private app's
    assert (await app.get(f"{JOURNAL}/latest")).status_code == 401
    for wrong in ({"client_secret": "another"}, {"grant_type": "refresh_token"}):
        assert (await app.signed_in(**wrong)).status_code == 400
