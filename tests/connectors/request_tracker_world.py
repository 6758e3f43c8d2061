"""Request Tracker as people use it, live or recorded: Ann's token is Syncline's, root is people.

Ann has the rights of the connector's README on the queue Support and no others, so that there are
rows she cannot see. The seeded server is given what the suite needs besides: a lifecycle in which
new leads to resolved only over open, an open ticket, the queue Elsewhere that Ann also sees, and
the queue Closed that she does not.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx

from connectors.request_tracker import RequestTrackerConnector
from connectors.request_tracker.config import RequestTrackerConfig
from deployments.real.http1 import Head
from deployments.real.request_tracker import RequestTracker
from syncline.sdk.connector import Visibility, Wire
from syncline.sdk.secrets import Secret
from syncline.sdk.testing import Requests, Trouble
from syncline.simulation.clock import ManualClock
from tests.support.recorded import Stage

REST = "/REST/2.0"
SEARCHES = ("attachments", "customfields", "users")

# What stands for a token in a recording; live the real ones are sent. 29 is Ann's number.
RECORDED_TOKENS = {"hub": "1-29-hub", "people": "1-27-people", "stranger": "1-29-" + "0" * 32}
RECORDED_HOST = "rt.example.test"

LIFECYCLE = """\
Set(%Lifecycles, default => {
    initial => ['new'], active => ['open', 'stalled'],
    inactive => ['resolved', 'rejected', 'deleted'],
    defaults => { on_create => 'new', approved => 'open', denied => 'rejected',
                  reminder_on_open => 'open', reminder_on_resolve => 'resolved' },
    transitions => {
        '' => ['new', 'open', 'resolved'],
        new => ['open', 'deleted'],
        open => ['stalled', 'resolved', 'rejected', 'deleted'],
        stalled => ['open', 'deleted'], resolved => ['open', 'deleted'],
        rejected => ['open', 'deleted'], deleted => ['open'],
    },
    rights => { '* -> deleted' => 'DeleteTicket', '* -> *' => 'ModifyTicket' },
    actions => [
        'new -> open' => { label => 'Open It' }, 'open -> stalled' => { label => 'Stall' },
        'open -> resolved' => { label => 'Resolve' }, 'open -> rejected' => { label => 'Reject' },
        'resolved -> open' => { label => 'Re-open' },
    ],
});
1;
"""


class StrictTracker(RequestTracker):
    """A Request Tracker whose lifecycle forbids something; it reads it when it is started."""

    lifecycle = LIFECYCLE

    def configure(self, port: int) -> None:
        super().configure(port)
        (self.folder / "conf.d" / "lifecycle.pm").write_text(self.lifecycle, encoding="utf-8")

    def restart(self, lifecycle: str) -> None:
        """With another lifecycle, at the same address."""
        port, self.lifecycle = self.port, lifecycle
        self.stop()
        self.start(port)


def tokens_of(server: RequestTracker) -> dict[str, str]:
    """The tokens of a live server, in the roles they have here."""
    told = server.connection()
    hub, people = told["people"]["ann"]["auth"]["token"], told["auth"]["token"]
    return {**RECORDED_TOKENS, "hub": hub, "people": people}


def stage(tokens: dict[str, str], **more: Any) -> Stage:
    """A stage that knows people by their tokens, and RT's searches by POST."""
    names = {f"token {token}": name for name, token in tokens.items()}
    scrub = {token: RECORDED_TOKENS[name] for name, token in tokens.items()}
    if upstream := more.get("upstream"):
        scrub[upstream] = f"http://{RECORDED_HOST}"

    def who(head: Head) -> str:
        return names.get(head.get("authorization"), "nobody")

    def is_read(method: str, target: str) -> bool:
        return method == "GET" or target.partition("?")[0].rpartition("/")[2] in SEARCHES

    return Stage(who, scrub=scrub, is_read=is_read, **more)


