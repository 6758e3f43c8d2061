"""Every pass survives its death at every step, in every way; also when it dies twice (I13, G1)."""

from __future__ import annotations

import itertools
import os

import pytest

from syncline.simulation.crashes import killed, killed_again
from syncline.simulation.runner import play
from syncline.simulation.scenarios import scenarios
from syncline.simulation.story import Story, dump

EVERY = int(os.environ.get("SYNCLINE_EVERY_CRASH", "60"))
"""Of the first deaths and of the second ones, every how many-th is tried in pairs; 1: all pairs."""


def _survives(story: Story) -> None:
    outcome = play(story)
    assert outcome.wrong == (), dump(story)


@pytest.mark.parametrize("name", scenarios())
def test_a_scenario_is_well_without_a_crash(name: str) -> None:
    _survives(scenarios()[name])


@pytest.mark.parametrize("name", scenarios())
def test_a_pass_may_die_at_every_step(name: str) -> None:
    points = list(killed(scenarios()[name]))
    assert len(points) > 40
    for story in points:
        _survives(story)


@pytest.mark.parametrize("name", scenarios())
def test_the_pass_after_a_death_may_die_too(name: str) -> None:
    place = list(scenarios()).index(name) % EVERY
    for once in itertools.islice(killed(scenarios()[name]), place, None, EVERY):
        for twice in itertools.islice(killed_again(once), place, None, EVERY):
            _survives(twice)
