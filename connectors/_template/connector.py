"""The Template connector: tickets of one project.

The tool compares and sets (`If-Match`), finds a ticket by the key it was made with, and answers a
write with the ticket. It has neither bulk writes, history, comments nor files; what is not claimed
in `capabilities` is refused by `Connector` itself.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import timedelta
from typing import Self

from connectors._template import reading
from connectors._template.client import PER_PAGE, Client
from connectors._template.config import TemplateConfig
from syncline.sdk.batches import in_order, outcomes
from syncline.sdk.clock import Clock
from syncline.sdk.connector import (
    Capabilities,
    CensusPage,
    ConnectionConfig,
    Connector,
    Create,
    CreateSearch,
    FieldSchema,
    FindResult,
    Found,
    Missing,
    Outcome,
    Page,
    Person,
    Record,
    RecordSchema,
    Result,
    Schema,
    Update,
)
from syncline.sdk.errors import Conflict, Misconfigured, NotFound
from syncline.sdk.http import Limits, Transport
from syncline.sdk.secrets import Secret

TRIES = 3


class TemplateConnector(Connector):
    """The tool's tickets."""

    name = "template"
    config_model = TemplateConfig
    capabilities = Capabilities(
        conditional_update=True, answers_writes=True, find_by_key=True, bulk_fetch=PER_PAGE
    )

    def __init__(self, client: Client, config: TemplateConfig) -> None:
        self._client = client
        self._project = config.scope.project
        self._lag = config.search_lag or timedelta(0)

    @classmethod
    def open(cls, connection: str, config: ConnectionConfig, clock: Clock) -> Self:
        if not isinstance(config, TemplateConfig):
            raise Misconfigured(f"{connection} has another tool's configuration; nothing was sent.")
        transport = Transport(
            connection=connection,
            base_url=config.base_url,
            limits=Limits(config.limits.requests_per_minute, config.limits.concurrent or 4),
            clock=clock,
            headers={"Authorization": Secret(f"Bearer {config.auth.token.reveal()}")},
            private_network=config.private_network,
            read_only=config.read_only,
            ca_file=config.ca_file,
        )
        return cls(Client(transport, config.scope.project, config.base_url.rstrip("/")), config)

    async def describe(self) -> Schema:
        raw = await self._client.get("/schema")
        if self._project not in raw["projects"]:
            raise Misconfigured(
                f"scope: the account sees no project {self._project}, but "
                f"{', '.join(raw['projects']) or 'none'}. Nothing was synced; correct it."
            )
        fields = {path: _field(path, rule) for path, rule in raw["fields"].items()}
        records = {"ticket": RecordSchema("ticket", fields)}
        return Schema(raw["account"], raw["version"], records, "plain")

    def changes(self, record: str, cursor: str | None) -> AsyncIterator[Page]:
        return reading.changes(self._client, cursor, self._lag)

    async def census(self, record: str) -> AsyncIterator[CensusPage]:
        found = await reading.everything(self._client, project=self._project)
        yield CensusPage({one.id: one.version for one in found})

    async def fetch(self, record: str, ids: Sequence[str]) -> Mapping[str, Record | Missing]:
        """A hundred in one request; of those not in it, each is asked whether it is gone."""
        answers: dict[str, Record | Missing] = {}
        for at in range(0, len(ids), PER_PAGE):
            found, _, _ = await self._client.page(ids=",".join(ids[at : at + PER_PAGE]))
            answers |= {one.id: one for one in found}
        return {id: answers.get(id) or await self._alone(id) for id in ids}

    async def create(self, record: str, items: Sequence[Create]) -> Sequence[Outcome]:
        async def one(item: Create) -> Outcome:
            made = await self._client.create(item.fields, item.key)
            return Outcome.applied(made.id, made)

        return await outcomes(items, one)

    async def update(self, record: str, items: Sequence[Update]) -> Sequence[Outcome]:
        return await in_order(items, lambda item: item.id, self._update)

    async def find(self, record: str, items: Sequence[CreateSearch]) -> Sequence[FindResult]:
        return [await self._find(item.key) for item in items]

    async def people(self, handles: Sequence[str]) -> Mapping[str, Person]:
        return {one.handle: one for one in await self._people(ids=",".join(handles))}

    async def find_people(self, emails: Sequence[str]) -> Mapping[str, Person]:
        found = await self._people(emails=",".join(emails))
        return {one.email: one for one in found if one.email}

    def requests(self) -> Mapping[str, int]:
        return dict(self._client.transport.log.counts)

    async def aclose(self) -> None:
        await self._client.transport.aclose()

    async def _find(self, key: str) -> FindResult:
        found, _, _ = await self._client.page(external_id=key)
        if len(found) > 1:  # somebody has copied the ticket, with its key
            ids = ", ".join(one.id for one in found)
            return FindResult(Found.UNKNOWN, reason=f"several tickets carry this key: {ids}")
        return FindResult(Found.YES, found[0]) if found else FindResult(Found.NO)

    async def _alone(self, id: str) -> Record | Missing:
        try:
            return await self._client.ticket(id)
        except NotFound as error:
            return Missing(id, gone=not error.hidden, reason=str(error))

    async def _update(self, item: Update) -> Outcome:
        """Compare and set: only what the plan saw is written over."""
        for _ in range(TRIES):
            now = await self._client.ticket(item.id)
            if moved := [p for p, value in item.expected.items() if now.fields.get(p) != value]:
                reason = f"ticket {item.id} shows another value of {', '.join(moved)}"
                return Outcome(Result.CONFLICT, id=item.id, reason=reason)
            try:
                record = await self._client.save(item.id, item.patch, now.version)
            except Conflict:
                continue  # somebody was faster; it may have been another field
            return Outcome.applied(item.id, record)
        return Outcome(Result.RETRY, reason=f"ticket {item.id} keeps changing; nothing was applied")

    async def _people(self, **query: str) -> list[Person]:
        return [
            Person(raw["id"], raw["email"], raw["name"])
            for raw in await self._client.get("/people", **query)
        ]


def _field(path: str, rule: Mapping[str, object]) -> FieldSchema:
    options, longest = rule.get("options"), rule.get("max_length")
    return FieldSchema(
        path,
        path,
        str(rule["type"]),
        options=tuple(map(str, options)) if isinstance(options, list) else None,
        required=bool(rule.get("required")),
        read_only=bool(rule.get("read_only")),
        max_length=longest if isinstance(longest, int) else None,
    )
