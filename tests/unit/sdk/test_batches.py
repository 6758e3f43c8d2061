"""Items of a batch are told one by one, and nothing that was done is lost to an error."""

from __future__ import annotations

import pytest

from syncline.sdk.batches import in_order, outcomes
from syncline.sdk.connector import Outcome, Result
from syncline.sdk.errors import Ambiguous, AuthRequired, Rejected, Retriable

ENDED = AuthRequired("the token has ended")


async def write(item: str) -> Outcome:
    """A tool that is told by an item's name what becomes of it."""
    if "later" in item:
        raise Retriable("the tool is busy")
    if "lost" in item:
        raise Ambiguous("the answer was lost")
    if "refused" in item:
        raise Rejected("no such project")
    if "ended" in item:
        raise ENDED
    if "mistake" in item:
        raise KeyError(item)
    return Outcome.applied(item)


def record(item: str) -> str:
    return item.partition("/")[0]


async def test_one_item_that_is_refused_leaves_the_others_alone() -> None:
    told = await outcomes(["a", "refused", "b"], write)
    assert [one.result for one in told] == [Result.APPLIED, Result.REJECTED, Result.APPLIED]


async def test_an_error_of_the_connection_is_raised_where_nothing_was_done() -> None:
    with pytest.raises(AuthRequired):
        await outcomes(["ended", "refused"], write)
    with pytest.raises(AuthRequired):
        await in_order(["r/ended", "r/after"], record, write)


async def test_an_error_of_the_connection_does_not_hide_what_was_done() -> None:
    done, ended = await outcomes(["a", "ended"], write)
    assert (done.result, done.id) == (Result.APPLIED, "a")
    assert (ended.result, ended.reason) == (Result.RETRY, "the token has ended")


async def test_what_was_done_to_a_record_counts_although_its_next_item_met_the_error() -> None:
    told = await in_order(["r/1", "r/ended", "r/3"], record, write)
    assert [one.result for one in told] == [Result.APPLIED, Result.RETRY, Result.RETRY]
    assert told[2].reason == "an earlier one of this record is not settled yet"


@pytest.mark.parametrize(("first", "result"), [("later", "retry"), ("lost", "ambiguous")])
async def test_after_an_item_that_may_still_come_the_records_later_ones_wait(
    first: str, result: str
) -> None:
    told = await in_order([f"r/{first}", "s/1", "r/2"], record, write)
    assert [one.result for one in told] == [result, "applied", "retry"]


async def test_after_an_item_that_is_refused_the_records_later_ones_go_on() -> None:
    told = await in_order(["r/refused", "r/2"], record, write)
    assert [one.result for one in told] == ["rejected", "applied"]


async def test_a_mistake_in_a_connector_is_raised_and_is_no_outcome() -> None:
    with pytest.raises(KeyError):
        await outcomes(["a", "mistake"], write)
