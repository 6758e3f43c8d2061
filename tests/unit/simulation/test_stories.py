"""Made-up stories on the real engine and store: no promise is broken, and it can be told again."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from syncline.simulation import campaign, story
from syncline.simulation.draw import draw
from syncline.simulation.runner import play
from tests.unit.simulation.time_left import while_time_is_left

STORIES = int(os.environ.get("SYNCLINE_STORIES", "100"))
BLOCK = 50
ALWAYS = 10
"""Blocks that are played whatever the time."""

KEPT = sorted((Path(__file__).parent / "stories").glob("*.yaml"))


@pytest.mark.stories
@pytest.mark.parametrize("block", range(0, STORIES, BLOCK), ids=lambda first: f"from-{first}")
def test_no_story_breaks_a_promise(block: int) -> None:
    if block >= ALWAYS * BLOCK:
        while_time_is_left(f"{BLOCK} stories")
    tally = campaign.Tally(block, block)
    for part in campaign.seeds(block, min(block + BLOCK, STORIES), 1):
        tally.add(part)
    assert not tally.broken
    assert tally.delivered > 0.9


@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.stem)
def test_a_story_that_once_broke_a_promise_does_not(path: Path) -> None:
    assert play(story.load(path)).wrong == ()


def test_the_swarm_meets_every_kind_of_trouble() -> None:
    steps = [step for seed in range(300) for step in draw(seed).steps]
    does = Counter(step.do for step in steps)
    assert all(does[name] > 30 for name in ("edit", "pass", "wait", "trouble", "outage", "answer"))
    crashes = [step.mode for step in steps if isinstance(step, story.Pass) and step.crash]
    assert all(crashes.count(mode) > 30 for mode in ("before", "after", "torn"))
    fates = Counter(step.what for step in steps if isinstance(step, story.Fate))
    assert all(fates[what] > 5 for what in ("delete", "archive", "restore", "leave", "return"))
    actions = Counter(step.action for step in steps if isinstance(step, story.Trouble))
    assert all(actions[name] > 5 for name in ("drop_before", "drop_after_apply", "torn:1"))
    assert any(isinstance(step, story.Pass) and step.hub == 1 for step in steps)
    assert all(does[name] > 10 for name in ("merge", "bind"))
    assert sum(isinstance(step, story.Pass) and step.undo is not None for step in steps) > 10
    told = [draw(seed) for seed in range(300)]
    assert sum(bool(one.never) for one in told) > 10 and sum(bool(one.modes) for one in told) > 10


def test_a_thousand_stories_that_meet_too_little_trouble_prove_nothing() -> None:
    tally = campaign.Tally(0, 1000, Counter(campaign.FLOORS))
    assert tally.rare() == {}
    tally.end = 2000
    assert tally.rare()["undos"] == (campaign.FLOORS["undos"], 2 * campaign.FLOORS["undos"])
    assert campaign.Tally(0, 999).rare() == {}


def test_what_other_code_came_to_is_not_added_up(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    campaign.Tally(0, 20).save(path)
    assert campaign.Tally.load(path).end == 20
    path.write_text(path.read_text("utf-8").replace(campaign.code(), "0" * 16), "utf-8")
    with pytest.raises(ValueError, match="other code"):
        campaign.Tally.load(path)


def test_a_seed_gives_the_same_trace_in_another_process() -> None:
    code = (
        "from syncline.simulation.draw import draw\n"
        "from syncline.simulation.runner import play\n"
        "print(*(play(draw(seed)).fingerprint for seed in range(3)))"
    )
    told = {
        subprocess.run(  # noqa: S603
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": number},
        ).stdout
        for number in ("1", "2")
    }
    assert told == {" ".join(play(draw(seed)).fingerprint for seed in range(3)) + "\n"}


def test_a_campaign_that_was_stopped_goes_on_where_it_was(tmp_path: Path) -> None:
    whole = campaign.Tally(0, 0)
    for part in campaign.seeds(0, 20, 1):
        whole.add(part)
        if not (tmp_path / "state.json").exists():
            whole.save(tmp_path / "state.json")
    rest = campaign.Tally.load(tmp_path / "state.json")
    assert rest.end == campaign.CHUNK
    for part in campaign.seeds(rest.end, 20, 1):
        rest.add(part)
    assert (rest.end, rest.counts, rest.broken) == (20, whole.counts, whole.broken)


def test_a_story_is_a_file_and_comes_back_the_same(tmp_path: Path) -> None:
    for seed in range(50):
        path = tmp_path / f"{seed}.yaml"
        path.write_text(story.dump(draw(seed)), "utf-8")
        assert story.load(path) == draw(seed)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("tools: {a: {}}\nsteps: [{do: dance}]", "steps.0"),
        ("tools: {a: {colour: red}}\nsteps: []", "tools.a.colour"),
        ("- 1", "no story"),
        ("{", "cannot be read"),
    ],
)
def test_what_is_no_story_says_where(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "story.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(story.NoStory, match=words):
        story.load(path)