class RequestTrackerWorld:
    """People at Request Tracker; with a `server` it is live, and time really has to pass."""

    def __init__(
        self, stage: Stage, tokens: dict[str, str], server: StrictTracker | None = None
    ) -> None:
        self.stage = stage
        self.tokens = tokens
        self.clock = ManualClock()
        self.secrets: Sequence[str] = (tokens["hub"], tokens["stranger"])
        self._server = server
        self._http = httpx.AsyncClient(timeout=60, trust_env=False)

    async def call(self, method: str, path: str, body: Any = None) -> Any:
        """What RT answers to a person; a refusal is an error of the test."""
        headers = {"Authorization": f"token {self.tokens['people']}"}
        url = f"{self.stage.base_url}{REST}/{path}"
        answer = await self._http.request(method, url, json=body, headers=headers)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    async def read(self, page: str) -> str:
        """A page as people see it."""
        headers = {"Authorization": f"token {self.tokens['people']}"}
        answer = await self._http.get(self.stage.base_url + page, headers=headers)
        return answer.raise_for_status().text

    async def aclose(self) -> None:
        await self._http.aclose()

    def requests(self) -> Requests:
        told = [
            sum(self.stage.count(who, mutating=m) for who in ("hub", "stranger"))
            for m in (False, True)
        ]
        return Requests(*told)

    async def create(self, fields: Wire) -> str:
        made = await self.call("POST", "ticket", {"Queue": "Support", **fields})
        return str(made["id"])

    async def edit(self, id: str, patch: Wire) -> None:
        await self.call("PUT", f"ticket/{id}", dict(patch))

    async def delete(self, id: str) -> None:
        await self.call("DELETE", f"ticket/{id}")

    async def hide(self, id: str) -> None:
        await self.edit(id, {"Queue": "Closed"})

    async def leave_scope(self, id: str) -> None:
        await self.edit(id, {"Queue": "Elsewhere"})

    async def comment(self, id: str, body: str, visibility: Visibility) -> None:
        verb = "comment" if visibility is Visibility.INTERNAL else "correspond"
        await self.call(
            "POST", f"ticket/{id}/{verb}", {"ContentType": "text/html", "Content": body}
        )

    async def links_shown(self, id: str) -> Sequence[str]:
        links = (await self.call("GET", f"ticket/{id}"))["_hyperlinks"]
        return [link["_url"] for link in links if link["ref"] == "refers-to"]

    async def somebody(self) -> tuple[str, str]:
        return "bob", "bob@example.test"

    async def settle(self) -> None:
        self.clock.advance(3600)
        if self._server:
            # Versions and the feed's overlap count whole seconds of the server.
            await asyncio.sleep(2.1)

    async def administer(self, statement: str = "", lifecycle: str = LIFECYCLE) -> None:
        """Change what no interface changes, live; a recording is of an RT so changed.

        RT remembers rights for a while, so it is started anew.
        """
        if self._server:
            if statement:
                execute(self._server.live, statement)
            await asyncio.to_thread(self._server.restart, lifecycle)

    async def trouble(self, kind: Trouble) -> None:
        self.stage.lose_answer = kind is Trouble.LOST_ANSWER
        self.stage.refuse_once = kind is Trouble.RATE_LIMIT
        self.stage.down = kind is Trouble.DOWN

    async def recover(self) -> None:
        self.stage.lose_answer = self.stage.refuse_once = self.stage.down = False
        self.clock.advance(3600)


def config(world: RequestTrackerWorld, who: str = "hub", **more: Any) -> RequestTrackerConfig:
    """A connection to this world with somebody's token."""
    options = {"key_field": "ExternalKey", "search_lag": timedelta(seconds=1), **more}
    return RequestTrackerConfig(
        connector="request_tracker",
        base_url=world.stage.base_url,
        private_network=True,
        auth={"token": Secret(world.tokens[who])},
        scope=options.pop("scope", {"queue": "Support"}),
        **options,
    )


@asynccontextmanager
async def opened(
    world: RequestTrackerWorld, who: str = "hub", **more: Any
) -> AsyncIterator[RequestTrackerConnector]:
    """A connector in this world, closed at the end."""
    connector = RequestTrackerConnector.open("rt", config(world, who, **more), world.clock)
    try:
        yield connector
    finally:
        await connector.aclose()


def prepare(server: StrictTracker) -> None:
    """Bring a running server to the state in which every test begins; nothing is recorded."""
    server.reset()
    if server.lifecycle != LIFECYCLE:
        server.restart(LIFECYCLE)
    told = server.connection()
    headers = {"Authorization": f"token {told['auth']['token']}"}
    url = told["base_url"] + REST
    with httpx.Client(base_url=url, headers=headers, trust_env=False) as people:
        for name in ("Elsewhere", "Closed"):
            people.post("/queue", json={"Name": name}).raise_for_status()
        ticket = {"Queue": "Support", "Subject": "in work before", "Status": "open"}
        people.post("/ticket", json=ticket).raise_for_status()
    _grant(server.folder / "live.sqlite")


def execute(database: Path, statement: str) -> None:
    """Run SQL on a running server's database."""
    with closing(sqlite3.connect(database, timeout=10)) as db, db:
        db.execute(statement)


def _grant(database: Path) -> None:
    """Ann's rights on Support also on Elsewhere, and to read what custom fields are."""
    columns = "PrincipalType, PrincipalId, RightName, ObjectType, ObjectId"
    with closing(sqlite3.connect(database, timeout=10)) as db, db:
        ann = "(SELECT id FROM Groups WHERE Domain = 'ACLEquivalence' AND Instance = 29)"
        support, elsewhere = (
            f"(SELECT id FROM Queues WHERE Name = '{name}')" for name in ("Support", "Elsewhere")
        )
        db.execute(
            f"INSERT INTO ACL ({columns}) SELECT PrincipalType, PrincipalId, RightName,"
            f" ObjectType, {elsewhere} FROM ACL"
            f" WHERE PrincipalId = {ann} AND ObjectType = 'RT::Queue' AND ObjectId = {support}"
        )
        db.execute(
            f"INSERT INTO ACL ({columns})"
            f" VALUES ('Group', {ann}, 'SeeCustomField', 'RT::System', 1)"
        )
