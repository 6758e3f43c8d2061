"""The flow `maintenance`: an admin reads what changed in a tool before a record fails for it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from prefect.client.schemas.objects import State

from flows.maintenance import MaintenanceRequest, maintenance
from syncline.hub import open_hub
from syncline.store import state
from tests.flows.office import Office
from tests.flows.test_sync import seen

pytestmark = [pytest.mark.prefect, pytest.mark.usefixtures("prefect")]

PRIORITIES = ("urgent", "high", "medium", "low", "none")


async def looked(company: Office) -> State[Any]:
    request = MaintenanceRequest(configuration=str(company.folder))
    found: State[Any] = await maintenance(request, return_state=True)
    return found


async def test_what_changed_in_a_tool_is_told_until_it_is_mended(company: Office) -> None:
    rule = replace(company.desk.rules["priority"], options=PRIORITIES)
    company.desk.rules = {**company.desk.rules, "priority": rule}
    first = await looked(company)
    assert (first.name, first.message) == (
        "Completed",
        "Nothing changed in the tools that a mapping uses",
    )
    renamed = replace(rule, options=("urgent", "high", "medium", "lower", "none"))
    company.desk.rules = {**company.desk.rules, "priority": renamed}
    for _ in range(2):  # told again as long as it stays so
        run, artifacts = await seen(again := await looked(company))
        assert again.name == "Attention"
        assert "'priority' of desk has no option 'low' any more" in again.message
    assert run.name.startswith("maintenance 20")
    page = artifacts["tools"].data.replace("\\", "")  # what would be markup is escaped
    assert "used by escalations, in mappings/desk/ticket.yaml:18" in page
    assert "    +    enum: {urgent: [urgent], high: [high], medium: [medium], low: lower" in page
    mapping = company.folder / "mappings" / "desk" / "ticket.yaml"
    mapping.write_text(mapping.read_text("utf-8").replace("low: [low]", "low: lower"), "utf-8")
    assert (await looked(company)).name == "Completed"


async def test_a_tool_that_cannot_be_asked_is_named_and_its_snapshot_stays(
    company: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    await looked(company)

    async def kept() -> Any:
        async with open_hub(company.folder) as hub:
            return await hub.store.read(state.get, "connection:desk", "snapshot")

    before = await kept()
    monkeypatch.setenv("OFFICE_DESK_TOKEN", "wrong-token-of-nobody")
    found = await looked(company)
    assert found.is_failed()
    assert found.message.startswith("desk cannot be asked")
    assert "wrong-token" not in found.message
    assert await kept() == before
