"""One request to the vendor's API on its way through a fake, and how it is answered."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

from starlette.datastructures import FormData, Headers, QueryParams
from starlette.requests import Request
from starlette.responses import Response

from syncline.sandbox import forms
from syncline.sandbox.faults import SHAPING, Fault, Faults
from syncline.sandbox.journal import Entry

T = TypeVar("T")


class Answered(Exception):
    """Ends the request with this response."""

    def __init__(self, response: Response) -> None:
        super().__init__(f"answered with {response.status_code}")
        self.response = response


class BadJson(ValueError):
    """The body is not JSON; the frame answers with `Fake.bad_json`."""


class Call:
    """A request with what the fake may say about it."""

    def __init__(self, request: Request, body: bytes, entry: Entry, faults: Faults) -> None:
        self.request = request
        self.body = body
        self.path_params: Mapping[str, str] = request.path_params
        self.query: QueryParams = request.query_params
        self.headers: Headers = request.headers
        self._entry = entry
        self._faults = faults
        self._shaped: dict[str, Fault | None] = {}

    def json(self) -> Any:
        """The body as JSON; raises BadJson."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise BadJson(str(error)) from None

    async def form(self) -> FormData:
        """The body as a form or an upload; raises `forms.BadForm`, a ValueError."""
        return forms.read(self.headers.get("content-type", ""), self.body)

    def applied(self, *ids: str) -> None:
        """These records were changed by this request, or by the job that it started."""
        self._entry.apply(ids)

    def listed(self, rows: Sequence[T]) -> list[T]:
        """Rows as they are listed: counted, and fewer while `truncate_listing` is in force."""
        kept = list(rows)
        if kept and (fault := self._shape("truncate_listing")):
            lost = -(-len(kept) * int(fault.number) // 100)
            gone = {id(row) for row in sorted(kept, key=_place)[:lost]}
            kept = [row for row in kept if id(row) not in gone]
        self._entry.items += len(kept)
        return kept

    def let_through(self, number: int) -> int:
        """How many of a bulk's items may be applied."""
        fault = self._shape("partial")
        return min(number, int(fault.number)) if fault else number

    @property
    def lag(self) -> timedelta | None:
        """How long what this request changes stays hidden from searches, if a fault says so."""
        fault = self._shape("lag")
        return timedelta(seconds=fault.number) if fault else None

    def _shape(self, action: str) -> Fault | None:
        """The fault of this action in force for this request, the same each time."""
        assert action in SHAPING
        if action not in self._shaped:
            request = self.request
            self._shaped[action] = self._faults.take(request.method, request.url.path, action)
        return self._shaped[action]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One route of the vendor's API.

    `mutating` is by meaning: a search, a bulk read or a token by POST is not. `open` needs no
    credentials.
    """

    method: str
    path: str
    handler: Callable[[Call], Response | Awaitable[Response]]
    mutating: bool | Callable[[Call], bool] = False
    open: bool = False


def answer(
    content: Any = None, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """A JSON answer; without content an empty one."""
    if content is None:
        return Response(b"", status, headers)
    body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    return Response(body, status, headers, "application/json")


def _place(row: Any) -> tuple[int, int, str]:
    """Rows in the order of their ids: numbers as numbers."""
    id = row.get("id") if isinstance(row, Mapping) else getattr(row, "id", row)
    text = str(id)
    return (0, int(text), "") if text.isdecimal() else (1, 0, text)
