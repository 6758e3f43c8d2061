"""The laws of I24 on generated fields of every kind, made by way of the mapping file's own text."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syncline.mapping import laws
from syncline.mapping.lens import OVERLAP, UnitLens, Unmappable, Unwritable
from syncline.schema.kinds import KINDS
from tests.unit.mapping.strategies import PEOPLE, case

every_kind = pytest.mark.parametrize("kind", sorted(KINDS))
relaxed = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@every_kind
@relaxed
@given(data=st.data())
def test_writing_back_what_a_side_shows_sends_nothing(kind: str, data: Any) -> None:
    one = data.draw(case(kind))
    assert laws.get_put(one.lens, one.slice, PEOPLE) is None


@every_kind
@relaxed
@given(data=st.data())
def test_what_is_written_is_shown_up_to_the_normal_form(kind: str, data: Any) -> None:
    one = data.draw(case(kind))
    assert laws.put_get(one.lens, one.before_slice, one.value, PEOPLE) is None


@every_kind
@relaxed
@given(data=st.data())
def test_a_normal_form_is_its_own_and_loses_nothing_unsaid(kind: str, data: Any) -> None:
    one = data.draw(case(kind))
    assert laws.norm_stable(one.lens, one.value, PEOPLE) is None


@every_kind
@relaxed
@given(data=st.data())
def test_an_edit_lifts_to_a_value_that_shows_it(kind: str, data: Any) -> None:
    one = data.draw(case(kind))
    assert laws.lift_shows(one.lens, one.value, one.slice, PEOPLE) is None


@every_kind
@relaxed
@given(data=st.data())
def test_what_a_side_shows_is_in_normal_form(kind: str, data: Any) -> None:
    one = data.draw(case(kind))
    try:
        shown = one.lens.get(one.slice, PEOPLE)
    except Unmappable as error:
        assert "it " in error.reason
        return
    assert one.lens.kind.normal(shown) == shown


@every_kind
@relaxed
@given(data=st.data())
def test_a_side_without_an_edit_moves_nothing(kind: str, data: Any) -> None:
    one = data.draw(case(kind))
    try:
        seen = one.lens.put(None, one.value, PEOPLE)
    except Unwritable:
        return
    lifted = one.lens.lift(one.value, seen, seen, PEOPLE)
    assert lifted is not OVERLAP
    assert one.lens.kind.equal(one.lens.norm(lifted, PEOPLE), one.lens.norm(one.value, PEOPLE))


@pytest.mark.parametrize("kind", ["set", "people"])
@relaxed
@given(data=st.data())
def test_what_a_side_cannot_show_survives_its_edits(kind: str, data: Any) -> None:
    one = data.draw(case(kind))
    hidden = {element for element in one.value or () if _is_hidden(one.lens, element)}
    try:
        lifted = one.lens.lift(one.value, one.before_slice, one.slice, PEOPLE)
    except Unmappable:
        return
    assert hidden <= set(lifted or ())


@every_kind
@relaxed
@given(data=st.data())
def test_a_view_made_whole_shows_as_that_view(kind: str, data: Any) -> None:
    one = data.draw(case(kind))
    try:
        whole = one.lens.whole(one.value, one.slice, PEOPLE)
        assert one.lens.kind.equal(one.lens.norm(whole, PEOPLE), one.lens.get(one.slice, PEOPLE))
    except (Unmappable, Unwritable):
        return


def _is_hidden(lens: UnitLens, element: str) -> bool:
    try:
        return lens.norm([element], PEOPLE) is None
    except Unwritable:
        return True


@every_kind
@relaxed
@given(data=st.data())
def test_a_patch_holds_what_differs_and_nothing_else(kind: str, data: Any) -> None:
    one = data.draw(case(kind))
    try:
        after = one.lens.put(one.slice, one.value, PEOPLE)
    except (Unwritable, Unmappable):
        return
    patch = one.lens.patch(one.slice, after)
    assert patch == ({} if after == one.slice else {"custom": {"field": after["custom.field"]}})
    if patch:
        assert one.lens.read(patch) == after
