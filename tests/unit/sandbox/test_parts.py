"""The parts of the frame by themselves: memory, clock, forms, the company, webhooks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncline.sandbox import BadForm, Company, Hooks, State, ToolClock, forms
from syncline.sandbox.hooks import Misbehaviour
from tests.unit.sdk.loopback import Peer, Seen
from tests.unit.sdk.loopback import serving as receiving

ids = st.sampled_from("abcd")
steps = st.lists(st.tuples(st.sampled_from(("put", "delete", "commit")), ids, st.integers()))


@given(steps=steps)
def test_a_file_holds_what_the_memory_held_in_the_same_order(
    steps: list[tuple[str, str, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = str(tmp_path_factory.mktemp("state") / "x.db")
    state = State(path)
    table = state.table("t")
    for what, id, number in steps:
        if what == "put":
            table.put(id, {"n": number})
        elif what == "delete":
            table.delete(id)
        else:
            state.commit()
    expected = list(table.items())
    state.close()
    again = State(path)
    assert list(again.table("t").items()) == expected
    again.close()


def test_a_sequence_gives_no_number_twice_over_a_restart(tmp_path: Path) -> None:
    path = str(tmp_path / "x.db")
    state = State(path)
    assert [state.next("n", 5), state.next("n", 5), state.next("m")] == [5, 6, 1]
    state.close()
    again = State(path)
    assert again.next("n", 5) == 7
    again.close()


def test_a_clock_runs_beside_real_time_or_stands_still() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    still, running = ToolClock(start), ToolClock()
    still.advance(90)
    assert still.now() == datetime(2026, 1, 1, 0, 1, 30, tzinfo=UTC)
    running.advance(3600)
    assert 3590 < (running.now() - datetime.now(UTC)).total_seconds() < 3610


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", b"{}"),
        ("multipart/form-data", b"--x--"),
        ("multipart/form-data; boundary=x", b"no boundary"),
        ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="a"'),
        ("multipart/form-data; boundary=x", b"--x\r\nX: y\r\n\r\nz\r\n--x--"),
    ],
)
def test_a_body_that_is_no_form_is_refused(kind: str, body: bytes) -> None:
    with pytest.raises(BadForm):
        forms.read(kind, body)


def test_a_larger_company_holds_the_smaller_one() -> None:
    small, large = Company.made(3, 20), Company.made(3, 50)
    assert large.cases[:20] == small.cases
    assert large.people == small.people
    assert Company.made(4, 20).cases != small.cases


def test_a_company_is_one_that_could_be() -> None:
    company = Company.made(1, 500)
    emails = [person.email for person in company.people]
    assert len(set(emails)) == len(emails)
    assert all(email.isascii() and " " not in email for email in emails)
    assert {case.status for case in company.cases} == {
        "todo",
        "in_progress",
        "blocked",
        "done",
        "cancelled",
    }
    for case in company.cases:
        assert case.reporter.account == case.account.name
        assert case.assignee is None or case.assignee.role in ("support", "developer")
        assert case.created_at < datetime(2026, 1, 1, tzinfo=UTC)
        assert all(remark.public or remark.author.role != "customer" for remark in case.remarks)
    assert 0.2 < sum("escalated" in case.labels for case in company.cases) / 500 < 0.6


class Receiver:
    """Notes what it is told; fails as often as it is asked to."""

    def __init__(self, failures: int = 0) -> None:
        self.got: list[str] = []
        self._failures = failures

    async def __call__(self, seen: Seen, peer: Peer) -> None:
        if self._failures:
            self._failures -= 1
            await peer.answer(503)
            return
        self.got.append(seen.headers["x-number"])
        await peer.answer(200, {})


@asynccontextmanager
async def delivered(
    receiver: Receiver, misbehaviour: Misbehaviour, *bodies: str
) -> AsyncIterator[Hooks]:
    """Deliveries numbered by `bodies`, until all are through."""
    hooks = Hooks(misbehaviour)
    async with receiving(receiver) as server:
        for number in bodies:
            hooks.send(f"http://127.0.0.1:{server.port}/hook", b"{}", {"X-Number": number})
        task = asyncio.create_task(hooks.run())
        async with asyncio.timeout(5):
            while not all(d.status == 200 or d.dropped for d in hooks.deliveries):
                await asyncio.sleep(0.02)
        await asyncio.sleep(0.05)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        yield hooks


async def test_a_delivery_is_repeated_until_the_receiver_takes_it() -> None:
    receiver = Receiver(failures=2)
    async with delivered(receiver, Misbehaviour(), "1") as hooks:
        assert receiver.got == ["1"]
        assert hooks.deliveries[0].attempts == 3


async def test_deliveries_come_twice() -> None:
    receiver = Receiver()
    async with delivered(receiver, Misbehaviour(twice=True), "1"):
        assert receiver.got == ["1", "1"]


async def test_deliveries_come_newest_first() -> None:
    receiver = Receiver()
    async with delivered(receiver, Misbehaviour(shuffle=True), "1", "2", "3"):
        assert receiver.got == ["3", "2", "1"]


async def test_a_share_of_deliveries_is_dropped() -> None:
    receiver = Receiver()
    async with delivered(receiver, Misbehaviour(drop=50), *"1234") as hooks:
        assert sorted(receiver.got) == ["1", "3"]
        assert [d.dropped for d in hooks.deliveries] == [False, True, False, True]


async def test_nothing_is_delivered_beyond_this_machine(capsys: pytest.CaptureFixture[str]) -> None:
    hooks = Hooks()
    hooks.send("https://hooks.example/x", b"{}", {})
    assert hooks.deliveries == []
    assert "this machine only" in capsys.readouterr().err
