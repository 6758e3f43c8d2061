"""Masking by value leaves no remainder; masking by name needs no value."""

from __future__ import annotations

import json
import logging
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncline.sdk.redaction import RedactingFilter, Redactor, carries_credentials

SECRETS = st.lists(st.text(min_size=4, max_size=12), min_size=1, max_size=6)


@given(SECRETS, st.lists(st.text(max_size=8), max_size=8), st.data())
def test_no_known_secret_survives_in_any_text(
    secrets: list[str], between: list[str], data: st.DataObject
) -> None:
    redactor = Redactor()
    redactor.add(secrets)
    text = "".join(piece + data.draw(st.sampled_from(secrets)) for piece in between)
    masked = redactor.by_value(text)
    # The mask itself may, beside its neighbours, spell a secret of asterisks; nothing else may.
    assert not [secret for secret in secrets if secret in masked and "*" not in secret]


def test_overlapping_secrets_leave_no_part_of_either() -> None:
    redactor = Redactor()
    redactor.add(["abcdef", "defghi", "cdef"])
    assert redactor.by_value("x abcdefghi y") == "x *** y"


@given(st.text(min_size=6, max_size=20))
def test_a_secret_is_found_in_every_form_it_takes_on_its_way(secret: str) -> None:
    redactor = Redactor()
    redactor.add([secret])
    for form in (quote(secret), quote_plus(secret), json.dumps(secret)[1:-1], repr(secret)[1:-1]):
        assert redactor.by_value(f"<{form}>") == "<***>"


@pytest.mark.parametrize(
    "line",
    [
        "Authorization: Bearer W1TNESS",
        "authorization: Basic W1TNESS",
        "headers=[(b'set-cookie', b'sid=W1TNESS; Path=/')]",
        "{'x-api-key': 'W1TNESS'}",
        '{"access_token": "W1TNESS"}',
        "(b'Authorization', b'Bearer W1TNESS')",
        "GET /x?api_key=W1TNESS&a=1",
        "X-Redmine-API-Key: W1TNESS",
        "password=W1TNESS",
    ],
)
def test_what_stands_behind_a_credential_name_is_masked_unseen(line: str) -> None:
    assert "W1TNESS" not in Redactor()(line)


def test_ordinary_text_is_left_alone() -> None:
    redactor = Redactor()
    redactor.add(["tok-1234", "abc"])
    line = "GET /issue/APP-1 answered 404: the issue abc does not exist"
    assert redactor(line) == line


@pytest.mark.parametrize("name", ["Authorization", "X-Api-Key", "Cookie", "X-Auth-Token"])
def test_headers_that_carry_credentials_are_known_by_name(name: str) -> None:
    assert carries_credentials(name)
    assert not carries_credentials("Content-Type")


def test_a_secret_that_is_part_of_a_name_does_not_hide_the_name_from_the_mask() -> None:
    redactor = Redactor()
    redactor.add(["word", "sec;ret"])
    assert "W1TNESS" not in redactor("password=W1TNESS")
    assert "ret" not in redactor("token=sec;ret")


def test_a_logged_traceback_is_masked_too(caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("test.redaction")
    redacting = RedactingFilter()
    logger.addFilter(redacting)
    try:
        raise RuntimeError("password=W1TNESS")
    except RuntimeError:
        logger.exception("failed with %s", "token=W1TNESS")
    finally:
        logger.removeFilter(redacting)
    assert "RuntimeError" in caplog.text
    assert "W1TNESS" not in caplog.text
