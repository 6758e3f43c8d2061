"""The only way a connector reaches its tool: one `Transport` per connection.

It paces and bounds every call, checks where the call goes, hides secrets, and turns each outcome
into a result or one of the errors of `syncline.sdk.errors`. Its first law: a request that the tool
may have applied is never sent a second time. Reads are repeated on passing troubles; a write is
repeated only when no connection could be opened or the tool answered 429.
"""

from __future__ import annotations

import logging
import random
from base64 import b64encode
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote, urlencode

import orjson
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception

from syncline.sdk import paging, permit
from syncline.sdk.clock import Clock
from syncline.sdk.credentials import Credentials
from syncline.sdk.egress import Egress, Resolve, Target
from syncline.sdk.errors import AuthRequired, Misconfigured, RateLimited, Rejected, Retriable
from syncline.sdk.exchange import Answer, Exchange, Failure
from syncline.sdk.limiter import (
    PATIENCE_SECONDS,
    Down,
    Endpoints,
    Limiter,
    Limits,
    RateHeaders,
    RateScope,
    RecordLimited,
    retry_after,
)
from syncline.sdk.outcome import Asked, Forbidden, Response, error_for, safe_error
from syncline.sdk.redaction import carries_credentials, protect_logs, redact
from syncline.sdk.requestlog import RequestEntry, RequestLog, path_template
from syncline.sdk.secrets import Secret

__all__ = ["Clock", "Limits", "RateHeaders", "Response", "Transport", "safe_error"]

Params = Mapping[str, Any] | Sequence[tuple[str, Any]]
Files = Mapping[str, tuple[str, bytes, str]]
"""Field name to (file name, content, content type)."""

_log = logging.getLogger("syncline.http")

_FIRST_WAIT, _LONGEST_WAIT = 0.5, 30.0
# Held after a 429 that does not say for how long.
_UNTOLD_HOLD = 10.0


@dataclass(frozen=True, slots=True, repr=False)
class _Call:
    """A request as it is re-built for every attempt."""

    asked: Asked
    target: Target
    headers: list[tuple[str, str]]
    content: bytes | None
    files: Files | None
    items: int
    started: float
    authorised: bool

    @property
    def endpoint(self) -> str:
        return f"{self.asked.method} {path_template(self.asked.path)}"


