"""What an operator writes: where the project lives, and which mistakes are told."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.mixpanel.config import MixpanelConfig
from syncline.sdk.secrets import Secret

SCOPE: dict[str, Any] = {"project": 12345}


def config(**more: Any) -> MixpanelConfig:
    """A connection with what must be said."""
    auth = {"username": "me", "secret": Secret("s"), "project_token": Secret("t")}
    return MixpanelConfig(**{"connector": "mixpanel", "auth": auth, "scope": SCOPE, **more})


@pytest.mark.parametrize(
    ("asked", "data"),
    [
        ("https://mixpanel.com", "https://api.mixpanel.com"),
        ("https://eu.mixpanel.com/", "https://api-eu.mixpanel.com"),
        ("https://in.mixpanel.com", "https://api-in.mixpanel.com"),
        ("http://127.0.0.1:8601", "http://127.0.0.1:8601"),
    ],
)
def test_where_data_goes_in_follows_from_where_the_project_lives(asked: str, data: str) -> None:
    assert config(base_url=asked).ingestion_url == data
    assert config().base_url == "https://mixpanel.com"


@pytest.mark.parametrize(
    "url", ["https://api-eu.mixpanel.com", "https://data.mixpanel.com", "http://mixpanel.com"]
)
def test_another_host_of_mixpanels_is_refused_with_those_there_are(url: str) -> None:
    with pytest.raises(ValueError, match=r"https://mixpanel.com, https://eu.mixpanel.com"):
        config(base_url=url)


def test_a_group_is_named_by_its_number_however_it_is_written() -> None:
    group = {"key": "company", "data_group_id": -1405123841946871899}
    scope = config(scope={**SCOPE, "group": group}).scope
    assert scope.group and scope.group.data_group_id == "-1405123841946871899"
    with pytest.raises(ValueError, match="data_group_id"):
        config(scope={**SCOPE, "group": {**group, "data_group_id": "company"}})


@pytest.mark.parametrize(
    "wrong",
    [
        {"queries_per_hour": 61},
        {"scope": {"project": 0}},
        {"scope": {**SCOPE, "users": {"fields": {"plan": "word"}}}},
        {"scope": {**SCOPE, "cohort": 7}},
    ],
)
def test_what_mixpanel_cannot_do_cannot_be_configured(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        config(**wrong)
