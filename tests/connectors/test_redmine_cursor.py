"""The position from which Redmine is read on: nothing that shows itself late is missed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import example, given, settings
from hypothesis import strategies as st

from connectors.redmine.cursor import SECOND, Position

LOOKBACK = timedelta(seconds=10)
START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
# Our clock may be anything; only how long it runs counts.
OURS = datetime(2031, 7, 1, 12, 0, tzinfo=UTC)

seconds = st.integers(0, 40)
edits = st.lists(st.tuples(seconds, st.sampled_from([0, 1, 9, 10])), max_size=6)
passes = st.lists(seconds, min_size=1, max_size=6).map(sorted)


def at(second: int) -> datetime:
    return START + second * SECOND


def read(position: Position, edits: list[tuple[int, int]], now: int) -> tuple[set[int], Position]:
    """One pass at `now`: the edits Redmine shows by then from the position on, as their numbers.

    Each edit is stamped and shows itself a while later. Redmine asks its database for what is
    younger than the second before, and stamps to the microsecond: at worst, on the full second.
    """
    since = position.since
    shown = {
        number
        for number, (stamp, delay) in enumerate(edits)
        if stamp + delay <= now and (since is None or at(stamp) > since - SECOND)
    }
    stamps = [at(edits[number][0]) for number in shown]
    newest = max([*stamps, *([position.newest] if position.newest else [])], default=None)
    ours = OURS + now * SECOND
    return shown, position.after(newest, newest, LOOKBACK, began=ours, ended=ours)


@settings(max_examples=1000)
@example(edits=[(0, 0), (1, 10)], passes=[0, 10])  # quiet for the lookback, and no longer
@example(edits=[(0, 0), (3, 10)], passes=[0, 12])  # going on just behind the newest
@given(edits, passes)
def test_an_edit_that_shows_within_the_lookback_is_told(
    edits: list[tuple[int, int]], passes: list[int]
) -> None:
    position, told = Position({"app": 1}, strict=True), set[int]()
    for now in [*passes, 200]:
        shown, position = read(position, edits, now)
        told |= shown
        position = Position.parse(position.text(), ["app"]) or position
    assert told == set(range(len(edits)))


@given(edits)
def test_a_quiet_redmine_answers_with_nothing(edits: list[tuple[int, int]]) -> None:
    position = Position({"app": 1}, strict=True)
    for now in (200, 250):
        _, position = read(position, edits, now)
    shown, last = read(position, edits, 300)
    assert not shown or not edits
    assert last.since == position.since


def test_a_cursor_of_other_projects_is_no_cursor() -> None:
    cursor = Position({"app": 1}, strict=True, since=START).text()
    assert Position.parse(cursor, ["app", "web"]) is None
    assert Position.parse(cursor, ["app"]) == Position({"app": 1}, strict=True, since=START)


def test_reading_never_goes_back() -> None:
    position = Position({"app": 1}, strict=True, since=START, newest=START)
    later = position.after(START, START, LOOKBACK, began=OURS, ended=OURS)
    assert later.since == START