class Transport:
    """HTTP for one connection. `async with` it, or call `aclose` at the end.

    `base_url` may have a path, under which every relative path stands. Headers whose value is a
    `Secret`, `basic_auth` and what `credentials` give go to `base_url`'s origin only, never to
    another allowed host.
    `private_network` allows http and private addresses; with `read_only` nothing that changes the
    tool is ever sent; `ca_file` adds a certificate authority; verification is always on.
    `retry_reads` is how often a call is repeated, for at most two minutes. `rate_scope` reads from
    a 429's headers what it is about; without it the whole connection waits. `telling` are response
    headers that errors quote. `resolver` gives addresses, `jitter` the randomness of the waits.
    """

    def __init__(
        self,
        *,
        connection: str,
        base_url: str,
        limits: Limits,
        clock: Clock,
        headers: Mapping[str, str | Secret] | None = None,
        basic_auth: tuple[str, Secret] | None = None,
        credentials: Credentials | None = None,
        private_network: bool = False,
        read_only: bool = False,
        ca_file: Path | None = None,
        allowed_hosts: Sequence[str] = (),
        rate_headers: RateHeaders | None = None,
        rate_scope: Callable[[Mapping[str, str]], RateScope] | None = None,
        telling: Sequence[str] = (),
        retry_reads: int = 4,
        resolver: Resolve | None = None,
        jitter: random.Random | None = None,
    ) -> None:
        self.connection = connection
        self.log = RequestLog()
        self._clock = clock
        self._egress = Egress(
            connection,
            base_url,
            allowed_hosts=allowed_hosts,
            private_network=private_network,
            resolve=resolver,
        )
        self._exchange = Exchange(self._egress, limits, ca_file)
        self._limiter = Limiter(connection, limits, clock)
        self._endpoints = Endpoints(connection, clock)
        self._rate_headers = rate_headers
        self._rate_scope = rate_scope
        self._read_only = read_only
        self._telling = tuple(telling)
        self._attempts = 1 + retry_reads
        # Spreads retries, guards nothing.
        self._jitter = jitter or random.Random(f"{connection} {clock.monotonic()}")  # noqa: S311
        self._headers = dict(headers or {})
        self._credentials = credentials
        if basic_auth is not None:
            self._headers["Authorization"] = _basic(*basic_auth)
        for name, value in self._headers.items():
            _check_header(connection, name, value)
        protect_logs()

    def __repr__(self) -> str:
        return f"<Transport {self.connection} {self._egress.base}>"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections to the tool."""
        await self._exchange.aclose()

    async def request(
        self,
        method: str,
        path: str,
        *,
        params: Params | None = None,
        json: Any = None,
        content: bytes | None = None,
        files: Files | None = None,
        headers: Mapping[str, str | Secret] | None = None,
        mutating: bool | None = None,
        items: int = 1,
        ok: Collection[int] = (200, 201, 202, 204),
        expect_json: bool = True,
        forbidden: Forbidden | None = None,
        authorised: bool = True,
    ) -> Response:
        """Ask the tool, and give its answer when the status is in `ok`; else raise.

        `path` stands under `base_url`; an absolute URL (a `next` link) must be at an allowed
        origin. `params` without a value are left out. `mutating` is true unless GET or HEAD; say
        False for a search by POST. `items` is how many records it is about. `expect_json` decodes
        the body here, so that a cut answer counts as none. `forbidden` says what a 403 means: by
        default the record is `hidden` for a read and `rejected` for a write. `authorised` False
        leaves `credentials` out: for the request that asks for them.
        """
        method = method.upper()
        mutating = method not in ("GET", "HEAD") if mutating is None else mutating
        if mutating and self._read_only:
            raise Rejected(
                f"{self.connection} is read only (`read_only: true`); nothing was sent to it."
            )
        target = self._egress.target(path, _query(params))
        asked = Asked(
            self.connection,
            method,
            target.path,
            mutating,
            ok,
            expect_json,
            forbidden,
            self._telling,
        )
        call = _Call(
            asked,
            target,
            self._headers_for(target, headers, json is not None),
            _body(json, content),
            files,
            items,
            self._clock.monotonic(),
            authorised and target.at_base,
        )
        return await self._repeated(call)

    async def _repeated(self, call: _Call) -> Response:
        retrying = AsyncRetrying(
            sleep=self._clock.sleep,
            retry=retry_if_exception(lambda error: _repeatable(error, call.asked.mutating)),
            wait=self._wait,
            stop=lambda state: self._gives_up(state, call),
            reraise=True,
        )
        response: Response = await retrying(self._signed, call)
        return response

    async def _signed(self, call: _Call) -> Response:
        """One attempt with the credentials of now, and a second one where they were refused."""
        if self._credentials is None or not call.authorised:
            return await self._attempt(call)
        replaced = False
        while True:
            value = await self._credentials.value(self)
            _check_header(self.connection, "Authorization", value)
            try:
                return await self._attempt(call, value)
            except AuthRequired as error:
                if replaced or error.status != 401:
                    raise
            self._credentials.refused(value)
            replaced = True

    async def _attempt(self, call: _Call, credentials: Secret | None = None) -> Response:
        await self._endpoints.wait(call.endpoint)
        async with self._limiter:
            if call.asked.mutating:
                await permit.confirm()
            started = self._clock.monotonic()
            result = await self._send(call, credentials)
            self._note(call, result, self._clock.monotonic() - started)
        self._limiter.note(answered=_answered(result))
        outcome = error_for(call.asked, result, self._hold(call, result))
        if isinstance(outcome, Response):
            if not call.asked.mutating:
                paging.answered(f"{call.asked.method} {call.asked.path}", outcome.content)
            return outcome
        if isinstance(outcome, RateLimited) and self._scope(result) == "record":
            raise RecordLimited(str(outcome), retry_at=outcome.retry_at, status=outcome.status)
        raise outcome

    async def _send(self, call: _Call, credentials: Secret | None) -> Answer | Failure:
        signed = [] if credentials is None else [("Authorization", credentials.reveal())]
        request = self._exchange.client().build_request(
            call.asked.method,
            call.target.url,
            headers=[*call.headers, *signed],
            content=call.content,
            files=call.files,
        )
        return await self._exchange.send(request)

    def _headers_for(
        self, target: Target, extra: Mapping[str, str | Secret] | None, is_json: bool
    ) -> list[tuple[str, str]]:
        headers: dict[str, str | Secret] = {"Accept": "application/json"}
        if is_json:
            headers["Content-Type"] = "application/json"
        headers.update(
            (name, value)
            for name, value in self._headers.items()
            if target.at_base or not (isinstance(value, Secret) or carries_credentials(name))
        )
        for name, value in (extra or {}).items():
            _check_header(self.connection, name, value)
            headers[name] = value
        return [(name, _revealed(value)) for name, value in headers.items()]

    def _note(self, call: _Call, result: Answer | Failure, seconds: float) -> None:
        status = result.status if isinstance(result, Answer) else None
        asked = call.asked
        entry = RequestEntry(
            asked.method, path_template(asked.path), status, seconds, asked.mutating, call.items
        )
        self.log.add(entry, sent=isinstance(result, Answer) or result.sent)
        if _log.isEnabledFor(logging.DEBUG):
            what = result.what if isinstance(result, Failure) else result.status
            _log.debug(
                "%s: %s %s: %s in %.3f s", self.connection, asked.method, asked.path, what, seconds
            )

    def _scope(self, result: Answer | Failure) -> RateScope:
        if isinstance(result, Failure) or result.status != 429 or self._rate_scope is None:
            return "connection"
        return self._rate_scope(result.headers)

    def _hold(self, call: _Call, result: Answer | Failure) -> datetime | None:
        """Hold what the tool asks to hold; says until when, if it asked."""
        if isinstance(result, Failure):
            return None
        now, told = self._clock.now(), None
        if result.status in (429, 503):
            told = retry_after(result.headers, now)
        if result.status == 429 and told is None:
            rates = self._rate_headers
            reset = rates.until_reset(result.headers, now) if rates is not None else None
            told = _UNTOLD_HOLD if reset is None else reset
        if told is not None:
            match self._scope(result):
                case "record":
                    return self._clock.now() + timedelta(seconds=told)
                case "endpoint":
                    return self._endpoints.hold(call.endpoint, told)
            return self._limiter.hold(told)
        if self._rate_headers is not None:
            if (rate := self._rate_headers.rate(result.headers)) is not None:
                self._limiter.pace(rate)
            spent = self._rate_headers.hold(result.headers, now)
            if spent is not None:
                self._limiter.hold(spent)
        return None

    def _wait(self, state: RetryCallState) -> float:
        """Seconds before the next attempt; what the tool asked for, the limiter waits beside it."""
        ceiling = min(_LONGEST_WAIT, _FIRST_WAIT * 2.0 ** (state.attempt_number - 1))
        return ceiling * (0.5 + self._jitter.random() / 2)

    def _gives_up(self, state: RetryCallState, call: _Call) -> bool:
        if state.attempt_number >= self._attempts:
            return True
        held = max(self._limiter.held_for(), self._endpoints.held_for(call.endpoint))
        next_start = max(state.upcoming_sleep, held)
        return self._clock.monotonic() - call.started + next_start > PATIENCE_SECONDS


def _repeatable(error: BaseException, mutating: bool) -> bool:
    """Whether the call may be sent again; for a write only where it certainly was not applied.

    A write's `Retriable` without a status means that no connection could be opened.
    """
    if not isinstance(error, Retriable) or isinstance(error, Down | RecordLimited):
        return False
    status = error.status
    if mutating:
        return status in (None, 429)
    return status is None or status < 500 or status in (502, 503, 504)


def _answered(result: Answer | Failure) -> bool:
    """Whether the tool spoke, and not a gateway before it; a refusal of ours is no sign of it."""
    if isinstance(result, Failure):
        return result.refused is not None or result.bad_certificate
    return result.status not in (502, 503, 504)


def _basic(user: str, password: Secret) -> Secret:
    token = b64encode(f"{user}:{password.reveal()}".encode()).decode()
    return Secret(f"Basic {token}", (token,))


def _check_header(connection: str, name: str, value: str | Secret) -> None:
    text = _revealed(value)
    if not text.isascii() or not text.isprintable() or text != text.strip():
        raise Misconfigured(
            f"{connection}: the value of header {name} has a line break, a space at an end or a "
            "character that headers cannot carry; nothing was sent."
        )
    if isinstance(value, Secret) or carries_credentials(name):
        redact.add((text, *text.split()[1:]))


def _revealed(value: Any) -> Any:
    return value.reveal() if isinstance(value, Secret) else value


def _query(params: Params | None) -> str:
    if not params:
        return ""
    pairs = params.items() if isinstance(params, Mapping) else params
    return urlencode(
        [(name, _plain(value)) for name, value in pairs if value is not None],
        doseq=True,
        quote_via=quote,
    )


def _plain(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return _revealed(value)


def _body(json: Any, content: bytes | None) -> bytes | None:
    return content if json is None else orjson.dumps(json, default=_json_default)


def _json_default(value: Any) -> Any:
    if isinstance(value, Secret):
        return value.reveal()
    raise TypeError(f"{type(value).__name__} has no JSON form")
