"""Redmine as people use it, live or recorded: Ann's key is Syncline's, an administrator is people.

Ann is a manager and no administrator, so that there are issues she cannot see. The seeded server is
given what the suite needs besides: a workflow in which New leads to Closed only over Resolved, an
issue in Resolved, the project `elsewhere` that Ann also sees, and `closed` that she does not.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from typing import Any

import httpx

from connectors.redmine import RedmineConnector
from connectors.redmine.config import RedmineConfig
from deployments.real.http1 import Head
from deployments.real.redmine import Redmine
from syncline.sdk.connector import Visibility, Wire
from syncline.sdk.secrets import Secret
from syncline.sdk.testing import Requests, Trouble
from syncline.simulation.clock import ManualClock
from tests.support.recorded import Stage

MANAGER, NEW, RESOLVED, CLOSED = 3, 1, 3, 5
PRIORITY_IDS = {"Low": 1, "Normal": 2, "High": 3, "Urgent": 4, "Immediate": 5}

# What stands for a key in a recording; live the real ones are sent.
RECORDED_KEYS = {"hub": "k" * 40, "bob": "b" * 40, "people": "p" * 40, "stranger": "x" * 40}


def keys_of(server: Redmine) -> dict[str, str]:
    """The keys of a live server, in the roles they have here."""
    told = server.connection()
    keys = {name: person["auth"]["api_key"] for name, person in told["people"].items()}
    real = {"hub": keys["ann"], "bob": keys["bob"], "people": told["auth"]["api_key"]}
    return {**RECORDED_KEYS, **real}


def stage(keys: dict[str, str], **more: Any) -> Stage:
    """A stage that knows people by their keys."""
    names = {key: name for name, key in keys.items()}
    scrub = {key: RECORDED_KEYS[name] for name, key in keys.items()}

    def who(head: Head) -> str:
        return names.get(head.get("x-redmine-api-key"), "nobody")

    return Stage(who, scrub=scrub, **more)


class RedmineWorld:
    """People at Redmine; with a `server` it is live, and time really has to pass."""

    def __init__(self, stage: Stage, keys: dict[str, str], server: Redmine | None = None) -> None:
        self.stage = stage
        self.keys = keys
        self.clock = ManualClock()
        self.secrets: Sequence[str] = (keys["hub"], keys["stranger"])
        self._server = server
        self._http = httpx.AsyncClient(timeout=60, trust_env=False)

    @staticmethod
    def arrange(server: Redmine) -> None:
        """What this world needs besides `prepare`."""

    async def call(self, method: str, path: str, body: Any = None) -> Any:
        """What Redmine answers to a person; a refusal is an error of the test."""
        headers = {"X-Redmine-API-Key": self.keys["people"]}
        url = self.stage.base_url + path
        answer = await self._http.request(method, url, json=body, headers=headers)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    async def read(self, page: str) -> str:
        """A page as somebody without an account sees it."""
        answer = await self._http.get(self.stage.base_url + page)
        return answer.raise_for_status().text

    async def aclose(self) -> None:
        await self._http.aclose()

    def requests(self) -> Requests:
        told = [
            sum(self.stage.count(who, mutating=m) for who in ("hub", "stranger", "nobody"))
            for m in (False, True)
        ]
        return Requests(*told)

    async def create(self, fields: Wire) -> str:
        issue = {"project_id": "app", **_attributes(fields)}
        made = await self.call("POST", "/issues.json", {"issue": issue})
        return str(made["issue"]["id"])

    async def edit(self, id: str, patch: Wire) -> None:
        await self.call("PUT", f"/issues/{id}.json", {"issue": _attributes(patch)})

    async def delete(self, id: str) -> None:
        await self.call("DELETE", f"/issues/{id}.json")

    async def hide(self, id: str) -> None:
        await self._move(id, "closed")

    async def leave_scope(self, id: str) -> None:
        await self._move(id, "elsewhere")

    async def _move(self, id: str, project: str) -> None:
        await self.call("PUT", f"/issues/{id}.json", {"issue": {"project_id": project}})

    async def comment(self, id: str, body: str, visibility: Visibility) -> None:
        await self.call("PUT", f"/issues/{id}.json", {"issue": {"notes": body}})

    async def notes(self, id: str) -> list[dict[str, Any]]:
        """The journal entries with a text, as an administrator sees them."""
        answer = await self.call("GET", f"/issues/{id}.json?include=journals")
        return [journal for journal in answer["issue"]["journals"] if journal["notes"]]

    async def links_shown(self, id: str) -> Sequence[str]:
        words = [word for note in await self.notes(id) for word in note["notes"].split()]
        return [word for word in words if word.startswith("https://")]

    async def somebody(self) -> tuple[str, str]:
        await self.call("PUT", "/users/7.json", {"user": {}, "pref": {"hide_mail": "0"}})
        return "7", "bob@example.test"

    async def settle(self) -> None:
        self.clock.advance(3600)
        if self._server:
            # Behind the lookback of one second and the two that reading goes on after it.
            await asyncio.sleep(4)

    async def moments_later(self) -> None:
        """The server's clock catches up with the connector's, which ran ahead in quick passes."""
        if self._server:
            await asyncio.sleep(3)

    async def administer(self, statement: str) -> None:
        """Change what no interface changes, live; a recording is of a Redmine so changed."""
        if self._server:
            execute(self._server, statement)

    async def trouble(self, kind: Trouble) -> None:
        self.stage.lose_answer = kind is Trouble.LOST_ANSWER
        self.stage.refuse_once = kind is Trouble.RATE_LIMIT
        self.stage.down = kind is Trouble.DOWN

    async def recover(self) -> None:
        self.stage.lose_answer = self.stage.refuse_once = self.stage.down = False
        self.clock.advance(3600)


class VersionWorld(RedmineWorld):
    """People who plan versions. These have a custom field for the key, as issues have.

    No interface moves a version to another project; what a connection sees then is what it sees
    once its scope or its rights have changed, so the database is told to.
    """

    @staticmethod
    def arrange(server: Redmine) -> None:
        said = (
            "name, field_format, regexp, is_required, is_for_all, is_filter, position, searchable,"
            " editable, visible, multiple, format_store"
        )
        execute(
            server,
            f"INSERT INTO custom_fields (type, {said}) SELECT 'VersionCustomField', {said}"  # noqa: S608
            " FROM custom_fields WHERE name = 'ExternalKey'",
        )

    async def create(self, fields: Wire) -> str:
        made = await self.call("POST", "/projects/app/versions.json", {"version": dict(fields)})
        return str(made["version"]["id"])

    async def edit(self, id: str, patch: Wire) -> None:
        await self.call("PUT", f"/versions/{id}.json", {"version": dict(patch)})

    async def delete(self, id: str) -> None:
        await self.call("DELETE", f"/versions/{id}.json")

    async def _move(self, id: str, project: str) -> None:
        place = f"(SELECT id FROM projects WHERE identifier = '{project}')"  # noqa: S608
        await self.administer(f"UPDATE versions SET project_id = {place} WHERE id = {id}")

    async def settle(self) -> None:
        self.clock.advance(3600)
        if self._server:
            await asyncio.sleep(1.1)  # `updated_on` has whole seconds


def _attributes(fields: Wire) -> dict[str, Any]:
    told = {k: v for k, v in fields.items() if k in ("subject", "description", "due_date")}
    if "priority" in fields:
        told["priority_id"] = PRIORITY_IDS[fields["priority"]]
    return told


def config(world: RedmineWorld, who: str = "hub", **more: Any) -> RedmineConfig:
    """A connection to this world with somebody's key."""
    return RedmineConfig(
        **{
            "connector": "redmine",
            "base_url": world.stage.base_url,
            "private_network": True,
            "auth": {"api_key": Secret(world.keys[who])},
            "scope": {"project": "app"},
            "key_field": "ExternalKey",
            "search_lag": 1,
            # On SQLite two writes at a time sometimes end in "database is locked", a 500.
            "limits": {"concurrent": 1},
            **more,
        }
    )


