"""What `describe` has no place for: ids that outlive names, and where each queue's statuses lead.

RT shows a lifecycle only as the steps it offers on a ticket ("lifecycle" among the `_hyperlinks`,
RT::REST2::Resource::Ticket). So tickets are asked: the newest page of a queue, and the newest few
in each status that a step led to and none of these was in. A status in which there is no ticket is
left out, and so is a step for which the lifecycle has no action: what is offered is not the rule.

Nothing is required of a new ticket: RT refuses one without a mandatory field on its pages alone
(measured on 5.0.3: 201).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.request_tracker.client import PAGE, Client, Row, literal, together
from connectors.request_tracker.metadata import Metadata
from connectors.request_tracker.wire import custom_path

ASKED = 3  # tickets in a status that none of the newest page is in
DELETED = "deleted"  # no search shows a ticket in it

Moves = dict[str, set[str]]


async def details(metadata: Metadata, client: Client) -> dict[str, Any]:
    """The details of tickets, as they are now."""
    queues = (await metadata.queues()).values()
    names = {str(cf["id"]): str(cf["name"]) for q in queues for cf in q["TicketCustomFields"]}
    selects = [id for id, field in (await metadata.fields()).items() if field["Type"] == "Select"]
    asked = [id for id in selects if id in names]
    values = await together(client.values(id) for id in asked)
    moves = await together(_moves(client, str(row["Name"])) for row in queues)
    return {
        "fields": {custom_path(name): id for id, name in names.items()},
        "options": {
            "Queue": {str(row["Name"]): str(row["id"]) for row in queues},
            **{
                custom_path(names[id]): {str(v["name"]): str(v["id"]) for v in of}
                for id, of in zip(asked, values, strict=True)
            },
        },
        "kind": "Queue",
        "moves": {
            str(row["Name"]): {state: sorted(to) for state, to in of.items()}
            for row, of in zip(queues, moves, strict=True)
        },
    }


async def _moves(client: Client, queue: str) -> Moves:
    """Where each status of a queue leads, as its newest tickets are offered."""
    found: Moves = {}
    _learn(found, await _newest(client, queue, PAGE))
    asked = {DELETED}
    while fresh := {to for ends in found.values() for to in ends} - found.keys() - asked:
        asked |= fresh
        for rows in await together(_newest(client, queue, ASKED, s) for s in sorted(fresh)):
            _learn(found, rows)
    return found


async def _newest(client: Client, queue: str, count: int, status: str = "") -> list[Row]:
    query = f"Queue = {literal(queue)}"
    if status:
        query += f" AND Status = {literal(status)}"
    return await client.newest("tickets", query, "Status,_hyperlinks", count)


def _learn(found: Moves, rows: list[Row]) -> None:
    for row in rows:
        found.setdefault(str(row["Status"]), set()).update(steps(row))


def steps(row: Mapping[str, Any]) -> set[str]:
    """The statuses that RT offers to bring a ticket to."""
    return {str(link["to"]) for link in row["_hyperlinks"] if link["ref"] == "lifecycle"}
