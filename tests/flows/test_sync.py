"""What an admin sees of a run in Prefect: its name, tags, state, page and table; and no secret."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from prefect.blocks.system import Secret
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterFlowRunId
from prefect.client.schemas.objects import Artifact, FlowRun, State

from flows import steps
from flows.reconcile import reconcile
from flows.request import PassRequest, SyncRequest
from flows.sync import sync
from syncline.hub import open_hub
from syncline.store import links
from syncline.store.lease import Lease
from syncline.store.sql import Tx
from tests.flows.conftest import Up
from tests.flows.office import Office

pytestmark = [pytest.mark.prefect, pytest.mark.usefixtures("prefect")]


async def run(company: Office, flow: Any = sync, **options: Any) -> State[Any]:
    """A run of the company's sync, to its end."""
    model = SyncRequest if flow is sync else PassRequest
    request = model(sync="escalations", configuration=str(company.folder), **options)
    state: State[Any] = await flow(request, return_state=True)
    return state


async def seen(state: State[Any]) -> tuple[FlowRun, dict[str, Artifact]]:
    """The run as Prefect has it, and its artifacts by type and by key."""
    id_ = state.state_details.flow_run_id
    assert id_ is not None
    async with get_client() as client:
        mine = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[id_]))
        artifacts = await client.read_artifacts(artifact_filter=mine)
        by_name = {str(name): a for a in artifacts for name in (a.type, a.key)}
        return await client.read_flow_run(id_), by_name


async def test_a_run_says_what_it_is_and_what_it_did(company: Office) -> None:
    company.desk.create({"title": "Login | fails ![x](http://evil.example/x)", "priority": "high"})
    flow_run, artifacts = await seen(await run(company, limit=5))
    assert flow_run.name.startswith("sync escalations ")
    assert flow_run.name.endswith(" limit 5 · 1 created")
    assert {
        "syncline",
        "sync:escalations",
        "connection:desk",
        "connection:tracker",
    } <= set(flow_run.tags)
    assert flow_run.state is not None
    assert (flow_run.state.name, flow_run.state.message) == ("Completed", "1 created")
    assert artifacts["progress"].data == 100
    assert artifacts["markdown"].key == "escalations"
    assert artifacts["markdown"].description == "1 created"
    assert artifacts["table"].key == "escalations-changes"
    rows = json.loads(str(artifacts["table"].data))
    assert {row["field"] for row in rows} >= {"title", "priority"}
    assert {row["tool"] for row in rows} == {"tracker"}


async def test_a_conflict_ends_as_attention_and_the_page_says_how_to_answer(
    company: Office,
) -> None:
    id_ = company.desk.create({"title": "One"})
    await run(company)
    (other,) = company.tracker.items
    company.desk.edit(id_, {"title": "Ours <img src=x>"})
    company.tracker.edit(other, {"title": "Theirs [click](http://evil.example)"})
    flow_run, artifacts = await seen(await run(company))
    assert flow_run.state is not None
    assert flow_run.state.is_completed()
    assert flow_run.state.name == "Attention"
    assert flow_run.state.message == "1 conflict waits for an answer"
    page = str(artifacts["markdown"].data)
    assert "syncline conflicts answer" in page
    assert "--digest" in page
    assert "Ours &lt;img src=x&gt;" in page
    assert "](http://evil.example" not in page
    assert "table" not in artifacts


async def test_a_tool_that_cannot_be_used_fails_the_run_with_the_reason(company: Office) -> None:
    company.desk.create({"title": "One"})
    await run(company)
    company.tracker.token = "another one since today"
    flow_run, artifacts = await seen(await run(company))
    assert flow_run.state is not None
    assert flow_run.state.is_failed()
    assert flow_run.name.endswith(" · tracker failed")
    assert "tracker" in str(flow_run.state.message)
    assert "desk" not in str(flow_run.state.message)
    assert "Tools that could not be used" in str(artifacts["markdown"].data)


async def test_a_wrong_configuration_fails_the_run_and_says_where(company: Office) -> None:
    company.configure("another")
    state = await run(company)
    assert state.is_failed()
    assert "there is no sync `escalations`" in str(state.message)


async def test_a_sync_that_somebody_else_works_on_is_skipped(company: Office) -> None:
    async with open_hub(company.folder) as hub:
        lease = await Lease.acquire(hub.store, "escalations", "ann's laptop", hub.clock)
        async with lease.keep():
            state = await run(company)
        await lease.release()
    assert state.is_cancelled()
    assert state.name == "Skipped"
    assert "ann's laptop" in str(state.message)


