"""Automations that differ only in the order of what is a set are the same."""

from __future__ import annotations

import itertools

from prefect.events.schemas.automations import AutomationCore, EventTrigger

from deployments import automations


def test_the_order_in_which_a_server_names_states_is_no_change() -> None:
    for wanted in automations.automations():
        wire = wanted.model_dump(mode="json")
        for states in itertools.permutations([*wire["trigger"]["after"], "a", "b", "c"]):
            both = [
                wanted.model_copy(update={"trigger": _after(wanted, order)})
                for order in (states, states[::-1])
            ]
            assert automations._rules(both[0]) == automations._rules(both[1])


def test_another_state_or_length_of_time_is_a_change() -> None:
    dead, never_began = automations.automations()
    assert automations._rules(dead) != automations._rules(never_began)
    other = dead.model_copy(update={"trigger": _after(dead, ("another",))})
    assert automations._rules(dead) != automations._rules(other)


def _after(one: AutomationCore, states: tuple[str, ...]) -> EventTrigger:
    assert isinstance(one.trigger, EventTrigger)
    return EventTrigger.model_validate({**one.trigger.model_dump(), "after": list(states)})
