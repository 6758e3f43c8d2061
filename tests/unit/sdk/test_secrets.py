"""A secret is found where its reference says, and shown nowhere."""

from __future__ import annotations

import copy
import dataclasses
import json
import pickle
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncline.sdk.errors import Misconfigured
from syncline.sdk.secrets import Secret, resolve

ENV = {"JIRA_TOKEN": "tok-1234", "EMPTY": ""}


def read(path: str) -> str:
    return Path(path).read_text(encoding="utf-8")


def resolved(structure: Any) -> Any:
    return resolve(structure, ENV, read, {"prefect": {"crm": "block-5678"}.get})


def test_references_are_replaced_wherever_they_stand(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("file-9012\n", encoding="utf-8")
    found = resolved(
        {
            "auth": {"api_token": "${env:JIRA_TOKEN}", "email": "ops@acme.example"},
            "keys": [f"${{file:{key}}}", 3, None],
            "header": "Bearer ${prefect:crm}",
        }
    )
    assert found["auth"]["api_token"].reveal() == "tok-1234"
    assert found["auth"]["email"] == "ops@acme.example"
    assert found["keys"][0].reveal() == "file-9012"
    assert found["keys"][1:] == [3, None]
    assert found["header"].reveal() == "Bearer block-5678"


def test_two_references_in_one_text_make_one_secret() -> None:
    assert resolved("${env:JIRA_TOKEN}:${prefect:crm}").reveal() == "tok-1234:block-5678"


def test_a_value_that_looks_like_a_reference_is_not_looked_up_again() -> None:
    env = {"A": "${env:B}", "B": "inner"}
    assert resolve("${env:A}", env, read).reveal() == "${env:B}"


@pytest.mark.parametrize(
    "reference",
    ["${env:MISSING}", "${env:EMPTY}", "${file:/does/not/exist}", "${prefect:none}", "${vault:x}"],
)
def test_a_missing_secret_names_its_place_and_its_reference(reference: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        resolved({"connections": {"jira": {"auth": [{"token": f"Bearer {reference}"}]}}})
    assert "connections.jira.auth[0].token" in str(caught.value)
    assert reference in str(caught.value)


def test_a_missing_secret_beside_a_known_one_does_not_show_the_known_one() -> None:
    with pytest.raises(Misconfigured) as caught:
        resolved("${env:JIRA_TOKEN} ${env:MISSING}")
    assert "tok-1234" not in str(caught.value)


def test_a_secret_that_is_no_text_is_refused_without_being_shown() -> None:
    garbled = b"tok-\xff-1234".decode(errors="surrogateescape")
    with pytest.raises(Misconfigured, match="not UTF-8") as caught:
        resolve({"token": "${env:T}"}, {"T": garbled}, read)
    assert "1234" not in str(caught.value)
    assert garbled not in repr(Secret(garbled))


@dataclasses.dataclass
class Holder:
    secret: Secret


@given(st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=12))
def test_no_way_of_writing_a_secret_down_shows_it(text: str) -> None:
    secret = Secret(text)
    written = [
        repr(secret),
        str(secret),
        f"{secret}",
        f"{secret:>40}",
        f"{secret!r}",
        "%s" % secret,  # noqa: UP031
        json.dumps({"a": secret}, default=str),
        orjson.dumps({"a": secret}, default=str).decode(),
        pickle.dumps(secret).decode("latin-1"),
        repr(Holder(secret)),
        repr(dataclasses.asdict(Holder(secret))),
        repr({"a": [secret]}),
        repr(vars(Holder(secret))),
    ]
    assert not [line for line in written if text in line]
    assert pickle.loads(pickle.dumps(secret)) == "***"


def test_a_serialiser_does_not_take_a_secret_for_text() -> None:
    with pytest.raises(TypeError):
        json.dumps(Secret("tok-1234"))
    with pytest.raises(TypeError):
        orjson.dumps(Secret("tok-1234"))


def test_copies_keep_the_secret_usable() -> None:
    secret = Secret("tok-1234")
    assert copy.deepcopy({"a": secret})["a"].reveal() == "tok-1234"
    assert copy.copy(secret) == secret
    assert len({secret, Secret("tok-1234"), Secret("other-99")}) == 2
    assert secret != "tok-1234"
