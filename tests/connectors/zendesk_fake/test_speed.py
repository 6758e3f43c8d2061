"""How long a large account takes of the processor; generous, since the machine may be busy."""

from __future__ import annotations

import time

from connectors.zendesk.fake import ZendeskFake
from syncline.sandbox import Company, Hooks, State, ToolClock
from tests.connectors.zendesk_fake.stage import START, staged


def test_two_thousand_tickets_are_seeded_within_three_seconds() -> None:
    company, state = Company.made(3, 2000), State()
    fake = ZendeskFake(state, ToolClock(START), Hooks())
    before = time.process_time()
    fake.seed(company)
    state.commit()
    assert time.process_time() - before < 3
    assert len(fake.records("ticket")) == 2000
    state.close()


def test_a_page_of_a_thousand_is_quick() -> None:
    with staged(records=3000) as stage:
        path = "/incremental/tickets/cursor"
        cursor = stage.get(path, start_time=0)["after_cursor"]
        times = []
        for _ in range(2):
            before = time.process_time()
            response = stage.api.get(f"/api/v2{path}", params={"cursor": cursor})
            times.append(time.process_time() - before)
            cursor = response.json()["after_cursor"]
        assert min(times) < 0.25
