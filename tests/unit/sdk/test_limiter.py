"""Pacing on a virtual clock, and what the waiting headers of tools mean."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncline.sdk.errors import Misconfigured, RateLimited
from syncline.sdk.limiter import Limiter, Limits, RateHeaders, retry_after
from tests.unit.sdk.loopback import VirtualClock, answers, script, serving, transport

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


async def starts_of(calls: int, limits: Limits, took: float = 0.0) -> list[float]:
    clock = VirtualClock()
    limiter = Limiter("tool", limits, clock)
    starts: list[float] = []

    async def call() -> None:
        async with limiter:
            starts.append(clock.monotonic())
            if took:
                await clock.sleep(took)

    await asyncio.gather(*(call() for _ in range(calls)))
    return starts


async def test_a_hundred_calls_at_600_a_minute_take_their_time() -> None:
    starts = await starts_of(100, Limits(600))
    assert starts[-1] == pytest.approx(9.9)


@given(st.floats(1, 6000), st.lists(st.floats(0, 3), min_size=2, max_size=40), st.floats(0.01, 30))
def test_no_window_ever_holds_more_than_the_rate_and_two(
    rate: float, pauses: list[float], window: float
) -> None:
    async def scenario() -> list[float]:
        clock = VirtualClock()
        limiter = Limiter("tool", Limits(rate), clock)
        starts = []
        for pause in pauses:
            await clock.sleep(pause)
            async with limiter:
                starts.append(clock.monotonic())
        return starts

    starts = asyncio.run(scenario())
    for at, first in enumerate(starts):
        inside = sum(1 for start in starts[at:] if start < first + window)
        assert inside <= window * rate / 60 + 2 + 1e-6


async def test_without_a_declared_rate_nothing_waits() -> None:
    assert set(await starts_of(50, Limits(None))) == {0.0}


async def test_no_more_calls_run_at_once_than_declared() -> None:
    limiter = Limiter("tool", Limits(None, concurrent=3), VirtualClock())
    running, most = 0, 0

    async def call() -> None:
        nonlocal running, most
        async with limiter:
            running += 1
            most = max(most, running)
            await asyncio.sleep(0)
            running -= 1

    await asyncio.gather(*(call() for _ in range(20)))
    assert most == 3


async def test_calls_start_in_the_order_they_came_in_also_across_a_hold() -> None:
    clock = VirtualClock()
    limiter = Limiter("tool", Limits(60, concurrent=1), clock)
    order: list[int] = []

    async def call(number: int) -> None:
        async with limiter:
            order.append(number)
            if number == 2:
                limiter.hold(30)

    await asyncio.gather(*(call(number) for number in range(6)))
    assert order == [0, 1, 2, 3, 4, 5]
    assert clock.monotonic() == pytest.approx(34.0)


async def test_a_cancelled_waiter_gives_its_place_back() -> None:
    class StuckClock(VirtualClock):
        async def sleep(self, seconds: float) -> None:
            await asyncio.Event().wait()

    clock = StuckClock()
    limiter = Limiter("tool", Limits(None, concurrent=1), clock)
    limiter.hold(5)
    waiting = asyncio.create_task(limiter.__aenter__())
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    clock.advance(5)
    await asyncio.wait_for(limiter.__aenter__(), 1)


async def test_a_hold_beyond_two_minutes_is_refused_at_once() -> None:
    clock = VirtualClock()
    limiter = Limiter("tool", Limits(None), clock)
    until = limiter.hold(600)
    with pytest.raises(RateLimited, match="600 s") as caught:
        async with limiter:
            pass
    assert caught.value.retry_at == until
    assert clock.slept == []


async def test_a_shorter_hold_does_not_end_a_longer_one() -> None:
    limiter = Limiter("tool", Limits(None), VirtualClock())
    limiter.hold(60)
    limiter.hold(1)
    assert limiter.held_for() == 60


@pytest.mark.parametrize(
    "limits",
    [{"requests_per_minute": 0}, {"concurrent": 0}, {"timeout_seconds": -1}],
)
def test_a_limit_that_would_stop_everything_is_refused(limits: dict[str, float]) -> None:
    with pytest.raises(Misconfigured):
        Limits(**{"requests_per_minute": None, **limits})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0.0),
        ("2.5", 2.5),
        ("120", 120.0),
        ("999999999", 86_400.0),
        ("Sun, 01 Mar 2026 12:00:30 GMT", 30.0),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0.0),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("inf", None),
        ("nan", None),
        ("1e9", None),
        ("٣", None),
    ],
)
def test_retry_after_is_read_or_left_alone(text: str, seconds: float | None) -> None:
    assert retry_after({"retry-after": text}, NOON) == seconds


@given(st.text(max_size=60), st.text(max_size=60))
def test_no_header_however_odd_breaks_the_reading(value: str, date: str) -> None:
    headers = {"retry-after": value, "date": date, "left": "0", "reset": value}
    answers = [retry_after(headers, NOON)]
    for kind in ("seconds", "milliseconds", "epoch", "iso"):
        answers.append(RateHeaders("left", "reset", kind).hold(headers, NOON))  # type: ignore[arg-type]
    assert all(answer is None or 0 <= answer <= 86_400 for answer in answers)


@pytest.mark.parametrize(
    ("kind", "reset"),
    [
        ("seconds", "30"),
        ("milliseconds", "30000"),
        ("epoch", str(int(NOON.timestamp()) + 30)),
        ("iso", "2026-03-01T12:00:30Z"),
        ("iso", "2026-03-01T12:00Z"),
    ],
)
def test_a_spent_budget_is_read_in_each_of_the_tools_ways(kind: str, reset: str) -> None:
    rates = RateHeaders("left", "reset", kind)  # type: ignore[arg-type]
    expected = 0.0 if reset.endswith("12:00Z") else 30.0
    assert rates.hold({"left": "0", "reset": reset}, NOON) == expected
    assert rates.hold({"left": "1", "reset": reset}, NOON) is None
    assert rates.hold({}, NOON) is None


async def test_a_connection_keeps_to_four_fifths_of_the_rate_that_the_tool_tells() -> None:
    rates = RateHeaders("x-left", "x-reset", a_minute="x-limit")
    clock = VirtualClock()
    async with serving(script(answers(200, {}, x_limit="600"), answers(200, {}))) as server:
        limits = Limits(60, timeout_seconds=0.3)
        async with transport(server, clock, limits=limits, rate_headers=rates) as http:
            for _ in range(4):
                await http.request("GET", "/x")
    assert clock.slept == [1.0, 0.125, 0.125]


@pytest.mark.parametrize("told", ["", "0", "-5", "many", "1e9"])
def test_a_rate_that_is_none_changes_nothing(told: str) -> None:
    assert RateHeaders("left", "reset", a_minute="limit").rate({"limit": told}) is None
