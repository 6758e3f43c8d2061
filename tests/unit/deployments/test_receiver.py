"""What `syncline up` starts for webhooks: the receiver, where there is something to receive."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from deployments.local import free_port
from deployments.up import receiver
from syncline.config import load

SECRET = "${env:JIRA_HOOK}"


def configured(folder: Path, port: int, **more: Any) -> Path:
    jira = {
        "connector": "jira",
        "base_url": "https://acme.atlassian.net",
        "auth": {"email": "ops@acme.example", "api_token": "${env:NOWHERE}"},
        "scope": {"project": "APP"},
    }
    body = {
        "connections": {"jira": jira | more},
        "webhooks": {"public_url": "https://hub.example.com", "port": port},
    }
    (folder / "syncline.yaml").write_text(yaml.safe_dump(body))
    return folder


async def test_the_receiver_answers_while_up_runs_and_ends_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JIRA_HOOK", "thirty-bytes-that-only-jira-has")
    port, said = free_port(0), list[str]()
    folder = configured(tmp_path, port, webhook_secret=SECRET)
    url = f"http://127.0.0.1:{port}/webhooks/unknown"
    async with (
        receiver(load(folder), folder, tmp_path, said.append) as (child,),
        httpx.AsyncClient(trust_env=False) as client,
    ):
        answer = await _answer(client, url)
        assert answer.status_code == 404
        assert child.ended() == ""
    assert child.process.returncode == 0
    assert str(port) in said[0]
    assert "thirty-bytes" not in child.log.read_text()


async def _answer(client: httpx.AsyncClient, url: str) -> httpx.Response:
    async with asyncio.timeout(30):
        while True:
            try:
                return await client.post(url, content=b"{}")
            except httpx.ConnectError:
                await asyncio.sleep(0.05)


async def test_without_a_secret_nothing_is_started(tmp_path: Path) -> None:
    folder = configured(tmp_path, 4280)
    async with receiver(load(folder), folder, tmp_path, pytest.fail) as children:
        assert children == ()
