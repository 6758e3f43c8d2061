"""The real Odoo itself: it survives a kill, and a reset gives back the seeded database."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from deployments.real.odoo import Odoo
from deployments.real.servers import available

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(
        not available("odoo"),
        reason="Odoo is not there: python -m deployments.real.servers install odoo",
    ),
]


@pytest.fixture(scope="module")
def odoo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Odoo]:
    server = Odoo(tmp_path_factory.mktemp("servers"))
    server.start()
    yield server
    server.remove()


def call(server: Odoo, model: str, method: str, **arguments: Any) -> Any:
    told = server.connection()
    headers = {
        "Authorization": f"bearer {told['auth']['api_key']}",
        "X-Odoo-Database": told["database"],
    }
    url = f"{told['base_url']}/json/2/{model}/{method}"
    answer = httpx.post(url, json=arguments, headers=headers, timeout=60, trust_env=False)
    assert answer.status_code == 200, answer.text[:300]
    return answer.json()


def add(server: Odoo) -> int:
    (id,) = call(server, "project.project", "create", vals_list=[{"name": "one"}])
    return int(id)


def names(server: Odoo, id: int) -> list[str]:
    return [row["name"] for row in call(server, "project.project", "read", ids=[id])]


def test_starting_twice_leaves_one_server(odoo: Odoo) -> None:
    assert odoo.start() == odoo.start()


def test_a_reset_brings_back_the_seeded_database_and_the_server(odoo: Odoo) -> None:
    id = add(odoo)
    odoo.reset()
    assert names(odoo, id) == []
    assert add(odoo) == id


def test_records_survive_a_kill_and_a_restart(odoo: Odoo) -> None:
    id = add(odoo)
    process = odoo.process()
    assert process
    os.kill(process.pid, signal.SIGKILL)
    while process.is_running():
        time.sleep(0.01)
    assert odoo.start() != process
    assert names(odoo, id) == ["one"]


def test_a_stopped_server_answers_nobody_and_its_database_is_gone_with_it(odoo: Odoo) -> None:
    id = add(odoo)
    odoo.stop()
    odoo.stop()
    with pytest.raises(httpx.ConnectError):
        add(odoo)
    assert not (odoo.postgres.folder / "data" / "postmaster.pid").exists()
    odoo.start()
    assert names(odoo, id) == ["one"]
