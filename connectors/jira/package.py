"""The `jira` package, with every request of it sent by the connection's own transport.

It knows the paths and forms of metadata, transitions and remote links. It is synchronous and has
retries of its own, which send a POST again after a dropped connection; so each call runs in a
worker thread, its requests are handed to the event loop, and its retries are off. Limits, egress
guard, request log and errors are those of `Transport`; credentials never enter the package.

Searching and everything in bulk does without it: it gives a hundred issues at most for any number
that is asked for, builds objects for each field, and has no bulk calls.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Any, TypeVar

from jira import JIRA
from requests import PreparedRequest
from requests import Response as Answer
from requests.adapters import BaseAdapter

from connectors.jira.client import Client, refusal
from connectors.jira.dialect import Dialect
from syncline.sdk.errors import Rejected

T = TypeVar("T")


class Package:
    """The package's client for one connection."""

    def __init__(self, client: Client, base_url: str) -> None:
        self._adapter = _Adapter(client)
        self._base_url = base_url
        self._dialect = client.dialect
        self._jira: _Jira | None = None

    async def call(self, what: Callable[[JIRA], T]) -> T:
        """What `what` gives of the package's client; errors are those of `Transport`.

        A 400 raises Rejected with Jira's own sentences.
        """
        self._adapter.loop = asyncio.get_running_loop()
        if self._jira is None:
            self._jira = _Jira(self._base_url, self._adapter, self._dialect)
        return await asyncio.to_thread(what, self._jira)

    def close(self) -> None:
        """Forget the client."""
        if self._jira is not None:
            self._jira.close()  # type: ignore[no-untyped-call]
            self._jira = None


class _Jira(JIRA):
    """Asks nothing of its own accord: no server version, no newer release, no application links.

    The constructor would detect Jira Cloud by a request, without which calls that exist there
    alone do nothing; which kind of deployment this is, the connection says.
    """

    def __init__(self, base_url: str, adapter: BaseAdapter, dialect: Dialect) -> None:
        options = {"server": base_url, "rest_api_version": dialect.version, "check_update": False}
        super().__init__(
            options=options,
            max_retries=0,
            get_server_info=False,
        )
        self.deploymentType = "Cloud" if dialect.deployment == "cloud" else "Server"
        self._session.trust_env = False
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)

    def applicationlinks(self, cached: bool = True) -> list[Any]:
        """`add_remote_link` asks for them, which needs an administrator, and uses none here."""
        return []


class _Adapter(BaseAdapter):
    """Sends what `requests` has prepared by the connection's transport, from a worker thread."""

    loop: asyncio.AbstractEventLoop

    def __init__(self, client: Client) -> None:
        super().__init__()
        self._client = client

    def send(
        self,
        request: PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> Answer:
        sent = asyncio.run_coroutine_threadsafe(self._exchanged(request), self.loop)
        return sent.result()

    async def _exchanged(self, request: PreparedRequest) -> Answer:
        body = request.body
        told = await self._client.send(
            str(request.method),
            str(request.url),
            content=body.encode() if isinstance(body, str) else body,
            headers={"Content-Type": "application/json"} if body else {},
            ok=(200, 201, 204, 400),
        )
        if told.status == 400:
            raise Rejected(refusal(told.json()), status=400)
        answer = Answer()
        answer.status_code = told.status
        answer.headers.update(told.headers)
        answer.raw = BytesIO(told.content)
        answer.url, answer.request, answer.encoding = str(request.url), request, "utf-8"
        return answer

    def close(self) -> None:
        """Nothing is held here."""
