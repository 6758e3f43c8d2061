"""S1, S4, S5, S10, S11, S17, S24, S26 for every connector with a fake: somebody on the wire.

The fakes tell what the tools tell, so the connectors go all the way: they log in, page, write, wait
for jobs, fetch files. What comes between bends the answers.
"""

from __future__ import annotations

import re
import sys
from collections.abc import AsyncIterator, Iterator
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
import yaml

from syncline.checking import lint
from syncline.config import load
from syncline.registry import fakes
from syncline.sandbox import running
from syncline.sdk.connector import Connector, Create, Missing, Record, Result
from syncline.sdk.errors import ConnectorError
from tests.security.test_secrets_never_leave import Lines, everything_about, logged
from tests.support.between import Between, between
from tests.support.connections import (
    FAKED,
    PLAYED,
    PLUGINS,
    TEMPLATE,
    connector_of,
    fake_of,
    opened,
    said,
)
from tests.support.driving import LONG_AGO, Answers, changing, everything, reading
from tests.support.suites import suites_of
from tests.unit.sdk.loopback import Peer, Seen, VirtualClock, answers, serving

__all__ = ["Lines", "logged"]

faked = pytest.mark.parametrize("name", PLAYED)
ADDRESS = re.compile(rb"https?://[^\s\"'<>\\]*|(?<=\")/[a-z][^\s\"<>\\]*(?=\")")
"""An address, or the path of one."""
dialled: list[tuple[Any, ...]] = []
sys.addaudithook(lambda event, given: dialled.append(given) if event == "socket.connect" else None)


@pytest.fixture
async def wire(name: str) -> AsyncIterator[Between]:
    fake = fake_of(name, records=10)
    async with between(fake) as one:
        fake.clock.advance(3600)  # beyond what a search of theirs lags
        yield one


@pytest.fixture
async def connector(name: str, wire: Between, tmp_path: Path) -> AsyncIterator[Connector]:
    async with opened(tmp_path, name, wire.url, VirtualClock()) as one:
        yield one


def wrong(answers: Answers) -> list[tuple[str, Exception]]:
    """What was raised and is no error that a connector may raise."""
    return [pair for pair in answers.raised if not isinstance(pair[1], ConnectorError)]


def records_in(answers: Answers) -> Iterator[Record]:
    """Every record that was told or read."""
    for name, given in answers.given:
        if name.startswith("changes"):
            yield from (one for page in given for one in page.records)
        elif name.startswith("fetch"):
            yield from (one for one in given.values() if isinstance(one, Record))


# S1


@faked
async def test_no_connector_dials_but_its_tool(
    name: str, wire: Between, connector: Connector
) -> None:
    dialled.clear()
    found = await everything(connector, suites_of(name))
    assert not wrong(found)
    assert {record.split()[0] for record, _ in found.given} > {"describe", "create", "update"}
    ports = {address[1] for _, address in dialled if isinstance(address, tuple)}
    assert wire.server.port in ports
    own = {wire.server.port, wire.http_port}
    assert ports <= own, "a socket was opened to somewhere else"


# S4, S5


@faked
async def test_addresses_in_what_a_tool_says_are_never_called(
    name: str, wire: Between, connector: Connector
) -> None:
    await connector.describe()  # so that a log-in that leads elsewhere does not end it all
    async with serving(answers(200, {})) as other:
        at = f"127.0.0.1:{other.port}/x".encode()
        forms = cycle([b"http://" + at, b"//" + at, b"@" + at, b"/\\\\" + at, b"http://a@" + at])
        wire.change = lambda body: ADDRESS.sub(lambda _: next(forms), body)
        found = await everything(connector, suites_of(name))
        assert not wrong(found)
        assert len(found.given) > len(suites_of(name))
        assert other.connections == 0
        shown = [record.url for record in records_in(found) if record.url is not None]
        assert shown or name == "mixpanel"  # where a record has no page of its own
        assert not [url for url in shown if at.decode() in url or not url.startswith("http")]


@faked
async def test_a_redirect_in_the_middle_of_work_is_not_followed(
    name: str, wire: Between, connector: Connector
) -> None:
    await connector.describe()
    async with serving(answers(200, {})) as other:

        async def elsewhere(seen: Seen, peer: Peer) -> bool:
            await peer.answer(307, {}, {"Location": f"http://127.0.0.1:{other.port}{seen.target}"})
            return True

        wire.instead = elsewhere
        found = await everything(connector, suites_of(name), ids=["1"])
        assert not wrong(found)
        assert found.raised
        assert other.connections == 0


# S10, S11


@faked
@pytest.mark.parametrize("status", [401, 500])
async def test_a_tool_that_quotes_what_it_was_shown_is_not_quoted(
    name: str, status: int, wire: Between, connector: Connector, logged: list[str]
) -> None:
    """What a log-in gave is a secret, too, though it stands in no configuration."""
    await connector.describe()
    shown = wire.credentials

    async def quotes(seen: Seen, peer: Peer) -> bool:
        if not seen.headers.get("authorization"):
            return False  # logging in
        quoted = seen.headers["authorization"]
        body = {"message": quoted, "errors": [{"message": quoted, "code": quoted}], "error": quoted}
        await peer.answer(status, body, {"X-Request-Id": quoted})
        return True

    wire.instead = quotes
    found = await everything(connector, suites_of(name), ids=["1"])
    assert not wrong(found)
    texts = [everything_about(error) for _, error in found.raised]
    texts += [repr(given) for _, given in found.given]
    texts += [repr(connector), repr(vars(connector)), *logged]
    assert shown
    for secret in shown | wire.credentials:
        assert not [text for text in texts if secret in text]


