"""The control calls of a sandbox, under `/_sandbox`: they are no part of the vendor's API."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from syncline.sandbox.calls import answer
from syncline.sandbox.fake import Fake, Refusal
from syncline.sandbox.faults import BadFault, Faults
from syncline.sandbox.hooks import Misbehaviour
from syncline.sandbox.journal import Journal

ROOT = "/_sandbox"


def routes(
    fake: Fake, journal: Journal, faults: Faults, keep_clock: Callable[[], None]
) -> list[Route]:
    """The calls of one fake."""
    calls = _Control(fake, journal, faults, keep_clock)
    return [
        Route(ROOT, calls.about, methods=["GET"]),
        Route(f"{ROOT}/requests", calls.requests, methods=["GET", "DELETE"]),
        Route(f"{ROOT}/faults", calls.faults, methods=["GET", "POST", "DELETE"]),
        Route(f"{ROOT}/clock", calls.clock, methods=["GET", "POST"]),
        Route(f"{ROOT}/records/{{type}}", calls.records, methods=["GET"]),
        Route(f"{ROOT}/webhooks", calls.webhooks, methods=["GET", "POST"]),
        Route(f"{ROOT}/admin", calls.admin, methods=["POST"]),
        Route(f"{ROOT}/{{rest:path}}", calls.unknown, methods=["GET", "POST", "PUT", "DELETE"]),
    ]


class _Control:
    """What the calls do."""

    def __init__(
        self, fake: Fake, journal: Journal, faults: Faults, keep_clock: Callable[[], None]
    ) -> None:
        self._fake = fake
        self._journal = journal
        self._faults = faults
        self._keep_clock = keep_clock

    async def about(self, request: Request) -> Response:
        """Says that this is a sandbox."""
        return answer({"sandbox": True, "tool": self._fake.tool, "records": self._fake.types})

    async def requests(self, request: Request) -> Response:
        """The log."""
        if request.method == "DELETE":
            self._journal.clear()
        return answer(self._journal.shown())

    async def faults(self, request: Request) -> Response:
        """Put a fault in force, list them, clear them."""
        if request.method == "DELETE":
            self._faults.clear()
        if request.method == "POST":
            try:
                self._faults.add(await _json(request))
            except BadFault as bad:
                return _wrong(str(bad))
        return answer(self._faults.shown())

    async def clock(self, request: Request) -> Response:
        """Put the tool's clock forward."""
        if request.method == "POST":
            asked = await _json(request)
            seconds: Any = asked.get("advance") if isinstance(asked, Mapping) else None
            if not _is_number(seconds, 0):
                return _wrong('The clock is put forward by {"advance": SECONDS}, never back.')
            try:
                self._fake.clock.advance(seconds)
            except OverflowError:
                return _wrong("The calendar ends before that.")
            self._keep_clock()
        return answer({"now": self._fake.clock.now().isoformat()})

    async def records(self, request: Request) -> Response:
        """All records of a type."""
        type = request.path_params["type"]
        if type not in self._fake.types:
            known = ", ".join(self._fake.types)
            return answer({"message": f"There are no {type!r} here. There are: {known}."}, 404)
        return answer(self._fake.records(type))

    async def webhooks(self, request: Request) -> Response:
        """How deliveries misbehave, and what became of them."""
        hooks = self._fake.hooks
        if request.method == "POST":
            misbehaviour = _misbehaviour(await _json(request))
            if misbehaviour is None:
                return _wrong(
                    'Deliveries misbehave by {"delay": SECONDS, "twice": true, "shuffle": true, '
                    '"drop": PERCENT}; what is left out is as usual.'
                )
            hooks.misbehaviour = misbehaviour
        return answer([delivery.shown() for delivery in hooks.deliveries])

    async def admin(self, request: Request) -> Response:
        """Change how the tool is set up, as its administrators do."""
        asked = await _json(request)
        verb = asked.get("do") if isinstance(asked, Mapping) else None
        if not isinstance(verb, str):
            return _wrong('An administrator says what to do: {"do": VERB, …}.')
        try:
            self._fake.administer(verb, {k: v for k, v in asked.items() if k != "do"})
        except Refusal as refusal:
            return _wrong(str(refusal))
        self._fake.state.commit()
        return answer({"done": verb})

    async def unknown(self, request: Request) -> Response:
        """Whatever else is asked."""
        return answer({"message": f"There is no {request.url.path} in a sandbox."}, 404)


async def _json(request: Request) -> Any:
    try:
        return json.loads(await request.body())
    except (ValueError, RecursionError):
        return None


def _misbehaviour(asked: Any) -> Misbehaviour | None:
    if not isinstance(asked, Mapping) or set(asked) - {"delay", "twice", "shuffle", "drop"}:
        return None
    delay, drop = asked.get("delay", 0), asked.get("drop", 0)
    twice, shuffle = asked.get("twice", False), asked.get("shuffle", False)
    if not (_is_number(delay, 0) and _is_number(drop, 0) and drop <= 100):
        return None
    if not (isinstance(twice, bool) and isinstance(shuffle, bool)):
        return None
    return Misbehaviour(delay, twice, shuffle, drop)


def _is_number(value: Any, least: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= least


def _wrong(message: str) -> Response:
    return answer({"message": message}, 400)
