"""A fake of Salesforce on loopback in a thread of its own, and who talks to it.

`simple-salesforce` speaks https to the org's own address; an adapter sends that here.
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
from simple_salesforce import Salesforce

from connectors.salesforce.fake import SalesforceFake
from connectors.salesforce.fake.signing_in import CLIENT_ID, CLIENT_SECRET
from syncline.sandbox import Company, Hooks, State, ToolClock, serving

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
API = "/services/data/v67.0"

T = TypeVar("T")


class Here(HTTPAdapter):
    """Takes what is meant for Salesforce to the fake."""

    def __init__(self, base_url: str) -> None:
        super().__init__()
        self._base_url = base_url

    def send(self, request: requests.PreparedRequest, *args: Any, **more: Any) -> Any:
        """As usual, to another host."""
        parts, sent = urlsplit(request.url), request.copy()
        sent.url = f"{self._base_url}{parts.path}" + (f"?{parts.query}" if parts.query else "")
        response = super().send(sent, *args, **more)
        response.request = request
        return response


class Stage:
    """The fake, its clock, and its clients."""

    def __init__(self, fake: SalesforceFake, url: str, loop: asyncio.AbstractEventLoop) -> None:
        self.fake = fake
        self.url = url
        self._loop = loop
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.mount("https://", Here(url))
        self.sf = Salesforce(
            consumer_key=CLIENT_ID,
            consumer_secret=CLIENT_SECRET,
            domain="acme.my",
            version="67.0",
            session=self.session,
        )
        bearer = {"Authorization": f"Bearer {self.sf.session_id}"}
        self.api = httpx.Client(base_url=url + API, headers=bearer, trust_env=False)

    @property
    def settings(self) -> Any:
        """The org's switches."""
        return self.fake.settings

    def advance(self, seconds: float) -> None:
        """Let time pass in the org."""
        self.fake.clock.advance(seconds)

    def inside(self, act: Callable[[SalesforceFake], T]) -> T:
        """Do something where the fake runs, as its page does."""

        async def done() -> T:
            return act(self.fake)

        return asyncio.run_coroutine_threadsafe(done(), self._loop).result(10)

    def query(self, soql: str, path: str = "/query") -> httpx.Response:
        """The answer to a query."""
        return self.api.get(path, params={"q": soql})

    def many(self, method: str, path: str, *records: dict[str, Any]) -> list[dict[str, Any]]:
        """What a write of many answers; fails where it is refused whole."""
        body = {"allOrNone": False, "records": list(records)}
        response = self.api.request(method, f"/composite/sobjects{path}", json=body)
        assert response.status_code == 200, response.text
        rows: list[dict[str, Any]] = response.json()
        return rows

    def close(self) -> None:
        """Let go of all connections."""
        self.api.close()
        self.session.close()


def a(source: str, **values: Any) -> dict[str, Any]:
    """A record in a write of many."""
    return {"attributes": {"type": source}, **values}


@contextmanager
def staged(state: str = ":memory:", records: int = 30) -> Iterator[Stage]:
    """A stage whose clock stands still."""
    ready, found = threading.Event(), {}

    async def serve() -> None:
        found["end"] = end = asyncio.Event()
        found["loop"] = asyncio.get_running_loop()
        memory = State(state)
        found["fake"] = fake = SalesforceFake(memory, ToolClock(START), Hooks())
        if not fake.records("Case"):
            fake.seed(Company.made(7, records))
        async with serving(fake) as url:
            found["url"] = url
            ready.set()
            await end.wait()
        memory.close()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert ready.wait(30)
    stage = None
    try:
        stage = Stage(found["fake"], found["url"], found["loop"])
        yield stage
    finally:
        if stage is not None:
            stage.close()
        found["loop"].call_soon_threadsafe(found["end"].set)
        thread.join(30)
