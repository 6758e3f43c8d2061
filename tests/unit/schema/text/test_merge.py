from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syncline.schema.text.codecs import Codec, codec
from syncline.schema.text.merge import lift
from syncline.schema.text.normal import normal
from syncline.schema.text.tree import (
    Block,
    Code,
    Document,
    Mention,
    Panel,
    Paragraph,
    Table,
    Text,
)
from tests.unit.schema.text.documents import block

prose = st.sampled_from(["markdown", "html", "textile", "adf", "plain"]).map(codec)
blocks = st.lists(block, max_size=5).map(tuple)
laws = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def p(text: str) -> Paragraph:
    return Paragraph((Text(text),))


def doc(*texts: str | Block) -> Document:
    return Document(tuple(p(one) if isinstance(one, str) else one for one in texts))


def whole(block: Block) -> tuple[Block, ...]:
    return (block,)


@given(prose, blocks, blocks, st.data())
@laws
def test_after_a_lift_the_side_shows_what_its_user_made(
    one: Codec, present: tuple[Block, ...], fresh: tuple[Block, ...], data: st.DataObject
) -> None:
    shared = normal(Document(present))
    seen = one.show(shared)
    start = data.draw(st.integers(0, len(seen.blocks)))
    end = data.draw(st.integers(start, len(seen.blocks)))
    edited = normal(Document(fresh)).blocks
    view = one.show(Document(seen.blocks[:start] + edited + seen.blocks[end:]))
    lifted = lift(shared, seen, view, one.show_block)
    assert lifted is not None
    assert one.show(lifted) == view


@given(prose, blocks)
@laws
def test_a_lift_of_no_change_is_the_shared_document(one: Codec, present: tuple[Block, ...]) -> None:
    shared = normal(Document(present))
    seen = one.show(shared)
    assert lift(shared, seen, seen, one.show_block) == shared


def test_what_a_side_cannot_show_survives_its_edit_of_another_block() -> None:
    panel = Panel("warning", (p("careful"),))
    table = Table((((Text("a"),), (Text("b"),)), ((Text("1"),), (Text("2"),))))
    mention = Paragraph((Text("ask "), Mention("Jane", "jane@e.com")))
    shared = doc("one", panel, table, mention, "two")
    plain = codec("plain")
    seen = plain.show(shared)
    view = Document((p("ONE"), *seen.blocks[1:]))
    assert lift(shared, seen, view, plain.show_block) == doc("ONE", panel, table, mention, "two")


def test_editing_a_part_of_a_block_the_side_cannot_show_keeps_its_other_parts() -> None:
    panel = Panel("info", (p("first"), p("second")))
    plain = codec("plain")
    shared = doc("top", Code("a\n\nb"), panel)
    seen = plain.show(shared)
    view = Document((*seen.blocks[:-1], p("rewritten")))
    lifted = lift(shared, seen, view, plain.show_block)
    assert lifted is not None
    assert lifted.blocks[:2] == (p("top"), Code("a\n\nb"))
    assert plain.show(lifted) == view


def test_edits_of_different_blocks_are_both_kept() -> None:
    seen = doc("a", "b", "c", "d")
    view = doc("a", "b", "C", "d")
    assert lift(doc("A", "b", "c", "d"), seen, view, whole) == doc("A", "b", "C", "d")
    shared = doc("A", "new", "b", "c", "d", "end")
    assert lift(shared, seen, view, whole) == doc("A", "new", "b", "C", "d", "end")


def test_edits_of_neighbouring_blocks_are_both_kept() -> None:
    seen = doc("a", "b", "c")
    assert lift(doc("A", "b", "c"), seen, doc("a", "B", "c"), whole) == doc("A", "B", "c")
    assert lift(doc("a", "c"), seen, doc("a", "b", "C"), whole) == doc("a", "C")


def test_different_edits_of_one_block_collide() -> None:
    seen = doc("a", "b", "c")
    assert lift(doc("a", "B1", "c"), seen, doc("a", "B2", "c"), whole) is None
    assert lift(doc("a", "c"), seen, doc("a", "B2", "c"), whole) is None


def test_different_insertions_at_one_place_collide() -> None:
    seen = doc("a", "b")
    assert lift(doc("a", "x", "b"), seen, doc("a", "y", "b"), whole) is None


def test_the_same_edit_on_both_sides_is_no_collision() -> None:
    seen = doc("a", "b", "c")
    both = doc("a", "B", "c")
    assert lift(both, seen, both, whole) == both
    assert lift(both, seen, doc("a", "B", "c", "d"), whole) == doc("a", "B", "c", "d")


def test_blocks_added_at_both_ends_are_both_kept() -> None:
    seen = doc("a")
    assert lift(doc("top", "a"), seen, doc("a", "end"), whole) == doc("top", "a", "end")


def test_a_long_text_of_equal_blocks_merges_in_bearable_time() -> None:
    seen = doc(*["same"] * 4000)
    shared = doc("first", *["same"] * 4000)
    view = doc(*["same"] * 3999, "last")
    lifted = lift(shared, seen, view, whole)
    assert lifted == doc("first", *["same"] * 3999, "last")


@given(st.lists(st.sampled_from("abcdef"), min_size=2, max_size=8), st.data())
def test_two_edits_with_an_untouched_block_between_never_collide(
    texts: list[str], data: st.DataObject
) -> None:
    base = [f"{text}{n}" for n, text in enumerate(texts)]
    left = data.draw(st.integers(0, len(base) - 2))
    right = data.draw(st.integers(left + 1, len(base) - 1))
    ours, theirs = list(base), list(base)
    ours[left], theirs[right] = "ours", "theirs"
    both = list(base)
    both[left], both[right] = "ours", "theirs"
    assert lift(doc(*theirs), doc(*base), doc(*ours), whole) == doc(*both)
