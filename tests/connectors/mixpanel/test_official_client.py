"""Mixpanel's own package for Python, as its users use it, and what it does not see."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from mixpanel import (
    BufferedConsumer,
    Consumer,
    Mixpanel,
    MixpanelException,
    ServiceAccountCredentials,
)

from connectors.mixpanel.fake.office import (
    GROUP_KEY,
    HUB,
    HUB_SECRET,
    PROJECT,
    READER,
    READER_SECRET,
    TOKEN,
)
from tests.connectors.mixpanel.world import START, ProfileWorld, opened

MOMENT = int(START.timestamp())


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


async def by_client(
    world: ProfileWorld,
    work: Callable[[Mixpanel], None],
    *,
    token: str = TOKEN,
    account: tuple[str, str] = (HUB, HUB_SECRET),
    kind: type[Consumer] | type[BufferedConsumer] = Consumer,
) -> None:
    """Let the client do something; it blocks, so it has a thread. Then it is seen."""
    url = world.base_url
    consumer = kind(
        events_url=f"{url}/track",
        people_url=f"{url}/engage",
        groups_url=f"{url}/groups",
        import_url=f"{url}/import",
        credentials=ServiceAccountCredentials(*account, str(PROJECT)),
    )

    def all_of_it() -> None:
        work(Mixpanel(token, consumer=consumer))
        if isinstance(consumer, BufferedConsumer):
            consumer.flush()

    await asyncio.to_thread(all_of_it)
    world.tool.advance(60)


async def test_it_sets_changes_and_deletes_profiles_of_users(world: ProfileWorld) -> None:
    def work(client: Mixpanel) -> None:
        client.people_set("13793", {"$name": "Ann", "$email": "ann@acme.test", "tags": ["a"]})
        client.people_set_once("13793", {"$name": "Somebody else", "plan": "pro"})
        client.people_increment("13793", {"logins": 2})
        client.people_append("13793", {"tags": "b"})
        client.people_union("13793", {"tags": ["a", "c"]})
        client.people_remove("13793", {"tags": "b"})
        client.people_unset("13793", ["plan"])
        client.people_set("13794", {"$name": "Bob"})
        client.people_delete("13794")

    await by_client(world, work)
    (shown,) = world.fake.records("user")
    assert shown.pop("$last_seen")
    assert shown == {
        "id": "13793", "$name": "Ann", "$email": "ann@acme.test", "tags": ["a", "c"], "logins": 2,
    }  # fmt: skip


async def test_it_sets_groups_and_the_connector_reads_them(world: ProfileWorld) -> None:
    def work(client: Mixpanel) -> None:
        client.group_set(GROUP_KEY, "acme.test", {"$name": "Acme", "segment": "b2b", "seats": 3})
        client.group_set_once(GROUP_KEY, "acme.test", {"seats": 4, "products": ["web"]})
        client.group_union(GROUP_KEY, "acme.test", {"products": ["app"]})
        client.group_remove(GROUP_KEY, "acme.test", {"products": "web"})
        client.group_set(GROUP_KEY, "gone.test", {"segment": "b2b"})
        client.group_delete(GROUP_KEY, "gone.test")
        client.group_unset(GROUP_KEY, "acme.test", ["note"])

    await by_client(world, work)
    async with opened(world) as connector:
        told = [one async for page in connector.changes("group", None) for one in page.records]
    (acme,) = told
    assert acme.id == "acme.test"
    given = {"$name": "Acme", "seats": 3, "products": ["app"]}
    assert {name: acme.fields[name] for name in given} == given


async def test_it_sends_many_at_once(world: ProfileWorld) -> None:
    def work(client: Mixpanel) -> None:
        for n in range(60):
            client.group_set(GROUP_KEY, f"{n}.test", {"seats": n})

    await by_client(world, work, kind=BufferedConsumer)
    assert len(world.fake.records("group")) == 60
    assert world.requests().write == 2


async def test_it_tracks_and_imports_events_and_the_same_one_twice_is_one(
    world: ProfileWorld,
) -> None:
    def work(client: Mixpanel) -> None:
        client.track("ann", "Opened", {GROUP_KEY: "acme.test"})
        for _ in range(2):
            same = {"$insert_id": "29fc2962", GROUP_KEY: "acme.test"}
            client.import_data(None, "ann", "Opened", MOMENT, same)
        client.import_data(None, "ann", "Opened", MOMENT + 1, {"$insert_id": "29fc2962"})

    await by_client(world, work)
    assert len(world.fake.records("event")) == 3


async def test_a_wrong_token_is_no_error_to_it_and_nothing_is_kept(world: ProfileWorld) -> None:
    def work(client: Mixpanel) -> None:
        assert client.people_set("13793", {"$name": "Ann"}) is None
        client.track("ann", "Opened")

    await by_client(world, work, token="sandbox-mixpanel-token-of-another")
    assert world.fake.records("user") == world.fake.records("event") == []


async def test_it_says_what_is_refused(world: ProfileWorld) -> None:
    def nothing(client: Mixpanel) -> None:
        client.people_set("", {"$name": "Ann"})

    with pytest.raises(MixpanelException, match="no data objects in the body are valid"):
        await by_client(world, nothing)

    def old(client: Mixpanel) -> None:
        client.import_data(None, "ann", "Opened", MOMENT)

    with pytest.raises(MixpanelException, match="at least admin"):
        await by_client(world, old, account=(READER, READER_SECRET))
