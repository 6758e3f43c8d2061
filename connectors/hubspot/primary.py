"""The company that a record belongs to first: a label on its association with that company.

The label's number is asked for and not known by heart: accounts may differ. Giving the label to
another company takes it off the one before, whose association stays; nothing that people tied is
untied here. An association is the same however often it is written, so where a batch tells of
trouble each one is sent again alone, and has an outcome of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from connectors.hubspot.client import BATCH, Client, chunks, numbers
from connectors.hubspot.kinds import COMPANY, Kind
from connectors.hubspot.metadata import Metadata
from syncline.sdk.batches import outcomes
from syncline.sdk.connector import Outcome, Result
from syncline.sdk.errors import AuthRequired, ConnectorError, Misconfigured, Rejected
from syncline.sdk.http import safe_error

_WHOLE, _IN_PARTS = (200, 201, 204), (207, 400, 404)


@dataclass(frozen=True, slots=True)
class Move:
    """A record's first company from now on, None for none, and the one that was seen."""

    record: str
    company: str | None
    before: str | None = None


class Primary:
    """Moves records between companies for one connection."""

    def __init__(self, client: Client, metadata: Metadata) -> None:
        self._client = client
        self._metadata = metadata

    async def move(self, kind: Kind, moves: Sequence[Move]) -> list[Outcome]:
        """A hundred in one request, those that end with no company apart."""
        told: dict[str, Outcome] = {}
        for action in ("create", "labels/archive"):
            some = [one for one in moves if (one.company is None) == (action != "create")]
            for part in chunks(some, BATCH):
                new = await self._batch(kind, action, part)
                told |= zip((one.record for one in part), new, strict=True)
        return [told[one.record] for one in moves]

    async def _batch(self, kind: Kind, action: str, moves: Sequence[Move]) -> list[Outcome]:
        label = await self._metadata.primary_label(kind)
        inputs = [_input(one, label) for one in moves]
        ready = [one for one in inputs if one is not None]
        done = [Outcome.applied(one.record) for one in moves]
        if not ready:
            return done
        path = self._client.path("crm/associations", f"/{kind.object}/{COMPANY.object}")
        path, body = f"{path}/batch/{action}", {"inputs": ready}
        try:
            answer = await self._client.write(
                "POST", path, body, ok=(*_WHOLE, *_IN_PARTS), items=len(ready)
            )
        except (AuthRequired, Misconfigured):
            raise
        except ConnectorError as error:
            return [Outcome.of_error(error)] * len(moves)
        if answer.status in _WHOLE:
            return done
        if len(moves) == 1:
            why = f"HubSpot refused the company ({safe_error(answer)}). Nothing was applied."
            return [Outcome(Result.REJECTED, id=moves[0].record, reason=why)]

        async def alone(one: Move) -> Outcome:
            return (await self._batch(kind, action, [one]))[0]

        return await outcomes(moves, alone)


def _input(move: Move, label: int) -> dict[str, Any] | None:
    """What HubSpot takes; None where there is nothing to do."""
    company = move.company or move.before
    if company is None:
        return None
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": label}]
    return {"from": {"id": move.record}, "to": {"id": company}, "types": types}


def company_id(value: object) -> str | None:
    """The id that a patch names; raises Rejected for what is none."""
    if value in (None, ""):
        return None
    if not numbers([str(value)]):
        raise Rejected(f"{value!r} is no id of a company in HubSpot. Nothing was written.")
    return str(value)
