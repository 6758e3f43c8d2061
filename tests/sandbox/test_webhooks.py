"""The fakes' own webhooks, delivered over loopback to the receiver: late, twice, in any order.

What they say is never kept, so the inbox holds the ids of what was changed, and nothing else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from connectors.zendesk.fake import ZendeskFake
from connectors.zendesk.fake.signing_in import CLIENT_ID, CLIENT_SECRET
from syncline.sandbox.hooks import Delivery
from syncline.simulation.clock import WakingClock
from tests.connectors.jira_fake.stage import START as JIRA_TIME
from tests.connectors.jira_fake.stage import Stage as JiraStage
from tests.connectors.jira_fake.stage import staged as jira_staged
from tests.connectors.jira_fake.test_webhooks import ALL, HOOKS
from tests.connectors.jira_fake.words import adf
from tests.connectors.zendesk_fake.stage import START as ZENDESK_TIME
from tests.connectors.zendesk_fake.stage import Stage as ZendeskStage
from tests.connectors.zendesk_fake.stage import staged as zendesk_staged
from tests.connectors.zendesk_fake.test_webhooks import EVENTS
from tests.support.webhooks import Place, receiving

JIRA_SECRET = "sandbox-hook-of-thirty-two-bytes"
WORST = {"delay": 0.3, "twice": True, "shuffle": True}


async def delivered(deliveries: list[Delivery], attempts: int, wanted: int) -> None:
    """Wait until so many deliveries were each attempted so often and answered."""
    for _ in range(1000):
        if len(deliveries) >= wanted and all(
            one.attempts >= attempts and one.status for one in deliveries
        ):
            return
        await asyncio.sleep(0.02)
    raise AssertionError([one.shown() for one in deliveries])


async def known(place: Place) -> set[tuple[str, str]]:
    """What the inbox holds: record types and ids."""
    return {(record, id) for _, record, id in await place.rows()}


def of_jira(stage: JiraStage, secret: str = JIRA_SECRET) -> dict[str, dict[str, Any]]:
    about = {"connector": "jira", "base_url": stage.url, "private_network": True}
    return {"tracker": {**about, **stage.fake.connection(), "webhook_secret": secret}}


async def registered(stage: JiraStage, url: str, **more: Any) -> None:
    body = {"name": "Syncline", "url": url, "events": ALL, "secret": JIRA_SECRET, **more}
    assert (await stage.http.post(HOOKS, json=body)).status_code == 201


@pytest.mark.parametrize("misbehaviour", [{}, WORST], ids=["well", "late, twice, shuffled"])
async def test_jira_tells_which_issues_were_touched(
    tmp_path: Path, misbehaviour: dict[str, Any]
) -> None:
    async with (
        jira_staged() as stage,
        receiving(tmp_path, of_jira(stage), WakingClock(JIRA_TIME)) as place,
    ):
        (await stage.http.post("/_sandbox/webhooks", json=misbehaviour)).raise_for_status()
        before = await stage.make()  # nobody has asked to be told yet
        await registered(stage, place.url("tracker"))
        made, edited, remarked = [await stage.make(summary=f"No. {n}") for n in range(3)]
        await stage.ask("PUT", f"issue/{edited['id']}", 204, json={"fields": {"summary": "x"}})
        await stage.ask(
            "POST", f"issue/{remarked['id']}/comment", 201, json={"body": adf("A word")}
        )
        deleted = await stage.make()
        await stage.ask("DELETE", f"issue/{deleted['id']}", 204)
        await delivered(stage.hooks.deliveries, 2 if misbehaviour else 1, 7)
        assert [one.status for one in stage.hooks.deliveries] == [200] * 7
        assert await known(place) == {
            ("issue", one["id"]) for one in (made, edited, remarked, deleted)
        }
        assert len(await place.rows()) == 7, "one for each delivery, however often it came"
        assert before["id"] not in {id for _, id in await known(place)}


async def test_jira_webhooks_that_are_not_signed_or_by_another_secret_change_nothing(
    tmp_path: Path,
) -> None:
    async with (
        jira_staged() as stage,
        receiving(tmp_path, of_jira(stage), WakingClock(JIRA_TIME)) as place,
    ):
        await registered(stage, place.url("tracker"), secret=None)
        await registered(stage, place.url("tracker"), secret="sandbox-somebody-elses-webhook")
        await stage.make()
        await delivered(stage.hooks.deliveries, 1, 2)
        assert [one.status for one in stage.hooks.deliveries] == [404] * 2
        assert await place.rows() == []


def of_zendesk(stage: ZendeskStage, secret: str) -> dict[str, dict[str, Any]]:
    return {
        "desk": {
            "connector": "zendesk",
            "base_url": stage.url,
            "private_network": True,
            "auth": {"oauth_client_id": CLIENT_ID, "oauth_client_secret": CLIENT_SECRET},
            "webhook_secret": secret,
        }
    }


def subscribed(stage: ZendeskStage) -> tuple[str, str]:
    """A webhook that is not switched on yet: its id, and the secret that Zendesk made for it."""
    wanted: dict[str, Any] = {"name": "Syncline", "endpoint": "http://127.0.0.1:9/"}
    wanted |= {"http_method": "POST", "request_format": "json", "status": "inactive"}
    wanted |= {"subscriptions": EVENTS}
    response = stage.send("POST", "/webhooks", {"webhook": wanted})
    assert response.status_code == 201, response.text
    id = str(response.json()["webhook"]["id"])
    return id, stage.get(f"/webhooks/{id}/signing_secret")["signing_secret"]["secret"]


def _remarked(fake: ZendeskFake) -> None:
    fake.remark("ticket", "2", "Chiara Bianchi", "Look.", False)


async def away(work: Callable[..., Any], *args: Any, **more: Any) -> Any:
    """Something that waits for the fake, in a thread of its own."""
    return await asyncio.to_thread(lambda: work(*args, **more))


@pytest.mark.parametrize("misbehaviour", [{}, WORST], ids=["well", "late, twice, shuffled"])
async def test_zendesk_tells_which_tickets_were_touched(
    tmp_path: Path, misbehaviour: dict[str, Any]
) -> None:
    with zendesk_staged() as stage:
        id, secret = subscribed(stage)
        stage.api.post("/_sandbox/webhooks", json=misbehaviour)
        clock = WakingClock(ZENDESK_TIME)
        async with receiving(tmp_path, of_zendesk(stage, secret), clock) as place:
            change = {"webhook": {"endpoint": place.url("desk"), "status": "active"}}
            await away(stage.send, "PATCH", f"/webhooks/{id}", change)
            made = await away(stage.made)  # two events: it was made, and somebody spoke
            await away(stage.changed, 1, tags=["b"])
            await away(stage.inside, _remarked)
            deliveries = stage.fake.account.hooks.deliveries
            await delivered(deliveries, 2 if misbehaviour else 1, 4)
            assert [one.status for one in deliveries] == [200] * len(deliveries)
            assert await known(place) == {("ticket", str(one)) for one in (made["id"], 1, 2)}
            assert len(await place.rows()) == len(deliveries)


async def test_what_zendesk_signed_too_long_ago_or_by_a_new_secret_is_refused(
    tmp_path: Path,
) -> None:
    with zendesk_staged() as stage:
        id, secret = subscribed(stage)
        clock = WakingClock(ZENDESK_TIME)
        async with receiving(tmp_path, of_zendesk(stage, secret), clock) as place:
            change = {"webhook": {"endpoint": place.url("desk"), "status": "active"}}
            await away(stage.send, "PATCH", f"/webhooks/{id}", change)
            clock.advance(301)
            await away(stage.changed, 1, tags=["late"])
            deliveries = stage.fake.account.hooks.deliveries
            await delivered(deliveries, 1, 1)
            await away(stage.send, "POST", f"/webhooks/{id}/signing_secret")
            stage.advance(301)
            await away(stage.changed, 2, tags=["unknown secret"])
            await delivered(deliveries, 1, 2)
            assert [one.status for one in deliveries] == [404] * 2
            assert await place.rows() == []
