"""What a connection has to know of RT before it can read tickets: queues, fields, people, itself.

Everything here is a cache for the life of the connector and can be asked for again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from connectors.request_tracker.client import Client, Row, segment, together
from connectors.request_tracker.config import RequestTrackerConfig
from syncline.sdk.connector import Person
from syncline.sdk.errors import Misconfigured, NotFound
from syncline.sdk.secrets import Secret

TICKETS = "RT::Queue-RT::Ticket"


class Metadata:
    """Lazy look-ups; each is asked at most once."""

    def __init__(self, client: Client, config: RequestTrackerConfig) -> None:
        self._client = client
        self._config = config
        self._queues: dict[str, Row] = {}
        self._fields: dict[str, Row] = {}
        self._fields_asked = False
        self._me: Row | None = None
        self._users: dict[str, Person] = {}

    async def queues(self) -> Mapping[str, Row]:
        """The scope's queues by name; raises Misconfigured naming one that does not exist."""
        missing = [name for name in self._config.scope.queue if name not in self._queues]
        found = await together(self._queue(name) for name in missing)
        self._queues.update(zip(missing, found, strict=True))
        return self._queues

    async def me(self) -> Row:
        """The account behind the credentials."""
        if self._me is None:
            found: Row = await self._client.get(f"user/{segment(self._own_name())}")
            self._me = found
        return self._me

    async def fields(self) -> Mapping[str, Row]:
        """Custom fields of tickets by id, as far as this account may read their definitions."""
        if not self._fields_asked:
            limits = [{"field": "LookupType", "value": TICKETS}]
            rows = await self._client.rows("customfields", limits, "Name,Type,MaxValues")
            self._fields.update((str(row["id"]), row) for row in rows)
            self._fields_asked = True
        return self._fields

    async def multiple(self) -> Mapping[str, bool]:
        """Of each known custom field's id, whether it takes several values."""
        return {id: str(row["MaxValues"]) != "1" for id, row in (await self.fields()).items()}

    async def users(self, ids: Iterable[str]) -> Mapping[str, Person]:
        """Users by RT's number, with the login as handle; those that cannot be read are left out.

        A search for users cannot ask for numbers, so each unknown one costs a request.
        """
        wanted = {id for id in ids if id}
        await together(self._learn(id) for id in wanted - self._users.keys())
        return {id: self._users[id] for id in wanted if id in self._users}

    async def people(self, field: str, values: Sequence[str], **params: str) -> list[Person]:
        """Users whose `field` ("Name", "EmailAddress") is one of `values`."""
        found: list[Row] = []
        for at in range(0, len(values), 100):
            limits = [{"field": field, "value": value} for value in values[at : at + 100]]
            fields = "Name,EmailAddress,RealName,Disabled"
            found += await self._client.rows("users", limits, fields, **params)
        return [person_of(row) for row in found]

    async def by_handle(self, handles: Sequence[str]) -> dict[str, Person]:
        """Who these handles are: a login, or the address of a requestor."""
        addresses = [handle for handle in handles if "@" in handle]
        # A login may look like an address: RT names a user it makes from a mail so.
        by_login = await self.people("Name", handles, find_disabled_rows="1")
        by_address = await self.people("EmailAddress", addresses, find_disabled_rows="1")
        known = {person.handle.casefold(): person for person in by_login}
        known |= {(person.email or "").casefold(): person for person in by_address}
        return {one: known[one.casefold()] for one in handles if one.casefold() in known}

    async def by_email(self, emails: Sequence[str]) -> dict[str, Person]:
        """The one enabled user with this address; RT's search leaves disabled ones out."""
        known = {
            (person.email or "").casefold(): person
            for person in await self.people("EmailAddress", emails)
        }
        return {one: known[one.casefold()] for one in emails if one.casefold() in known}

    async def _learn(self, id: str) -> None:
        try:
            self._users[id] = person_of(await self._client.get(f"user/{segment(id)}"))
        except NotFound:
            return

    async def _queue(self, name: str) -> Row:
        try:
            found: Row = await self._client.get(f"queue/{segment(name)}")
        except NotFound as error:
            raise Misconfigured(
                f"scope: Request Tracker has no queue {name!r} that this account may see. "
                "Nothing was read; correct the name, or give the account SeeQueue on it."
            ) from error
        if str(found.get("Disabled")) == "1":
            raise Misconfigured(
                f"scope: the queue {name!r} is disabled in Request Tracker. Nothing was read; "
                "enable it or take it out of the scope."
            )
        return found

    def _own_name(self) -> str:
        """The account's login, or its number, which stands in a token: "1-NUMBER-SECRET"."""
        if (user := self._config.auth.user) is not None:
            return user
        number = _number(self._config.auth.token)
        if number is None:
            raise Misconfigured(
                "auth.token is not a Request Tracker auth token, which reads 1-NUMBER-LETTERS. "
                "Make one in RT under Logged in as, Settings, Auth Tokens."
            )
        return number


def _number(token: Secret | None) -> str | None:
    """The account's number in a token. In here, as an error's frame shows what its names hold."""
    parts = token.reveal().split("-") if token is not None else []
    return parts[1] if len(parts) > 2 and parts[1].isdigit() else None


def person_of(row: Row) -> Person:
    """A user as RT shows them in a list or alone."""
    name = row.get("Name") or str(row["id"])
    return Person(
        handle=name,
        email=row.get("EmailAddress") or None,
        name=row.get("RealName") or name,
        active=str(row.get("Disabled")) != "1",
    )