async def test_a_reconcile_waits_for_the_sync_at_work(
    company: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps, "ASK_AGAIN", 0.1)
    async with open_hub(company.folder) as hub:
        lease = await Lease.acquire(hub.store, "escalations", "ann's laptop", hub.clock)
        async with lease.keep():
            waiting = asyncio.create_task(run(company, reconcile))
            await asyncio.sleep(1)
            assert not waiting.done()
        await lease.release()
        state = await waiting
    assert state.name == "Completed"
    assert str(state.message).startswith("Nothing to do. escalations: nothing to compare")


async def deceive(company: Office, title: str) -> None:
    """Give the tracker's only record another title, and let the engine believe it saw that."""
    company.desk.create({"title": "One"})
    await run(company)
    (id_,) = company.tracker.items
    item = company.tracker.item(id_)
    long_ago = item.now.updated_at - timedelta(hours=1)
    shown = {**item.now.fields, "title": title}
    item.states[-1] = replace(item.now, fields=shown, updated_at=long_ago)

    def believe(tx: Tx) -> None:
        (link,) = links.page(tx, "escalations", None, 10)
        state = link.fields["title"]
        seen = {**state["seen"], "tracker": {"title": title}}
        links.update(tx, [replace(link, fields={**link.fields, "title": {**state, "seen": seen}})])

    async with open_hub(company.folder) as hub:
        await hub.store.write(believe)


async def test_a_reconcile_ends_with_what_verify_found(company: Office) -> None:
    await deceive(company, "By [nobody](x)")
    flow_run, artifacts = await seen(await run(company, reconcile))
    assert flow_run.state is not None
    said = "escalations: 0 % agree: 0 of 1 link; 1 differs."
    assert (flow_run.state.name, flow_run.state.message) == ("Completed", f"Nothing to do. {said}")
    page = str(artifacts["escalations-agreement"].data)
    assert "## disagreements: 1" in page
    assert "[nobody](x)" not in page


async def test_a_reconcile_below_the_objective_asks_for_attention(company: Office) -> None:
    file = company.folder / "syncline.yaml"
    told = yaml.safe_load(file.read_text("utf-8"))
    told["syncs"]["escalations"]["verify"] = {"agreement": 99}
    file.write_text(yaml.safe_dump(told), "utf-8")
    await deceive(company, "By nobody")
    assert (await run(company, reconcile)).name == "Attention"


async def test_a_refused_pass_is_completed_and_says_what_refused_it(company: Office) -> None:
    ids = [company.desk.create({"title": f"Ticket {n}"}) for n in range(20)]
    await run(company)
    for id_ in ids:
        company.desk.edit(id_, {"priority": "low"})
    refused = await run(company)
    assert refused.is_completed()
    assert refused.name == "Refused"
    assert "20 of 20 linked records changed in desk" in str(refused.message)
    flow_run, _ = await seen(await run(company, force=("changed",)))
    assert flow_run.name.endswith(" forced changed · 20 updated")
    assert flow_run.state is not None
    assert flow_run.state.message == "20 updated"


async def test_no_secret_is_anywhere_in_prefect(
    company: Office, up: Up, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not in parameters, names, logs, states or artifacts; not even when a bug shouts it out."""
    secret = company.desk.token
    await Secret(value=secret).asave("desk-token", overwrite=True)
    company.configure("escalations", desk_token="${prefect:desk-token}")
    company.desk.create({"title": f"My password is {secret}", "body": f"<p>{secret}</p>"})
    done = await run(company)
    assert done.message == "1 created"

    async def shout(*_: object) -> None:
        raise RuntimeError(f"GET /feed with {secret} went wrong")

    monkeypatch.setattr("syncline.engine.passes.observe", shout)
    failed = await run(company)
    assert failed.is_failed()
    assert "RuntimeError: GET /feed with *** went wrong" in str(failed.message)
    await asyncio.sleep(3)  # logs are sent every two seconds
    texts = everything(up.home / "prefect.db")
    assert "*** went wrong" in texts
    assert secret not in texts


def everything(database: Path) -> str:
    """All that Prefect keeps, in every column of every table."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as db:
        tables = [
            name for (name,) in db.execute("select name from sqlite_master where type='table'")
        ]
        rows = [row for table in tables for row in db.execute(f'select * from "{table}"')]
    return "\n".join(str(value) for row in rows for value in row)
