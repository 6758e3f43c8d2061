"""Fields that are decided together: one slice, one value, one put."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncline.mapping import laws
from syncline.mapping.lens import NOBODY, GroupLens, UnitLens, Unwritable
from syncline.mapping.load import load_mapping
from syncline.mapping.units import Unit, units

ONE_PATH = """
entity: ticket
record: issue
fields:
  status:
    {path: state, group: progress, enum: {todo: [New, Reopened], in_progress: Open,
     done: [Fixed, Rejected]}}
  resolution:
    {path: state, group: progress, enum: {fixed: Fixed, rejected: Rejected,
     "": [New, Reopened, Open]}}
"""

TWO_PATHS = """
entity: ticket
record: issue
fields:
  status: {path: status, group: progress, enum: {todo: New, in_progress: Open, done: Closed}}
  resolution: {path: resolution, group: progress}
"""

STATUS_ONLY = """
entity: ticket
record: issue
fields:
  status: {path: status, enum: {todo: New, in_progress: Open, done: Closed}}
"""


def progress() -> Unit:
    files = {"one": ONE_PATH, "two": TWO_PATHS, "status": STATUS_ONLY}
    (unit,) = units({side: load_mapping(text) for side, text in files.items()})
    return unit


def lens(side: str) -> UnitLens:
    return progress().lenses[side]


values = st.fixed_dictionaries(
    {},
    optional={
        "status": st.sampled_from(["todo", "in_progress", "blocked", "done"]),
        "resolution": st.sampled_from(["fixed", "rejected", "other"]),
    },
).map(lambda found: found or None)

SLICES: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "one": st.sampled_from(["New", "Reopened", "Open", "Fixed", "Rejected", "?", None]).map(
        lambda state: {"state": state}
    ),
    "two": st.fixed_dictionaries(
        {
            "status": st.sampled_from(["New", "Open", "Closed", "?", None]),
            "resolution": st.sampled_from(["fixed", "other", "", None]),
        }
    ),
    "status": st.sampled_from(["New", "Open", "Closed", None]).map(lambda s: {"status": s}),
}


@pytest.mark.parametrize("side", SLICES)
@settings(deadline=None)
@given(data=st.data())
def test_groups_keep_the_laws(side: str, data: Any) -> None:
    one = lens(side)
    view, before = data.draw(SLICES[side]), data.draw(st.none() | SLICES[side])
    value = data.draw(values)
    assert laws.get_put(one, view, NOBODY) is None
    assert laws.put_get(one, before, value, NOBODY) is None
    assert laws.norm_stable(one, value, NOBODY) is None
    assert laws.lift_shows(one, value, view, NOBODY) is None


def test_a_group_is_one_unit_on_every_side() -> None:
    unit = progress()
    assert (unit.name, unit.fields) == ("progress", ("status", "resolution"))
    assert set(unit.lenses) == {"one", "two", "status"}
    assert all(isinstance(one, GroupLens) for one in unit.lenses.values())
    assert not unit.kind.merges


def test_two_fields_of_one_path_are_written_as_the_state_that_shows_both() -> None:
    one = lens("one")
    assert one.get({"state": "Rejected"}, NOBODY) == {"status": "done", "resolution": "rejected"}
    assert one.put(None, {"status": "done", "resolution": "rejected"}, NOBODY) == {
        "state": "Rejected"
    }
    assert one.put({"state": "Reopened"}, {"status": "todo"}, NOBODY) == {"state": "Reopened"}


def test_what_no_state_shows_together_is_refused() -> None:
    with pytest.raises(Unwritable, match="no state of state shows status 'todo', resolution 'fix"):
        lens("one").put(None, {"status": "todo", "resolution": "fixed"}, NOBODY)


def test_an_edit_of_one_field_leaves_the_others_of_the_value() -> None:
    value = {"status": "todo", "resolution": "fixed"}
    lifted = lens("status").lift(value, {"status": "New"}, {"status": "Open"}, NOBODY)
    assert lifted == {"status": "in_progress", "resolution": "fixed"}


def test_a_side_that_maps_part_of_the_group_says_it_is_lossy() -> None:
    assert lens("status").lossy
    assert not lens("two").lossy
    assert lens("status").norm({"status": "done", "resolution": "fixed"}, NOBODY) == {
        "status": "done"
    }


def test_only_what_changed_is_sent() -> None:
    two = lens("two")
    before = {"status": "Closed", "resolution": "fixed"}
    after = two.put(before, {"status": "done", "resolution": "rejected"}, NOBODY)
    assert two.patch(before, after) == {"resolution": "rejected"}


def test_a_group_that_cannot_be_read_says_which_field() -> None:
    assert not lens("two").shows({"status": "?", "resolution": None}, {"status": "done"}, NOBODY)
