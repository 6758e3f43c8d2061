"""What an administrator changes in the account, as the API tells it afterwards."""

from __future__ import annotations

from typing import Any

import pytest

from syncline.sandbox import Refusal
from tests.connectors.zendesk_fake.stage import Stage


def administer(stage: Stage, verb: str, **given: Any) -> None:
    stage.inside(lambda fake: fake.administer(verb, given))


def statuses(stage: Stage) -> dict[str, Any]:
    rows = stage.api.get("/api/v2/custom_statuses").json()["custom_statuses"]
    return {row["agent_label"]: row for row in rows}


def test_a_renamed_status_keeps_its_id_and_one_that_is_removed_is_only_switched_off(
    stage: Stage,
) -> None:
    before = statuses(stage)
    administer(stage, "rename", field="custom_status", option="In progress", to="At work")
    administer(stage, "remove", field="custom_status", option="Cancelled")
    after = statuses(stage)
    assert after["At work"]["id"] == before["In progress"]["id"]
    assert (before["Cancelled"]["active"], after["Cancelled"]["active"]) == (True, False)


def test_fields_are_renamed_lose_options_and_are_switched_off(stage: Stage) -> None:
    area = stage.field("Product area")
    administer(stage, "remove", field="Product area", option="area_mobile")
    administer(stage, "rename", field="Product area", to="Area")
    options = [one["value"] for one in stage.field("Area")["custom_field_options"]]
    assert (stage.field("Area")["id"], options) == (area["id"], ["area_accounts", "area_reports"])
    administer(stage, "remove", field="Area")
    assert stage.field("Area")["active"] is False


@pytest.mark.parametrize(
    ("verb", "given", "said"),
    [
        ("paint", {}, "there are rename, remove, require, demote"),
        ("rename", {"field": "custom_status", "option": "Gone", "to": "x"}, "there are New"),
        ("remove", {"field": "Nothing"}, "no ticket field 'Nothing'"),
        ("remove", {"field": "Product area", "option": "x"}, "no option 'x'"),
        ("rename", {"field": "Product area", "option": "x", "to": "y"}, "stays"),
        ("rename", {"field": "Product area"}, "rename needs 'to'"),
    ],
)
def test_what_there_is_not_is_refused_with_what_there_is(
    stage: Stage, verb: str, given: dict[str, Any], said: str
) -> None:
    with pytest.raises(Refusal, match=said):
        administer(stage, verb, **given)
