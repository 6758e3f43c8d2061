"""What a tool showed after a write: what is believed of it, and what is to be read again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from syncline.engine.planned import Write
from syncline.engine.receipt import Receipt, receive
from syncline.sdk.connector import Record
from syncline.simulation.wire import patched
from tests.unit.engine.scene import TWO, Scene, linked


def answered(scene: Scene, shows: Mapping[str, Any], **how: Any) -> Receipt:
    """The receipt of b's write, whose record then shows this beside what was sent."""
    (write,) = scene.plan().writes
    wire = patched(scene.wires[write.side], {**write.patch, **shows})
    record = Record(f"{write.side}1", wire, 9)
    link = scene.plan().link
    return receive(scene.sync, link, write.side, _units(write), record, scene.people["b"], **how)


def _units(write: Write) -> Mapping[str, Any]:
    assert write.side == "b"
    return write.units


def edited() -> Scene:
    """A title that somebody edited in a, and that b is to be sent."""
    scene = linked(**TWO)
    scene.show("a", title="Two")
    return scene


@pytest.mark.parametrize("atomic", [True, False])
def test_what_was_sent_and_is_shown_is_delivered_and_nothing_is_to_be_read_again(
    atomic: bool,
) -> None:
    got = answered(edited(), {}, atomic=atomic)
    assert not got.stale
    assert got.doubts == got.deviations == ()
    assert set(got.link.fields["title"]["delivered"]) == {"a", "b"}


def test_another_field_that_moved_meanwhile_is_to_be_read_again_and_not_believed() -> None:
    got = answered(edited(), {"priority": "high"}, atomic=True)
    assert got.stale
    assert got.link.fields["priority"]["seen"]["b"] == {"priority": "low"}


def test_a_field_that_a_person_edited_after_our_write_is_to_be_read_again() -> None:
    got = answered(edited(), {"title": "Three"}, atomic=False, edited=frozenset({"title"}))
    assert got.stale
    assert got.deviations == ()
    assert got.link.fields["title"]["seen"]["b"] == {"title": "Two"}


def test_a_field_of_which_nobody_can_tell_counts_as_never_seen() -> None:
    got = answered(edited(), {"title": "Three"}, atomic=False, unsure=frozenset({"title"}))
    assert got.stale
    assert got.link.fields["title"]["seen"]["b"] == {"title": "One"}
    assert "b" not in got.link.fields["title"]["delivered"]


def test_another_value_in_the_answer_itself_is_the_tools_own_doing() -> None:
    got = answered(edited(), {"title": "TWO"}, atomic=True)
    assert [(d.side, d.field, d.shown) for d in got.deviations] == [
        ("b", "title", {"title": "TWO"})
    ]
    assert not got.stale


def test_another_value_that_was_read_later_is_in_doubt() -> None:
    got = answered(edited(), {"title": "TWO"}, atomic=False)
    assert (got.doubts, got.deviations, got.stale) == (("title",), (), False)