# S13


@faked
async def test_a_connection_that_is_read_only_is_asked_and_nothing_else(
    name: str, wire: Between, tmp_path: Path
) -> None:
    async with opened(tmp_path, name, wire.url, VirtualClock(), read_only=True) as connector:
        found = await everything(connector, suites_of(name))
        made = [await _creation(connector, record) for record in suites_of(name)]
    assert not wrong(found)
    assert all("read only" in told for told in made)
    given = {method.split()[0] for method, _ in found.given}
    assert {"describe", "changes", "fetch"} <= given, "what only reads was refused, too"
    assert not [entry for entry in await wire.log() if entry["mutating"]]


async def _creation(connector: Connector, record: str) -> str:
    """Why nothing was made."""
    sample = suites_of(connector.name)[record].shape.sample("asked once")
    try:
        (outcome,) = await connector.create(record, [Create("k1", sample)])
    except ConnectorError as error:
        return str(error)
    assert outcome.result is Result.REJECTED, outcome
    return outcome.reason


# S17

HOSTILE_IDS = [
    "1' OR '1'='1", '1" OR 1=1 --', "1) or (1=1", "../../secrets", "1/../../secrets",
    "1?fields=*", "1#x", "1;DROP TABLE x", "1\r\nX: y", "", " ", "*", "1,2,3", "٣", "-1", "NULL",
    "{{7*7}}", "${jndi:ldap://x}", "a" * 5000,
]  # fmt: skip


@faked
async def test_an_id_that_is_none_finds_nothing_and_changes_nothing(
    name: str, wire: Between, connector: Connector
) -> None:
    """Ids come from tools and webhooks; one may be made to widen a query or to leave a path."""
    found = Answers()
    for record in suites_of(name):
        for id in HOSTILE_IDS:
            answer = await found.of(f"fetch {id}", connector.fetch(record, [id])) or {}
            assert all(isinstance(one, Missing) for one in answer.values()), id
            await found.of(f"history {id}", connector.history(record, [id], LONG_AGO))
            await found.of(f"comments {id}", connector.comments(record, [id]))
            await found.of(f"attachments {id}", connector.attachments(record, [id]))
    for id in HOSTILE_IDS:
        assert not await found.of(f"people {id}", connector.people([id]))
        assert not await found.of(f"find_people {id}", connector.find_people([id]))
    assert not wrong(found)
    assert not [entry for entry in await wire.log() if entry["mutating"]]
    asked = [seen.target for seen in wire.server.requests]
    assert not [target for target in asked if "/secrets" in target or "?fields=*" in target]


@faked
async def test_an_id_with_more_behind_it_does_not_lead_to_the_record(
    name: str, wire: Between, connector: Connector
) -> None:
    found, sent = Answers(), set()
    for record, suite in suites_of(name).items():
        told = await reading(found, connector, record)
        for id in [one.id for one in told[:1]] or ["1"]:
            for more in ("?x=1", "#x", f"/../{id}", f",{id}", "' OR '1'='1"):
                sent.add(f"{id}{more}")
                await changing(found, connector, suite, f"{id}{more}", "of somebody else")
    assert not wrong(found)
    # Where any text is an id, the tool may take it for that of a record of its own.
    assert not [entry for entry in await wire.log() if set(entry["applied"]) - sent]


# S24


@pytest.fixture(scope="module")
def sandboxes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, int]]:
    """Every shipped fake in a process of its own: its port, by name."""
    begun = running.start(fakes(PLUGINS), tmp_path_factory.mktemp("sandbox"), seed=1, records=0)
    yield {one.tool: int(str(one.about["base_url"]).rpartition(":")[2]) for one in begun}
    running.end([one.process for one in begun])


@pytest.mark.parametrize("name", [*FAKED, TEMPLATE])
def test_a_fake_listens_on_this_machine_only(name: str, sandboxes: dict[str, int]) -> None:
    lines = [
        line.split()[1]
        for table in ("tcp", "tcp6")
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]
        if line.split()[3] == "0A"
    ]
    at = [address for address, _, port in (x.partition(":") for x in lines)
          if int(port, 16) == sandboxes[name]]  # fmt: skip
    assert at == ["0100007F"]


@faked
def test_a_fakes_secret_is_refused_beside_any_address_but_this_machines(
    name: str, tmp_path: Path
) -> None:
    for url in ("https://acme.example", "https://127.0.0.1.acme.example", "https://10.0.0.1"):
        keys = {"connector": connector_of(name).name, "base_url": url, **said(name)}
        (tmp_path / "syncline.yaml").write_text(
            yaml.safe_dump({"plugins": [*PLUGINS], "connections": {"tool": keys}})
        )
        found = [str(problem) for problem in lint(load(tmp_path)).problems]
        assert [text for text in found if "a sandbox is on this machine" in text], found
