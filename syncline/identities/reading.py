"""What the reports rest on: whom records named, whom tools know by their address, and accounts.

Reads the store and the tools, and writes to neither.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from syncline.engine.compile import compile_sync
from syncline.engine.directory import PERSONAL
from syncline.engine.spec import Sync
from syncline.identities import accounts, people
from syncline.identities.nearest import Party
from syncline.mapping.lens import NOBODY, Unmappable
from syncline.mapping.load import ToolMapping
from syncline.sdk.connector import Record
from syncline.store import links
from syncline.store import people as stored
from syncline.store.rows import PersonRow
from syncline.store.sql import Tx

if TYPE_CHECKING:
    from syncline.hub import Hub

ACCOUNT = "account"
NAMED_BY = ("name", "domain")
PAGE = 500


async def people_report(hub: Hub) -> people.People:
    """Who is matched across the tools and who is not.

    Each tool is asked once which of the addresses that other tools told of it knows. Raises the
    tool's error where one cannot be asked.
    """
    connections = await hub.connections()
    wants, table = _wants(hub), hub.people()
    met: dict[str, dict[str, PersonRow]] = {}
    for name in hub.config.connections:
        met[name] = await hub.store.read(stored.of_connection, name)
    found = {}
    for name, emails in people.unknown(met, table, wants).items():
        known = await connections.get(name).find_people(sorted(emails))
        found[name] = {email.lower(): person.handle for email, person in known.items()}
    return people.report(met, table, found, wants)


def _wants(hub: Hub) -> dict[str, frozenset[str]]:
    """For each connection the others that a sync writes its people to."""
    wanted: dict[str, set[str]] = {}
    for name in hub.config.syncs:
        sync = compile_sync(hub.config, name, hub.mappings(name), {})
        for unit in sync.units.values():
            if unit.kind.name not in PERSONAL:
                continue
            for one in unit.lenses:
                takes = {s for s in unit.lenses if s != one and unit.writable(s)}
                takes = {s for s in takes if not unit.lenses[s].read_only}
                if unit.heard(one) and takes:
                    wanted.setdefault(one, set()).update(takes)
    return {name: frozenset(others) for name, others in wanted.items()}


async def accounts_report(hub: Hub, name: str) -> accounts.Accounts:
    """Which account of a sync is which. Every account in scope is read."""
    sync = await hub.sync(name)
    sides = {}
    for side, mapping in hub.mappings(name).items():
        sides[side] = [one async for one in _accounts(hub, sync, side, mapping)]
    return accounts.report(name, sides, await hub.store.read(_links, name))


async def _accounts(hub: Hub, sync: Sync, side: str, mapping: ToolMapping) -> AsyncIterator[Party]:
    connector = (await hub.connections()).get(side)
    seen: dict[str, Record] = {}
    async for page in connector.changes(sync.sides[side].record, None):
        seen.update((record.id, record) for record in page.records)
    for record in seen.values():
        if record.in_scope and not record.deleted and record.merged_into is None:
            name, domain = (_said(mapping, field, record.fields) for field in NAMED_BY)
            yield Party(side, record.id, name, domain)


def _said(mapping: ToolMapping, field: str, wire: Mapping[str, Any]) -> str:
    lens = mapping.fields.get(field)
    try:
        value = lens.get(lens.read(wire), NOBODY) if lens else None
    except Unmappable:
        value = None
    return "" if value is None else str(value)


def _links(tx: Tx, name: str) -> list[dict[str, str]]:
    return [
        {side: at.record_id for side, at in link.sides.items() if at.state == "in"}
        for link in _pages(tx, name)
    ]


def _pages(tx: Tx, name: str) -> Iterator[Any]:
    after: str | None = None
    while page := links.page(tx, name, after, PAGE):
        after = page[-1].id
        yield from page
