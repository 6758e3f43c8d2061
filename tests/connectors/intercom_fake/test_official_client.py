"""The official client, as its users use it, and what it does not see."""

from __future__ import annotations

from typing import Any

import pytest
from intercom import Intercom
from intercom.core.api_error import ApiError
from intercom.errors import NotFoundError
from intercom.tickets.types import Ticket
from intercom.types import (
    MultipleFilterSearchRequest,
    SingleFilterSearchRequest,
    StartingAfterPaging,
)

from connectors.intercom.fake.workspace import TITLE
from tests.connectors.intercom_fake.stage import Stage, staged


def contact(address: str) -> list[Any]:
    return [{"email": address}]


def make(client: Intercom, type_id: str, title: str) -> Ticket:
    made = client.tickets.create(
        ticket_type_id=type_id,
        contacts=contact("new@customer.test"),
        request_options={"additional_body_parameters": {"ticket_attributes": {TITLE: title}}},
    )
    assert made is not None
    return made


async def test_it_sees_a_workspace() -> None:
    def look(client: Intercom) -> list[Any]:
        me = client.admins.identify()
        types = client.ticket_types.list().data or []
        states = client.ticket_states.list_ticket_states().data or []
        people = client.admins.list().admins or []
        return [
            me.name if me else None,
            [one.name for one in types if one],
            {one.internal_label for one in states if one},
            len(people) > 1,
        ]

    async with staged(records=3) as stage:
        me, types, states, others = await stage.by_client(look)
    assert me == "Syncline" and others
    assert types == ["Bug", "Feature request", "Question"]
    assert states == {"Submitted", "In progress", "Waiting on customer", "Resolved"}


async def test_it_makes_moves_answers_and_deletes_a_ticket(stage: Stage) -> None:
    bug = stage.fake.workspace.type_named("Bug")
    resolved = bug["states"][-1]["id"]

    def work(client: Intercom) -> str:
        made = make(client, bug["id"], "Made by the client")
        assert made.id and made.ticket_state and made.ticket_state.internal_label == "Submitted"
        moved = client.tickets.update(
            made.id, ticket_state_id=resolved, ticket_attributes={TITLE: "Mended"}
        )
        assert moved and moved.ticket_attributes == {
            **{one["name"]: None for one in bug["attributes"]},
            TITLE: "Mended",
        }
        assert moved.open is False
        me = client.admins.identify()
        assert me and me.id
        note: Any = {
            "message_type": "note",
            "type": "admin",
            "admin_id": me.id,
            "body": "<p>seen</p>",
        }
        assert client.tickets.reply(made.id, request=note).part_type == "note"
        shown = client.tickets.get(made.id)
        assert shown and shown.ticket_parts
        parts = [one.part_type for one in shown.ticket_parts.ticket_parts or ()]
        assert parts == ["ticket_state_updated_by_admin", "note"]
        assert client.tickets.delete_ticket(made.id).deleted
        with pytest.raises(ApiError) as gone:
            client.tickets.get(made.id)
        assert gone.value.status_code == 404
        return made.id

    id = await stage.by_client(work)
    assert id not in stage.fake.workspace.tickets


async def test_its_search_goes_through_pages_and_misses_what_moved_meanwhile(
    stage: Stage,
) -> None:
    """Why the connector does not follow the pointer: `starting_after` counts rows."""
    for n in range(6):
        await stage.make(f"ticket {n}")
    stage.settle()
    every = SingleFilterSearchRequest(field="created_at", operator=">", value="0")
    by_update = {"additional_body_parameters": {"sort": {"field": "updated_at",
                                                         "order": "ascending"}}}  # fmt: skip

    def titles(client: Intercom, edit: bool) -> list[str]:
        told: list[str] = []
        after: str | None = None
        for _ in range(2):
            page = client.tickets.search(
                query=MultipleFilterSearchRequest(operator="AND", value=[every]),
                pagination=StartingAfterPaging(per_page=3, starting_after=after),
                request_options=by_update,  # type: ignore[arg-type]
            )
            rows = list(page.items or ())
            told += [str((ticket.ticket_attributes or {})[TITLE]) for ticket in rows if ticket]
            pages = page.response.pages
            after = pages.next.starting_after if pages and pages.next else None
            if edit and after:
                first = stage.fake.workspace.tickets.get(str(rows[0] and rows[0].id))
                assert first is not None
                stage.clock.advance(1)
                admin = next(iter(stage.fake.workspace.admins.values()))
                changed = {"ticket_attributes": {TITLE: "moved"}}
                stage.fake.desk.update(admin, first, changed, lag=0)
        assert after is None
        return told

    assert len(await stage.by_client(lambda client: titles(client, False))) == 6
    assert "ticket 3" not in await stage.by_client(lambda client: titles(client, True))


async def test_it_is_told_what_is_wrong(stage: Stage) -> None:
    def wrong(client: Intercom) -> list[Any]:
        said: list[Any] = []
        made = make(client, stage.fake.workspace.type_named("Bug")["id"], "x")
        for work in (
            lambda: client.tickets.update(str(made.id), ticket_state_id="1"),
            lambda: client.tickets.update(str(made.id), assignee_id="1"),
        ):
            with pytest.raises(ApiError) as refused:
                work()
            said.append(refused.value)
        return said

    state, assignee = await stage.by_client(wrong)
    assert state.status_code == 400
    assert state.body["errors"][0]["code"] == "ticket_state_id_invalid"
    assert assignee.body["errors"][0]["code"] == "assignee_not_found"
    assert isinstance(assignee, NotFoundError)
    with pytest.raises(ApiError) as nobody:
        await stage.by_client(lambda client: client.admins.identify(), token="nobody's")
    assert nobody.value.status_code == 401
