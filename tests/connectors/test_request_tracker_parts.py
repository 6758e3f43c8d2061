"""What can be said of Request Tracker's connector without a server: cursor, paths, texts, forms."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from connectors.request_tracker.client import literal, strong
from connectors.request_tracker.config import RequestTrackerConfig
from connectors.request_tracker.feed import Cursor
from connectors.request_tracker.text import body_of
from connectors.request_tracker.wire import WireShape, same
from connectors.request_tracker.writing import path
from syncline.mapping.lens import NOBODY
from syncline.mapping.load import builtin
from syncline.sdk.errors import Misconfigured, Rejected
from syncline.sdk.secrets import Secret

START = datetime(2026, 1, 5, tzinfo=UTC)
LATE = timedelta(seconds=60)


def config(**more: Any) -> RequestTrackerConfig:
    options = {"auth": {"token": Secret("1-14-secret")}, "scope": {"queue": "Support"}, **more}
    return RequestTrackerConfig(connector="request_tracker", base_url="https://rt.test", **options)


def row(id: int, second: int) -> dict[str, str]:
    at = START + timedelta(seconds=second)
    return {"id": str(id), "Created": f"{at:%Y-%m-%dT%H:%M:%SZ}"}


@given(
    made=st.lists(st.tuples(st.integers(0, 30), st.integers(0, 60)), min_size=1, max_size=40),
    looks=st.lists(st.integers(0, 40), max_size=12),
)
def test_every_transaction_is_told_once_however_late_it_is_committed(
    made: list[tuple[int, int]], looks: list[int]
) -> None:
    # Transactions get their numbers in order of time, and are committed within LATE of it.
    log, second = [], 0
    for id, (gap, delay) in enumerate(made, start=1):
        second += gap
        log.append((id, second, second + delay))
    cursor, told, now = Cursor(0, frozenset(), ("3",)), [], 0
    for step in [*looks, 10_000]:
        now += step
        seen = [row(id, at) for id, at, committed in log if committed <= now and id > cursor.after]
        told += [int(one["id"]) for one in seen if int(one["id"]) not in cursor.told]
        cursor = Cursor.parse(str(cursor.behind(seen, LATE)))
    assert sorted(told) == [id for id, _, _ in log]


def test_a_cursor_of_something_else_is_refused_by_name() -> None:
    with pytest.raises(Misconfigured, match="none of Request Tracker's"):
        Cursor.parse('{"page": 2}')


def test_the_fewest_moves_are_taken_and_none_is_invented() -> None:
    moves = {"new": {"open"}, "open": {"stalled", "resolved"}, "stalled": {"resolved", "open"}}
    assert path(moves, "new", "resolved") == ["open", "resolved"]
    assert path(moves, "new", "rejected") == []


def test_a_literal_cannot_end_early() -> None:
    assert literal("it's \\") == "'it\\'s \\\\'"


@pytest.mark.parametrize("etag", ['"42"', 'W/"42"', '"42-gzip"'])
def test_an_etag_is_rt_s_own_again_behind_a_proxy_that_packs(etag: str) -> None:
    assert strong(etag) == '"42"'


def test_a_message_is_its_part_in_the_wanted_format() -> None:
    parts = [
        {"ContentType": "text/plain", "Content": "a <b>\r\nc"},
        {"ContentType": "text/html", "Content": "<p>rich</p>"},
    ]
    assert body_of(parts, "html") == "<p>rich</p>"
    assert body_of(parts, "plain") == "a <b>\nc"
    assert body_of(parts[:1], "html") == "<p>a &lt;b&gt;<br>c</p>"
    assert body_of(parts[1:], "plain") == "rich"
    assert body_of([], "html") == ""


@pytest.mark.parametrize(
    ("number", "label"), [(0, "Low"), (49, "Low"), (50, "Medium"), (120, "High")]
)
def test_a_priority_is_shown_as_rt_shows_it(number: int, label: str) -> None:
    assert WireShape(config()).priority(str(number)) == label
    assert WireShape(config(priorities={})).priority(str(number)) == number


def test_a_due_day_begins_at_midnight_of_the_connection_s_zone() -> None:
    shape = WireShape(config(timezone="America/New_York"))
    body = shape.body({"Due": "2026-12-24"}, {})
    assert body == {"Due": "2026-12-24 05:00:00"}
    assert shape.day(datetime(2026, 12, 24, 4, 59, tzinfo=UTC)) == "2026-12-23"


@pytest.mark.parametrize(
    ("patch", "why"),
    [
        ({"Content": "x"}, "cannot be edited"),
        ({"Created": "2026-01-01T00:00:00Z"}, "cannot be written"),
        ({"Priority": "Whenever"}, "Low, Medium, High"),
        ({"Due": "tomorrow"}, "not a day"),
    ],
)
def test_what_rt_cannot_take_is_refused_before_it_is_sent(patch: dict[str, Any], why: str) -> None:
    with pytest.raises(Rejected, match=why):
        WireShape(config()).body(patch, {})


def test_only_what_differs_is_sent() -> None:
    shown = {"Subject": "s", "RefersTo": ["https://a", "https://b"], "CustomFields": {"A": ["x"]}}
    wanted = {"Subject": "s", "RefersTo": ["https://b", "https://c"], "CustomFields": {"A": None}}
    assert WireShape(config()).body(wanted, shown) == {
        "AddRefersTo": ["https://c"],
        "DeleteRefersTo": ["https://a"],
        "CustomFields": {"A": []},
    }


def test_lists_have_no_order_and_empty_is_empty() -> None:
    assert same(["a", "b"], ["b", "a"]) and same(None, []) and same("", None)
    assert not same(["a"], ["a", "a"]) and not same(0, None)


@pytest.mark.parametrize("auth", [{}, {"user": "x"}, {"token": Secret("t"), "user": "x"}])
def test_credentials_are_a_token_or_a_user_with_a_password(auth: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="either token, or user and password"):
        config(auth=auth)


def test_the_shipped_mapping_reads_a_ticket() -> None:
    mapping = builtin("request_tracker", "ticket")
    wire = {"Status": "stalled", "Priority": "High", "CustomFields": {"Labels": ["b", "a"]}}
    read = {name: lens.get(lens.read(wire), NOBODY) for name, lens in mapping.fields.items()}
    assert (read["status"], read["priority"]) == ("blocked", "high")
    assert sorted(read["labels"]) == ["a", "b"]
    assert mapping.reference == ("RefersTo",)


def test_the_shipped_mapping_reads_what_a_customer_asked_for() -> None:
    mapping = builtin("request_tracker", "customer_request")
    wire = {"Status": "deleted", "Priority": "High", "Requestor": "ann@example.test"}
    read = {name: lens.get(lens.read(wire), NOBODY) for name, lens in mapping.fields.items()}
    assert (read["status"], read["priority"]) == ("declined", "high")
    assert read["requester"] == "ann@example.test"
