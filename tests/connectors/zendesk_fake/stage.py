"""A fake of Zendesk on loopback in a thread of its own, and who talks to it.

`zenpy` insists on `https://SUBDOMAIN.zendesk.com`; an adapter of its session sends that here.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx
import requests
from requests.adapters import HTTPAdapter
from zenpy import Zenpy

from connectors.zendesk.fake import ZendeskFake
from connectors.zendesk.fake.signing_in import API_TOKEN, CLIENT_ID, CLIENT_SECRET, HUB
from syncline.sandbox import Company, Hooks, State, ToolClock, serving

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
API = "/api/v2"

T = TypeVar("T")


class Here(HTTPAdapter):
    """Takes what is meant for Zendesk to the fake."""

    def __init__(self, base_url: str) -> None:
        super().__init__()
        self._base_url = base_url

    def send(self, request: requests.PreparedRequest, *args: Any, **more: Any) -> Any:
        """As usual, to another host."""
        parts, sent = urlsplit(request.url), request.copy()
        sent.url = f"{self._base_url}{parts.path}" + (f"?{parts.query}" if parts.query else "")
        response = super().send(sent, *args, **more)
        response.request = request  # by its address the client knows what was asked
        return response


class Stage:
    """The fake, its clock, and its clients."""

    def __init__(self, fake: ZendeskFake, url: str, loop: asyncio.AbstractEventLoop) -> None:
        self.fake = fake
        self.url = url
        self._loop = loop
        self._sessions: list[requests.Session] = []
        credentials = (f"{HUB}/token", API_TOKEN)
        self.api = httpx.Client(base_url=url, auth=credentials, trust_env=False, timeout=60)
        self.zen = self.zenpy(email=HUB, token=API_TOKEN)

    @property
    def settings(self) -> Any:
        """The account's switches."""
        return self.fake.settings

    def zenpy(self, **credentials: Any) -> Zenpy:
        """The client package with other credentials."""
        session = requests.Session()
        session.trust_env = False
        session.mount("https://", Here(self.url))
        self._sessions.append(session)
        return Zenpy(
            subdomain="acme", session=session, disable_cache=True, ratelimit_budget=1, **credentials
        )

    def token(self, **more: Any) -> httpx.Response:
        """What the token endpoint answers."""
        asked = {
            "grant_type": "client_credentials",
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
        }
        with httpx.Client(base_url=self.url, trust_env=False) as client:
            return client.post("/oauth/tokens", json={**asked, **more})

    def advance(self, seconds: float) -> None:
        """Let time pass in the account."""
        self.fake.clock.advance(seconds)

    def inside(self, act: Callable[[ZendeskFake], T]) -> T:
        """Do something where the fake runs, as its page does."""

        async def done() -> T:
            return act(self.fake)

        return asyncio.run_coroutine_threadsafe(done(), self._loop).result(10)

    def get(self, path: str, **query: Any) -> Any:
        """The JSON at a path of the API; fails for an error."""
        response = self.api.get(f"{API}{path}", params=query or None)
        assert response.status_code == 200, response.text
        return response.json()

    def send(self, method: str, path: str, body: Any = None, **more: Any) -> httpx.Response:
        """A request to a path of the API."""
        return self.api.request(method, f"{API}{path}", json=body, **more)

    def made(self, **fields: Any) -> dict[str, Any]:
        """A new ticket."""
        wanted = {"subject": "Printer", "comment": {"body": "It smokes."}} | fields
        response = self.send("POST", "/tickets", {"ticket": wanted})
        assert response.status_code == 201, response.text
        ticket: dict[str, Any] = response.json()["ticket"]
        return ticket

    def put(self, id: int, **fields: Any) -> httpx.Response:
        """A change of a ticket."""
        return self.send("PUT", f"/tickets/{id}", {"ticket": fields})

    def changed(self, id: int, **fields: Any) -> dict[str, Any]:
        """A ticket after a change that is not refused."""
        response = self.put(id, **fields)
        assert response.status_code == 200, response.text
        ticket: dict[str, Any] = response.json()["ticket"]
        return ticket

    def comments(self, id: int) -> list[dict[str, Any]]:
        """A ticket's comments."""
        rows: list[dict[str, Any]] = self.get(f"/tickets/{id}/comments")["comments"]
        return rows

    def exported(self, start: int = 0) -> list[dict[str, Any]]:
        """Everything that the export tells of, page by page."""
        answer = self.get("/incremental/tickets/cursor", start_time=start)
        rows: list[dict[str, Any]] = answer["tickets"]
        while not answer["end_of_stream"]:
            answer = self.get("/incremental/tickets/cursor", cursor=answer["after_cursor"])
            rows += answer["tickets"]
        return rows

    def finished(self, job: dict[str, Any]) -> dict[str, Any]:
        """A job when it is done."""
        for _ in range(5):
            job = self.get(f"/job_statuses/{job['id']}")["job_status"]
            if job["status"] == "completed":
                return job
        raise AssertionError(job)

    def field(self, title: str) -> dict[str, Any]:
        """A ticket field by its title."""
        rows = self.get("/ticket_fields")["ticket_fields"]
        found: dict[str, Any] = next(row for row in rows if row["title"] == title)
        return found

    def person(self, role: str, number: int = 0) -> dict[str, Any]:
        """A user of a role."""
        users = [u for u in self.get("/users", role=role)["users"] if not u["suspended"]]
        found: dict[str, Any] = users[number]
        return found

    def close(self) -> None:
        """Let go of all connections."""
        self.api.close()
        for session in self._sessions:
            session.close()


@contextmanager
def staged(state: str = ":memory:", records: int = 30) -> Iterator[Stage]:
    """A stage whose clock stands still."""
    ready, found = threading.Event(), {}

    async def serve() -> None:
        found["end"] = end = asyncio.Event()
        found["loop"] = asyncio.get_running_loop()
        memory = State(state)
        found["fake"] = fake = ZendeskFake(memory, ToolClock(START), Hooks())
        if not len(fake.account.users):
            fake.seed(Company.made(7, records))
        async with serving(fake) as url:
            found["url"] = url
            ready.set()
            await end.wait()
        memory.close()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert ready.wait(30)
    stage = Stage(found["fake"], found["url"], found["loop"])
    try:
        yield stage
    finally:
        stage.close()
        found["loop"].call_soon_threadsafe(found["end"].set)
        thread.join(30)


def problems(response: httpx.Response) -> str:
    """The words of a refused record."""
    assert response.status_code == 422, response.text
    details = response.json()["details"]
    return "; ".join(one["description"] for some in details.values() for one in some)
