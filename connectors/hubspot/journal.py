"""HubSpot's Webhooks Journal: a feed of what happened to records, which is asked for.

An app's client credentials open it, not the private app's token. An entry leads to a file at
another host, which is read by a transport of its own: that one knows this host alone, and has no
credentials that could get there. What an entry says of a record is not believed; it only names
the record, which is then read.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from connectors.hubspot.client import Row, numbers
from connectors.hubspot.config import HubSpotConfig
from syncline.sdk.clock import Clock
from syncline.sdk.credentials import Bearer, Token
from syncline.sdk.errors import (
    AuthRequired,
    EgressRefused,
    Misconfigured,
    NotFound,
    Rejected,
    Retriable,
)
from syncline.sdk.http import Limits, Transport

START = "-"
"""The place before the first entry that the journal keeps."""

# Read rights alone; the app itself has the scopes of the record types, too.
SCOPES = ("developer.webhooks_journal.read", "developer.webhooks_journal.subscriptions.read")
# What `next` answers of an offset that is not kept any more; the second is what is documented.
_FORGOTTEN = (400, 404)

_log = logging.getLogger("syncline.hubspot")


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the journal: where it stands, and what it tells."""

    offset: str
    events: tuple[Row, ...]

    def ids(self, type_id: str) -> list[str]:
        """The records of a type that it names: changed, tied to, merged, deleted, restored."""
        return list(dict.fromkeys(id for event in self.events for id in _named(event, type_id)))


