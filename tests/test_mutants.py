"""Every planted bug is noticed, by the tests that `tests/mutants.toml` names."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.mutants import Mutant, base, judge, load, run

MUTANTS = load()
HEALTHY = Mutant(
    id="healthy",
    bug="None: the guard stays as it is.",
    breaks=(),
    file="syncline/engine/guards.py",
    old="FLOOR = 20",
    new="FLOOR = 20",
    killed_by=("tests/unit/engine/test_guards.py::test_limits_are_the_operators",),
)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.id)
def test_a_planted_bug_is_noticed(mutant: Mutant) -> None:
    verdict = judge(mutant)
    assert verdict.state == "killed", f"{mutant.bug} {verdict.told}"


def test_the_tests_that_notice_pass_where_no_bug_is_planted() -> None:
    tests = sorted({test for mutant in MUTANTS for test in mutant.killed_by})
    failed, passed = run(base(), tests)
    assert not failed and passed == tests


def test_every_planted_bug_has_a_name_of_its_own() -> None:
    assert len({mutant.id for mutant in MUTANTS}) == len(MUTANTS)


def test_a_bug_that_nobody_notices_is_told() -> None:
    verdict = judge(HEALTHY)
    assert verdict.state == "survived"
    assert "test_limits_are_the_operators passes all the same" in verdict.told[0]


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"old": "FLOOR = 21"}, "stands 0 times"),
        ({"old": "\n"}, "times in syncline/engine/guards.py"),
        ({"new": "FLOOR = ="}, "does not compile"),
        ({"file": "syncline/engine/gone.py"}, "no syncline/engine/gone.py"),
        ({"file": "tests/mutants.py"}, "is not in"),
        ({"killed_by": ("tests/test_mutants.py::test_that_is_not_there",)}, "do not run"),
    ],
)
def test_a_bug_that_cannot_be_planted_or_tried_is_stale(changed: dict, why: str) -> None:
    verdict = judge(replace(HEALTHY, **changed))
    assert verdict.state == "stale"
    assert why in verdict.told[0]
