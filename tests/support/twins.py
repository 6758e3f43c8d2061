"""Two of the same tool kept in step: a sync that every connector with a fake can have.

Both fakes show the same company, so their records match by title. People edit in the fakes
themselves; what the connector sends stands in the fakes' own logs. Time passes everywhere at once.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import httpx
import yaml

from syncline.catalogue import Offer, catalogue
from syncline.engine.report import Report
from syncline.hub import Hub, open_hub
from syncline.mapping.load import builtin
from syncline.registry import Registry
from syncline.sandbox import Fake, Refusal, Row, serving
from syncline.simulation.clock import ManualClock
from tests.support.connections import connector_of, fake_of

OFFERS: Mapping[str, Offer] = {offer.name: offer for offer in catalogue(Registry())}
Serve: TypeAlias = Callable[[Fake], AbstractAsyncContextManager[str]]
SYNC, LATER = "twins", 3600.0  # an hour: beyond every lag and lookback
SHOWN_LATER = ("mixpanel",)
"""Whose writes are answered by a count, so that the connector itself has to look what they did."""


class Clocks(ManualClock):
    """The hub's clock, which takes the tools' along."""

    def __init__(self, *fakes: Fake) -> None:
        super().__init__()
        self._fakes = fakes

    def advance(self, seconds: float) -> None:
        super().advance(seconds)
        for fake in self._fakes:
            fake.clock.advance(max(0.0, seconds))


class Twins:
    """Both tools by side, and the hub between them."""

    def __init__(self, name: str, entity: str, records: int) -> None:
        self.offer = offer_of(name)
        self.record = builtin(self.offer.name, entity).record
        self.fakes = {side: fake_of(name, records) for side in ("a", "b")}
        self.clock = Clocks(*self.fakes.values())
        self.hub: Hub
        self.urls: dict[str, str] = {}
        self._http: dict[str, httpx.AsyncClient] = {}
        for fake in self.fakes.values():
            for number, row in enumerate(self.rows(fake)):
                retitle(fake, row, f"{number} {row.title}")

    def rows(self, fake: Fake) -> list[Row]:
        """The records of the sync, as people see them: of the largest project, by their keys."""
        rows = [row for row in fake.board() if row.type == self.record]
        ((largest, _),) = Counter(map(_project, rows)).most_common(1)
        return sorted((r for r in rows if _project(r) == largest), key=lambda r: (len(r.id), r.id))

    def edit(self, side: str, count: int) -> set[str]:
        """People give the first records of a side other titles, and of the other the last ones.
        Answers with the new titles."""
        rows = self.rows(self.fakes[side])
        chosen = rows[:count] if side == "a" else rows[-count:]
        titles = {row.id: f"{row.title} at {self.clock.monotonic():.0f}" for row in chosen}
        for row in chosen:
            retitle(self.fakes[side], row, titles[row.id])
        return set(titles.values())

    async def later(self) -> Report:
        """Time goes by, and then a pass; the logs hold that pass alone."""
        self.clock.advance(LATER)
        for http in self._http.values():
            await http.delete("/_sandbox/requests")
        report = await self.hub.run(SYNC)
        assert not report.refused, report.refused
        assert not report.stopped, report.stopped
        return report

    async def sent(self) -> dict[str, Sent]:
        """What each side was sent in the last pass."""
        return {side: Sent.of(self.offer, await self.log(side)) for side in self.fakes}

    async def log(self, side: str) -> list[dict[str, Any]]:
        """The requests of the last pass, by the tool's own log."""
        rows: list[dict[str, Any]] = (await self._http[side].get("/_sandbox/requests")).json()
        return rows


@asynccontextmanager
async def twins(
    folder: Path,
    name: str,
    entity: str,
    records: int,
    serve: Serve = serving,
    connections: Mapping[str, Mapping[str, Any]] | None = None,
    **sync: Any,
) -> AsyncIterator[Twins]:
    """Two tools of a connector with so many cases each. `sync` goes over what is set here, and so
    does what `connections` says of a side's."""
    one = Twins(name, entity, records)
    async with AsyncExitStack() as stack:
        opened = {}
        for side, fake in one.fakes.items():
            url = await stack.enter_async_context(serve(fake))
            one.urls[side] = url
            opened[side] = {
                "connector": one.offer.name,
                "base_url": url,
                "private_network": True,
            }
            opened[side] |= {**fake.connection(), **(connections or {}).get(side, {})}
            one._http[side] = await stack.enter_async_context(
                httpx.AsyncClient(base_url=url, trust_env=False)
            )
        title = title_of(entity)
        written = {
            "entity": entity,
            "sides": {side: {"record": one.record} for side in one.fakes},
            "match": ["marker", {"fields": [title]}],
            "fields": {title: {"authority": "a"}},
            "links": "off",
            "guards": {"max_changed_percent": 100},
            **sync,
        }
        body = {"connections": opened, "syncs": {SYNC: written}}
        (folder / "syncline.yaml").write_text(yaml.safe_dump(body))
        one.hub = await stack.enter_async_context(open_hub(folder, clock=one.clock))
        yield one


def _project(row: Row) -> str:
    key = re.fullmatch(r"([A-Z]+)-[0-9]+", row.key)
    return key[1] if key else ""


def offer_of(name: str) -> Offer:
    """What the connector that is opened as `name` offers."""
    return OFFERS[connector_of(name).name]


def entity_of(name: str) -> str:
    """What a connector is tried with: the first of these that its fake has a whole company of."""
    known = offer_of(name).entities
    return next(one for one in ("ticket", "roadmap_item", "account") if one in known)


def title_of(entity: str) -> str:
    """The field that a person knows a record by."""
    return "name" if entity in ("account", "person", "release") else "title"


def retitle(fake: Fake, row: Row, title: str) -> None:
    """Somebody who may gives a record another title."""
    sheet = fake.sheet(row.type, row.id)
    texts = [f for f in sheet.fields if f.kind == "text" and f.value and f.value in sheet.title]
    field = max(texts, key=lambda one: len(one.value))
    for person in fake.people():
        try:
            return fake.edit(row.type, row.id, person, {field.name: title})
        except Refusal as refusal:
            last = refusal
    raise last


@dataclass(frozen=True)
class Sent:
    """What one side was sent in a pass, and the least that it could have been sent."""

    work: int
    session: int
    writes: int
    bound: int

    @classmethod
    def of(cls, offer: Offer, log: list[dict[str, Any]]) -> Sent:
        """By the tool's own log. Logging in is listed apart: it is once an hour or a day."""
        work = [one for one in log if not re.search(r"/oauth|/token", one["path"])]
        writes = [one for one in work if one["mutating"]]
        changed = len({id for one in work for id in one["applied"]})
        jobs = sum("job" in one["path"] for one in work)
        return cls(len(work), len(log) - len(work), len(writes), bound(offer, changed, jobs))


def bound(offer: Offer, changed: int, jobs: int) -> int:
    """The least that a pass can send to one side where it changes so many records there.

    A page of changes; the writes, in bulk; a read by id before them without compare-and-set, and
    after them where they do not answer with the record, as a job does not; a poll for each job.
    """
    can = offer.capabilities
    assert can is not None
    told = can.answers_writes and not jobs and offer.name not in SHOWN_LATER
    before, after = not can.conditional_update, not told
    reads = (before + after) * pages(changed, can.bulk_fetch)
    return 1 + pages(changed, can.bulk_update) + reads + min(jobs, pages(changed, can.bulk_update))


def pages(items: int, size: int) -> int:
    return -(-items // size)
