"""`syncline webhooks`, and what `check` and `config lint` say of a configuration with webhooks."""

from __future__ import annotations

import asyncio
import re
import socket
from typing import Any

import pytest

from syncline.observability import SystemClock
from syncline.store import inbox
from syncline.store.store import Store
from tests.cli.desk import Desk
from tests.cli.test_mistakes import told

LONG = "thirty-bytes-that-only-jira-has"
SECRET = "${env:JIRA_HOOK}"


def jira(desk: Desk, **more: Any) -> None:
    """A Jira that nobody answers for, beside the two tools; and where webhooks come in."""
    connection = {
        "connector": "jira",
        "base_url": "https://127.0.0.1:9",
        "private_network": True,
        "auth": {"email": "ops@acme.example", "api_token": "${env:JIRA_TOKEN}"},
        "scope": {"project": "APP"},
    }
    desk.config["connections"]["jira"] = connection | more
    desk.config["syncs"] = {}
    desk.config["webhooks"] = {"public_url": "https://hub.example.com/syncline/"}
    desk.env("JIRA_TOKEN", "token-of-jira")
    desk.env("JIRA_HOOK", LONG)
    desk.write()


def test_list_gives_each_tool_that_has_webhooks_its_address(desk: Desk) -> None:
    jira(desk)
    desk.env("JIRA_TOKEN", None)
    (row,) = desk.json("webhooks", "list")["webhooks"]
    end = row["url"].removeprefix("https://hub.example.com/syncline/webhooks/")
    assert re.fullmatch("[0-9a-f]{64}", end)
    assert row == {"connection": "jira", "url": row["url"], "secrets": 0, "hints": 0, "last": None}
    jira(desk, webhook_secret=[SECRET, SECRET])
    (later,) = desk.json("webhooks", "list")["webhooks"]
    assert (later["url"], later["secrets"]) == (row["url"], 2)
    told(desk.run("webhooks", "list"), 0, row["url"], "two: being rotated", "never")


def test_list_tells_how_many_records_wait(desk: Desk) -> None:
    jira(desk, webhook_secret=SECRET)
    desk.run("status")

    async def receive() -> None:
        clock = SystemClock()
        url = f"sqlite:///{desk.folder}/.syncline/state.db"
        async with await Store.open(url, "acme", clock) as store:
            for delivery, record in (("d1", "7"), ("d2", "7"), ("d3", "8")):
                await store.write(inbox.put, "jira", delivery, [("issue", record)], clock.now())

    asyncio.run(receive())
    told(desk.run("webhooks", "list"), 0, "set", "2 records", " s ago")
    (row,) = desk.json("webhooks", "list")["webhooks"]
    assert row["hints"] == 2
    assert row["last"] is not None


def test_list_without_a_tool_that_has_webhooks_says_so(desk: Desk) -> None:
    told(desk.run("webhooks", "list"), 0, "No connection's tool has webhooks")


@pytest.mark.parametrize("command", ["list", "serve"])
def test_without_a_public_address_the_key_to_add_is_named(desk: Desk, command: str) -> None:
    jira(desk, webhook_secret=SECRET)
    del desk.config["webhooks"]
    desk.write()
    told(desk.run("webhooks", command), 2, "add `webhooks: {public_url: https://…}`")
    told(desk.run("config", "lint"), 0, "add `webhooks: {public_url: https://…}`")


def test_serve_without_a_secret_says_what_to_do(desk: Desk) -> None:
    jira(desk)
    said = ("no connection has a `webhook_secret`", "syncline webhooks list")
    told(desk.run("webhooks", "serve"), 2, *said)
    told(desk.run("config", "lint"), 0, *said)


def test_serve_on_a_port_that_is_taken_names_it(desk: Desk) -> None:
    jira(desk, webhook_secret=SECRET)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        told(desk.run("webhooks", "serve", "--port", port), 1, port, "--port")


def test_a_secret_that_is_too_short_is_named_and_not_shown(desk: Desk) -> None:
    jira(desk, webhook_secret=SECRET)
    desk.env("JIRA_HOOK", "only-23-bytes-long-5150")
    for command in (["check"], ["webhooks", "serve"]):
        answer = desk.run(*command)
        told(answer, 2, "connections.jira.webhook_secret", "24 bytes or more", "set another one")
        assert "5150" not in answer.out + answer.err


def test_a_secret_that_is_missing_is_named(desk: Desk) -> None:
    jira(desk, webhook_secret=SECRET)
    desk.env("JIRA_HOOK", None)
    for command in (["check"], ["webhooks", "serve"]):
        told(desk.run(*command), 2, "webhook_secret: ${env:JIRA_HOOK} is missing or empty")


def test_a_secret_for_a_tool_without_webhooks_is_wrong(desk: Desk) -> None:
    jira(desk)
    desk.config["connections"]["a"]["webhook_secret"] = SECRET
    desk.write()
    said = ("connections.a.webhook_secret", "`memory` has no webhooks", "take it out")
    for command in (["config", "lint"], ["webhooks", "serve"]):
        told(desk.run(*command), 2, *said)


@pytest.mark.parametrize("secret", ["witness-5150", ["${env:JIRA_HOOK}", "witness-5150"]])
def test_a_secret_in_clear_is_refused_and_not_repeated(desk: Desk, secret: Any) -> None:
    jira(desk, webhook_secret=secret)
    for command in (["config", "lint"], ["webhooks", "serve"]):
        answer = desk.run(*command)
        told(answer, 2, "connections.jira.webhook_secret", "${env:NAME}")
        assert "witness-5150" not in answer.out + answer.err


@pytest.mark.parametrize("secrets", [[], [SECRET, SECRET, SECRET]])
def test_one_secret_or_two_are_taken_and_no_other_number(desk: Desk, secrets: list[str]) -> None:
    jira(desk, webhook_secret=secrets)
    told(desk.run("config", "lint"), 2, "one secret, or two while it is rotated", "[old, new]")
    jira(desk, webhook_secret=[SECRET, SECRET])
    told(desk.run("config", "lint"), 0)


@pytest.mark.parametrize(
    ("webhooks", "words"),
    [
        ({"public_url": "http://hub.example.com"}, "must begin with https"),
        ({"public_url": "hub.example.com"}, "is no address; write one like https://"),
        ({"public_url": "https://hub.example.com?a=b"}, "is no address"),
        ({"public_url": "https://hub.example.com", "prt": 1}, "did you mean `port`?"),
        ({"public_url": "https://hub.example.com", "port": 0}, "webhooks.port"),
        ({}, "`public_url` is missing"),
    ],
)
def test_where_the_tools_call_is_checked(desk: Desk, webhooks: dict[str, Any], words: str) -> None:
    desk.config["webhooks"] = webhooks
    desk.write()
    told(desk.run("check"), 2, words)


def test_on_this_machine_a_public_address_needs_no_certificate(desk: Desk) -> None:
    jira(desk, webhook_secret=SECRET)
    desk.config["webhooks"]["public_url"] = "http://127.0.0.1:4280"
    desk.write()
    (row,) = desk.json("webhooks", "list")["webhooks"]
    assert row["url"].startswith("http://127.0.0.1:4280/webhooks/")
