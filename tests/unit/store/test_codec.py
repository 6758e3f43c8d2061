"""Values as the store writes them down: what comes back is what was put in."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import pytest

from syncline.store.codec import dumps, loads


@pytest.mark.parametrize(
    "value",
    [
        "half a character: \ud83d",
        {"path": ["\udc00 at the start", "größer, שלום, 🚀"]},
        {"number": 2**53, "less": -(2**63), "half": 0.1, "none": None, "truth": True},
    ],
)
def test_a_value_comes_back_as_it_was(value: Any) -> None:
    assert loads(dumps(value)) == value


def test_a_mapping_of_any_kind_is_an_object() -> None:
    assert loads(dumps(MappingProxyType({"a": "\ud83d"}))) == {"a": "\ud83d"}


def test_what_is_not_json_is_refused() -> None:
    for value in ({1, 2}, {"a": object()}):
        with pytest.raises(TypeError):
            dumps(value)
