"""A webhook is believed by the secret that its action is named by, and only hints at records."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from connectors.odoo import OdooConnector
from connectors.odoo.webhook import OdooWebhook
from syncline.sdk.errors import Misconfigured
from syncline.sdk.secrets import Secret
from syncline.sdk.webhook import Hint, Refused
from tests.connectors.odoo_stage import Live, live
from tests.connectors.odoo_world import OdooWorld
from tests.support.webhooks import Place, receiving

SECRET = "sandbox-secret-of-this-rule-alone"
NEXT = "sandbox-secret-that-comes-after-it"
NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)


def call(model: str = "project.task", id: Any = 7, name: str = SECRET, **more: Any) -> bytes:
    """What an action posts that sends the time of the last change along."""
    said = {"_model": model, "_id": id, "_action": f"{name}(#611)", "id": id}
    return orjson.dumps({**said, "write_date": "2026-01-05 09:00:00.123456", **more})


def hook(*secrets: str) -> OdooWebhook:
    return OdooWebhook([Secret(one) for one in secrets or (SECRET,)])


@pytest.mark.parametrize(
    ("model", "records"),
    [
        ("project.task", ["task"]),
        ("crm.lead", ["opportunity"]),
        ("project.project", ["project"]),
        ("res.partner", ["company", "person"]),
        ("sale.order", []),
    ],
)
def test_a_call_hints_at_the_record_that_was_written(model: str, records: list[str]) -> None:
    delivery = hook().receive([], call(model), NOW)
    assert delivery.hints == tuple(Hint(record, "7") for record in records)


def test_the_calls_of_one_edit_are_one_delivery_and_those_of_the_next_another() -> None:
    keys = [
        hook().receive([], call(**more), NOW).key
        for more in ({}, {"description": "<p>flushed</p>"}, {"write_date": "2026-01-05 09:00:01"})
    ]
    assert keys[0] == keys[1] != keys[2]


def test_both_secrets_are_taken_while_one_is_rotated() -> None:
    for name in (SECRET, NEXT):
        assert hook(SECRET, NEXT).receive([], call(name=name), NOW).hints


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(call(name="another-secret-of-enough-bytes"), id="another name"),
        pytest.param(call(name=""), id="no name"),
        pytest.param(call(name=f"{SECRET} "), id="a longer name"),
        pytest.param(call(_action=SECRET), id="a name without the action's number"),
        pytest.param(call(_action=None), id="a name that is none"),
        pytest.param(call(id="7 OR 1"), id="an id that is none"),
        pytest.param(call(id=True), id="an id that is no number"),
        pytest.param(b'{"_model": "project.task", "_id": 7}', id="no action"),
        pytest.param(
            orjson.dumps({"_model": "project.task", "_id": 7, "_action": f"{SECRET}(#611)"}),
            id="no time of the change",
        ),
        pytest.param(b"[]", id="another shape"),
        pytest.param(b"{", id="no JSON"),
    ],
)
def test_a_call_that_proves_nothing_is_refused(body: bytes) -> None:
    with pytest.raises(Refused):
        hook().receive([], body, NOW)


def test_a_refusal_does_not_tell_the_secret() -> None:
    with pytest.raises(Refused) as refused:
        hook().receive([], call(name="another-secret-of-enough-bytes"), NOW)
    assert SECRET not in str(refused.value) and "another" not in str(refused.value)


def test_a_short_secret_is_not_taken() -> None:
    with pytest.raises(Misconfigured, match="24 bytes"):
        hook("short")


def test_the_connector_says_how_its_webhooks_are_verified() -> None:
    assert OdooConnector.webhook is OdooWebhook


class TestARealRule(Live):
    """Odoo itself posts to the receiver; what it posts cannot be played back to it."""

    pytestmark = live

    @pytest.fixture
    async def place(self, world: OdooWorld, tmp_path: Path) -> AsyncIterator[Place]:
        connection = {
            "connector": "odoo",
            "base_url": "http://127.0.0.1:9",
            "private_network": True,
            "database": "live",
            "auth": {"api_key": "sandbox-odoo"},
            "webhook_secret": SECRET,
        }
        async with receiving(tmp_path, {"office": connection}) as place:
            yield place

    async def _rule(self, world: OdooWorld, url: str) -> int:
        """An administrator has every change of a task posted; gives the rule."""
        ((model,), (field,)) = [
            await world.call(name, "search_read", domain=domain, fields=["id"])
            for name, domain in (
                ("ir.model", [["model", "=", "project.task"]]),
                (
                    "ir.model.fields",
                    [["model", "=", "project.task"], ["name", "=", "write_date"]],
                ),
            )
        ]
        action = {
            "name": SECRET,
            "model_id": model["id"],
            "state": "webhook",
            "webhook_url": url,
            "webhook_field_ids": [[6, 0, [field["id"]]]],
        }
        rule = {
            "name": "Tell Syncline",
            "model_id": model["id"],
            "trigger": "on_create_or_write",
            "action_server_ids": [[0, 0, action]],
        }
        (made,) = await world.call("base.automation", "create", vals_list=[rule])
        return int(made)

    async def test_each_edit_is_told_once_by_a_name_that_only_administrators_read(
        self, world: OdooWorld, place: Place
    ) -> None:
        before = await world.create({"name": "before"})
        rule = await self._rule(world, place.url("office"))
        try:
            id = await world.create({"name": "made"})
            await asyncio.sleep(1.1)
            await world.edit(id, {"name": "edited", "priority": "2", "description": "<p>x</p>"})
            await asyncio.sleep(1.1)
            for model in ("ir.actions.server", "ir.actions.actions"):
                with pytest.raises(AssertionError, match="AccessError"):
                    await world.call(model, "search_read", "ann", domain=[], fields=["name"])
        finally:
            await world.call("base.automation", "unlink", ids=[rule])
        assert await place.rows() == [("office", "task", id)] * 2
        assert before != id
