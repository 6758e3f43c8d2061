"""One call of the in-memory side: the credential, the fault that strikes, what is applied."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from syncline.sdk.connector import Outcome, Result
from syncline.sdk.errors import AuthRequired, Retriable
from syncline.sdk.secrets import Secret
from syncline.simulation.faults import Fault
from syncline.simulation.gate import Gate
from syncline.simulation.tool import Item, MemoryTool, Refused, State, Unknown

T = TypeVar("T")


class MemoryCalls:
    """Requests to a `MemoryTool`, each logged and exposed to the tool's planned faults."""

    tool: MemoryTool
    gate: Gate
    _token: Secret | None
    _counts: dict[str, int]

    async def _read(self, kind: str, ids: Sequence[str] = ()) -> Fault | None:
        await self.gate.enter(f"{self.tool.name} {kind}")
        self._authenticated()
        self._counts["read"] += 1
        call = self.tool.log.begin(kind, ids, mutating=False)
        fault = self.tool.faults.take(kind)
        self.gate.leave()
        if fault is None:
            return None
        call.fault = fault.name
        if callable(fault.action):
            fault.action(call)
        elif fault.name != "listing_loses":
            raise Retriable(f"{self.tool.name} did not answer {kind}; it is asked again later.")
        return fault

    async def _listed(
        self, kind: str, lost: set[str] | None = None
    ) -> tuple[list[tuple[Item, State]], set[str]]:
        fault = await self._read(kind)
        found = self.tool.listing()
        if lost is None:
            ids = sorted(item.id for item, _ in found)
            percent = fault.number if fault and fault.name == "listing_loses" else 0
            lost = set(ids[: -(-len(ids) * percent // 100)])
        return [pair for pair in found if pair[0].id not in lost], lost

    async def _read_each(self, kind: str, ids: Sequence[str]) -> list[Item]:
        result = []
        for id in ids:
            await self._read(kind, [id])
            if id in self.tool.items and not self.tool.items[id].now.hidden:
                result.append(self.tool.items[id])
        return result

    async def _batched(
        self,
        kind: str,
        items: Sequence[T],
        id_of: Callable[[T], str],
        one: Callable[[T], Outcome],
        size: int,
    ) -> list[Outcome]:
        self._authenticated()
        outcomes: list[Outcome] = []
        for chunk in chunks(items, size):
            outcomes += await self._write(kind, chunk, [id_of(item) for item in chunk], one)
        return outcomes

    async def _write(
        self, kind: str, items: Sequence[T], ids: Sequence[str], one: Callable[[T], Outcome]
    ) -> list[Outcome]:
        await self.gate.enter(f"{self.tool.name} {kind}", writes=True)
        self._counts["write"] += 1
        call = self.tool.log.begin(kind, ids, mutating=True)
        fault = self.tool.faults.take(kind)
        name = fault.name if fault else None
        call.fault = name
        if fault and callable(fault.action):
            fault.action(call)
        if name == "reject":
            return [Outcome(Result.REJECTED, id=i, reason="the tool refuses it") for i in ids]
        if name in ("retry", "down"):
            return [Outcome(Result.RETRY, reason="not now") for _ in items]
        applied = len(items)
        if fault and name in ("partial", "torn"):
            applied = fault.number
        elif name == "drop_before":
            applied = 0
        applied = self.gate.torn(applied)
        outcomes = [self._one(item, one) for item in items[:applied]]
        call.applied = sum(o.result is Result.APPLIED for o in outcomes)
        if (later := self.tool.faults.take(kind, "after")) and callable(later.action):
            later.action(call)
        self.gate.leave()
        if name in ("drop_before", "drop_after_apply", "torn"):
            return [Outcome(Result.AMBIGUOUS, reason="the answer was lost") for _ in items]
        return outcomes + [Outcome(Result.RETRY, reason="not now") for _ in items[applied:]]

    def _one(self, item: T, one: Callable[[T], Outcome]) -> Outcome:
        try:
            return one(item)
        except Refused as refusal:
            return Outcome(Result.REJECTED, reason=str(refusal))
        except Unknown as unknown:
            return Outcome(Result.GONE, reason=str(unknown))

    def _authenticated(self) -> None:
        if self._token is not None and self._token.reveal() != self.tool.token:
            raise AuthRequired(
                f"{self.tool.name} does not accept the token; nothing was changed. "
                "Set a valid one and run again."
            )


def chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """`items` in pieces of at most `size`."""
    for at in range(0, len(items), size):
        yield items[at : at + size]
