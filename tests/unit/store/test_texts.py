"""A long text is stored once a link, and what was stored is what is read."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from syncline.engine.decision import UnitState
from syncline.store import texts

LONG = "word " * 100
wires = st.sampled_from([LONG, LONG.upper(), "short", "", None, 7, [LONG], {"text": LONG}])
values = wires | st.sampled_from([{"format": "html", "source": s} for s in (LONG, "short")])
slices = st.dictionaries(st.sampled_from(["body", "source", "a.b"]), wires)
states = st.builds(
    UnitState,
    value=values,
    known=st.booleans(),
    seen=st.dictionaries(st.sampled_from(["desk", "tracker", texts.AS_DECIDED]), slices),
)
beside = st.sampled_from([True, {"desk": ["tracker:1"]}, {"value": {"source": LONG}}])


@given(st.dictionaries(st.sampled_from(["body", "title", "value"]), states), beside)
def test_fields_come_out_as_they_went_in(units: dict[str, UnitState], other: Any) -> None:
    fields = {name: state.pack() for name, state in units.items()} | {"_other": other}
    assert texts.unpack(texts.pack(fields)) == fields


def test_a_text_that_is_the_value_and_what_both_sides_show_is_stored_once() -> None:
    seen = {side: {"text": LONG, "format": "html"} for side in ("desk", "tracker")}
    body = UnitState({"format": "html", "source": LONG}, True, frozenset(seen), seen).pack()
    packed = texts.pack({"body": body})
    assert packed.count(LONG) == 1
    assert texts.unpack(packed) == {"body": body}