@asynccontextmanager
async def opened(
    world: RedmineWorld, who: str = "hub", **more: Any
) -> AsyncIterator[RedmineConnector]:
    """A connector in this world, closed at the end."""
    connector = RedmineConnector.open("redmine", config(world, who, **more), world.clock)
    try:
        yield connector
    finally:
        await connector.aclose()


def execute(server: Redmine, statement: str) -> None:
    """Run SQL on a running server's database."""
    with closing(sqlite3.connect(server.folder / "live.sqlite", timeout=10)) as database, database:
        database.execute(statement)


def prepare(server: Redmine) -> None:
    """Bring a running server to the state in which every test begins; nothing is recorded."""
    server.reset()
    # A running Redmine keeps settings in memory until it sees younger ones.
    execute(server, "UPDATE settings SET updated_on = datetime('now', '+1 second')")
    execute(
        server,
        f"DELETE FROM workflows WHERE role_id = {MANAGER} AND old_status_id = {NEW}"
        f" AND new_status_id = {CLOSED}",
    )
    told = server.connection()
    headers = {"X-Redmine-API-Key": told["auth"]["api_key"]}
    with httpx.Client(base_url=told["base_url"], headers=headers, trust_env=False) as people:

        def send(method: str, path: str, body: Any) -> Any:
            return people.request(method, path, json=body).raise_for_status()

        for name in ("elsewhere", "closed"):
            project = {"name": name.title(), "identifier": name, "is_public": False}
            send("POST", "/projects.json", {"project": project})
        ann = {"membership": {"user_id": 6, "role_ids": [MANAGER]}}
        send("POST", "/projects/elsewhere/memberships.json", ann)
        finished = {"issue": {"project_id": "app", "subject": "finished before"}}
        id = send("POST", "/issues.json", finished).json()["issue"]["id"]
        send("PUT", f"/issues/{id}.json", {"issue": {"status_id": RESOLVED}})
