"""Who is who on a connection."""

from __future__ import annotations

import pytest

from syncline.engine.directory import directory
from syncline.store.rows import PersonRow

ANN = "ann@acme.test"
BY_ADDRESS = PersonRow("jira", "1", ANN, "Ann")
NAMED = PersonRow("jira", "2", ANN, "Ann of the table")
TABLE = {"2": NAMED}


@pytest.mark.parametrize("rows", [(BY_ADDRESS, NAMED), (NAMED, BY_ADDRESS)])
def test_the_account_that_the_operator_names_is_written_whenever_the_other_is_seen(
    rows: tuple[PersonRow, ...],
) -> None:
    people = directory(None, rows, TABLE)
    assert people.handles == {ANN: "2"}
    assert people.by_handle == {"1": ANN, "2": ANN}


def test_an_account_found_later_takes_no_place_of_one_that_is_named() -> None:
    people = directory(directory(None, TABLE.values(), TABLE), [BY_ADDRESS], TABLE)
    assert people.handles == {ANN: "2"}


def test_of_two_accounts_with_one_address_the_first_active_one_is_written() -> None:
    gone = PersonRow("jira", "0", ANN, "Ann", active=False)
    second = PersonRow("jira", "3", ANN, "Ann")
    assert directory(None, [gone, BY_ADDRESS, second], {}).handles == {ANN: "1"}


def test_an_account_without_an_address_is_nobody_until_the_operator_names_it() -> None:
    bot = PersonRow("jira", "bot", None, "Bot")
    people = directory(None, [bot, BY_ADDRESS], {})
    assert people.by_handle == {"1": ANN}
    assert directory(None, [bot], {"bot": NAMED}).by_handle == {"bot": ANN}