class Journal:
    """The journal of one connection's account; `account` tells that."""

    def __init__(
        self,
        connection: str,
        config: HubSpotConfig,
        limits: Limits,
        clock: Clock,
        account: Callable[[], Awaitable[Row]],
    ) -> None:
        self._connection = connection
        self._config = config
        assert config.journal is not None
        self._journal = config.journal
        self._account = account
        self._api = Transport(
            connection=connection,
            base_url=config.base_url,
            limits=limits,
            clock=clock,
            credentials=Bearer(self._token, clock),
            private_network=config.private_network,
            read_only=config.read_only,
            ca_file=config.ca_file,
        )
        self._files = Transport(
            connection=connection,
            base_url=config.journal.files,
            limits=limits,
            clock=clock,
            private_network=config.private_network,
            read_only=config.read_only,
            ca_file=config.ca_file,
        )

    async def latest(self) -> str:
        """The place of the newest entry."""
        found = await self._pointer("/latest")
        return START if found is None else found[0]

    async def after(self, offset: str) -> AsyncIterator[Entry]:
        """The entries behind a place, oldest first, as far as the journal still keeps them."""
        forgotten = _FORGOTTEN if offset != START else ()
        while True:
            path = "/earliest" if offset == START else f"/offset/{quote(offset, safe='')}/next"
            try:
                found = await self._pointer(path)
            except Misconfigured as error:
                if error.status not in forgotten:
                    raise
                self._say_forgotten()
                offset, forgotten = START, ()
                continue
            if found is None or found[0] == offset:
                return
            offset = found[0]
            yield Entry(offset, await self._events(offset, found[1]))

    async def try_out(self) -> None:
        """Read the newest entry, for `describe`; raises what is wrong with it."""
        if (found := await self._pointer("/latest")) is not None:
            await self._events(*found)

    async def subscriptions(self) -> list[Row]:
        """What the journal is subscribed to in this account."""
        answer = await self._api.request("GET", self._path("subscriptions"), forbidden="auth")
        rows = (answer.json() or {}).get("results") or ()
        portal = await self._portal()
        here = [row for row in rows if str(row.get("portalId")) == portal]
        return [row for row in here if not row.get("deletedAt")]

    def requests(self, kind: str) -> int:
        """How many requests were sent for it, to read or to write."""
        return self._api.log.counts[kind] + self._files.log.counts[kind]

    async def aclose(self) -> None:
        """Close connections."""
        await self._api.aclose()
        await self._files.aclose()

    async def _pointer(self, path: str) -> tuple[str, str] | None:
        """An entry's place and its file's address, None where there is none."""
        asked, portal = self._path("journal-local", path), await self._portal()
        try:
            response = await self._api.request(
                "GET", asked, params={"installPortalId": portal}, ok=(200, 204), forbidden="auth"
            )
        except (NotFound, Rejected) as error:
            raise Misconfigured(
                f"HubSpot gives this app no journal of account {portal}: {error} Install the app "
                "there, or leave `journal` out.",
                status=error.status,
            ) from error
        told = response.json()
        if not told:
            return None
        if not isinstance(told, Mapping) or not (told.get("currentOffset") and told.get("url")):
            raise Retriable(f"{self._connection}: HubSpot's journal gave an entry without a place.")
        return str(told["currentOffset"]), str(told["url"])

    async def _events(self, offset: str, url: str) -> tuple[Row, ...]:
        try:
            told = (await self._files.request("GET", url)).json()
        except EgressRefused as error:
            raise Misconfigured(
                f"HubSpot's journal keeps its file at another host than {self._journal.files}; it "
                "was not read, and nothing else of this pass was. If that host is HubSpot's, name "
                f"it under `journal`, `files`; else leave `journal` out. ({error})"
            ) from error
        except (NotFound, Rejected) as error:
            raise Retriable(
                f"The file of entry {offset} of HubSpot's journal was not given, perhaps because "
                f"its address has ended. Nothing is missed: the next pass asks anew. ({error})"
            ) from error
        events = told.get("journalEvents") if isinstance(told, Mapping) else None
        if not isinstance(events, list):
            raise Retriable(
                f"The file of entry {offset} of HubSpot's journal has no events in it. Nothing is "
                "missed: the next pass asks anew; leave `journal` out if it stays so."
            )
        return tuple(event for event in events if isinstance(event, Mapping))

    async def _portal(self) -> str:
        return str((await self._account())["portalId"])

    def _path(self, area: str, tail: str = "") -> str:
        return f"/webhooks-journal/{area}/{self._config.api_version}{tail}"

    async def _token(self, transport: Transport) -> Token:
        asked = {
            "grant_type": "client_credentials",
            "client_id": self._journal.client_id,
            "client_secret": self._journal.client_secret.reveal(),
            "scope": " ".join(SCOPES),
        }
        try:
            response = await transport.request(
                "POST",
                f"/oauth/{self._config.api_version}/token",
                content=urlencode(asked).encode(),
                headers={"Content-Type": "application/x-www-form-urlencoded"},
                mutating=False,
                authorised=False,
                forbidden="auth",
            )
        except Rejected as error:
            raise AuthRequired(
                f"HubSpot gave no token for its journal: {error} Correct `client_id` and "
                f"`client_secret` under `journal`; the app needs {' and '.join(SCOPES)}.",
                status=error.status,
            ) from error
        told = response.json()
        if not isinstance(told, Mapping) or not isinstance(told.get("access_token"), str):
            raise AuthRequired("HubSpot answered the request for a journal's token without one.")
        return Token.of(told["access_token"], told.get("expires_in"))

    def _say_forgotten(self) -> None:
        _log.warning(
            "%s: HubSpot's journal no longer knows how far it was read, and is read from its "
            "beginning. It keeps three days. Edits that it has dropped are found by the searches, "
            "deletions by the next full pass, associations with the record's next change.",
            self._connection,
        )


def _named(event: Row, type_id: str) -> list[str]:
    """The ids of a type's records in an event.

    Whose an id is says the type beside it, as in objectId and objectTypeId; how an association's
    other side is called is not documented, so every such pair counts. A merge is of one type.
    """
    found = [
        event.get(f"{name.removesuffix('TypeId')}Id")
        for name, value in event.items()
        if name.endswith("bjectTypeId") and value == type_id
    ]
    if event.get("objectTypeId") == type_id:
        merged = event.get("mergedObjectIds")
        found += [event.get("primaryObjectId"), event.get("newObjectId")]
        found += merged if isinstance(merged, list) else ()
    return numbers([str(id) for id in found if id is not None])
