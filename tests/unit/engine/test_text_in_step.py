"""Text between tools of different formats: untouched bytes stay, and only edited blocks move."""

from __future__ import annotations

import difflib
from dataclasses import replace
from pathlib import Path

from syncline.engine.commands import answer_conflict
from syncline.simulation.connector import FULL
from syncline.store.findings import conflicts
from tests.support.world import World

HTML = (
    "<h2>What happens</h2>\r\n"
    '<p>It   <b>burns</b> &amp; <i class="x">smokes</i>.</p>\n'
    "<table><tr><th>day</th><th>fires</th></tr><tr><td>Monday</td><td>3</td></tr></table>\n"
    "<ul>\n  <li>heat</li>\n  <li>noise</li>\n</ul>\n"
    "<p>Regards,<br/>Ann 🔥</p>\n\n"
)
MARKDOWN = (
    "Setext title\n============\n\n*  star list\n*  second `code`\n\n"
    "> quoted   text\n\n***\n\nEnd.  \n"
)
TEXTILE = "h3. Steps\r\n\r\n# open\r\n# *boom*\r\n\r\nbq. quoted\r\n\r\nLast _line_.\r\n"


async def three(folder: Path) -> World:
    return await World.make(
        folder,
        html={"text_format": "html"},
        mark={"text_format": "markdown"},
        text={"text_format": "textile"},
    )


def bodies(world: World) -> dict[tuple[str, str], str]:
    """Every body by side and title."""
    return {
        (side, record["title"]): record["body"]
        for side in world.tools
        for record in world.records(side)
    }


def id_of(world: World, side: str, title: str) -> str:
    (found,) = [
        item.id for item, state in world.tools[side].listing() if state.fields["title"] == title
    ]
    return found


def changed_lines(before: str, after: str) -> list[str]:
    diff = difflib.ndiff(before.splitlines(), after.splitlines())
    return [line for line in diff if line[:1] in "+-"]


async def test_text_that_nobody_edits_keeps_its_bytes_through_ten_passes(tmp_path: Path) -> None:
    world = await three(tmp_path)
    world.html.create({"title": "h", "body": HTML})
    world.mark.create({"title": "m", "body": MARKDOWN})
    world.text.create({"title": "t", "body": TEXTILE})
    await world.settled()
    before = bodies(world)
    assert before["html", "h"] == HTML
    assert before["mark", "m"] == MARKDOWN
    assert before["text", "t"] == TEXTILE
    for number in range(10):
        for title in "hmt":
            side = world.tools[["html", "mark", "text"][number % 3]]
            side.edit(id_of(world, side.name, title), {"priority": ["low", "high"][number % 2]})
        await world.sync()
    assert bodies(world) == before
    assert {r["priority"] for side in world.tools for r in world.records(side)} == {"high"}


async def test_an_edit_of_one_block_changes_that_block_alone_on_the_other_sides(
    tmp_path: Path,
) -> None:
    world = await three(tmp_path)
    world.html.create({"title": "h", "body": HTML})
    await world.settled()
    before = bodies(world)
    markdown = before["mark", "h"]
    assert "noise" in markdown
    world.mark.edit(
        id_of(world, "mark", "h"), {"body": markdown.replace("noise", "noise at *night*")}
    )
    await world.settled()
    after = bodies(world)
    changed = changed_lines(HTML, after["html", "h"])
    assert len(changed) == 2
    assert changed[0] == "-   <li>noise</li>"
    assert "noise at <em>night</em>" in changed[1]
    assert len(changed_lines(before["text", "h"], after["text", "h"])) == 2


async def test_editing_where_a_table_cannot_be_shown_does_not_wipe_it_elsewhere(
    tmp_path: Path,
) -> None:
    world = await World.make(tmp_path, html={"text_format": "html"}, plain={"text_format": "plain"})
    world.html.create({"title": "h", "body": HTML})
    await world.settled()
    shown = bodies(world)["plain", "h"]
    world.plain.edit(id_of(world, "plain", "h"), {"body": shown.replace("Regards", "Kind regards")})
    await world.settled()
    after = bodies(world)["html", "h"]
    assert "<table><tr><th>day</th>" in after
    assert "<b>burns</b>" in after
    assert "Kind regards" in after
    assert all("egards" in line or "Ann" in line for line in changed_lines(HTML, after))


async def test_edits_of_different_blocks_at_the_same_time_are_both_kept(tmp_path: Path) -> None:
    world = await three(tmp_path)
    world.html.create({"title": "h", "body": HTML})
    await world.settled()
    shown = bodies(world)
    world.mark.edit(
        id_of(world, "mark", "h"),
        {"body": shown["mark", "h"].replace("What happens", "What burns")},
    )
    world.text.edit(
        id_of(world, "text", "h"), {"body": shown["text", "h"].replace("noise", "sparks")}
    )
    await world.settled()
    for body in bodies(world).values():
        assert "What burns" in body
        assert "sparks" in body
        assert "noise" not in body


async def test_edits_of_the_same_block_ask_and_put_no_marker_into_any_text(tmp_path: Path) -> None:
    world = await three(tmp_path)
    world.html.create({"title": "h", "body": HTML})
    await world.settled()
    shown = bodies(world)
    for side, word in (("mark", "sparks"), ("text", "screams")):
        body = shown[side, "h"].replace("noise", word)
        world.tools[side].edit(id_of(world, side, "h"), {"body": body})
    report = await world.sync()
    assert report.counts["conflicts"] == 1
    after = bodies(world)
    assert after["html", "h"] == HTML
    assert "sparks" in after["mark", "h"]
    assert "screams" in after["text", "h"]
    assert not any("<<<<" in body for body in after.values())


async def bold_beside_plain() -> World:
    """A text with a bold paragraph, in step with a tool that shows none in bold."""
    world = await World.make(plain={"text_format": "plain"}, html={})
    world.html.create({"title": "One", "body": "<p><b>bold</b></p><p>end</p>"})
    await world.settled()
    assert world.plain.fields("PLAIN-1")["body"] == "bold\n\nend"
    return world


async def test_the_text_of_a_plain_side_that_is_chosen_keeps_what_it_cannot_show() -> None:
    world = await bold_beside_plain()
    world.plain.faults.add(method="*", action="down", times=1000)
    world.html.edit("HTML-1", {"body": "<p>theirs</p><p><b>bold</b></p><p>end</p>"})
    await world.sync()
    world.plain.faults.clear()
    world.plain.edit("PLAIN-1", {"body": "ours\n\nbold\n\nend"})
    await world.sync()
    (asked,) = await world.store.read(conflicts.list, "s")
    (ours,) = (c["value"] for c in asked.candidates if c["side"] == "plain")
    assert await answer_conflict(world.store, asked.id, asked.digest, ours)
    await world.settled()
    body = world.html.fields("HTML-1")["body"]
    assert "<b>bold</b>" in body and "ours" in body and "theirs" not in body
    assert world.plain.fields("PLAIN-1")["body"] == "ours\n\nbold\n\nend"


async def test_what_a_plain_side_cannot_show_is_kept_through_an_undo() -> None:
    world = await bold_beside_plain()
    world.plain.edit("PLAIN-1", {"body": "bold\n\nours\n\nend"})
    world.html.edit("HTML-1", {"body": "<p>theirs</p><p><b>bold</b></p><p>end</p>"})
    await world.undo((await world.sync()).run)
    assert world.plain.fields("PLAIN-1")["body"] == "bold\n\nours\n\nend"
    world.plain.edit("PLAIN-1", {"body": "more\n\nbold\n\nours\n\nend"})
    await world.settled()
    body = world.html.fields("HTML-1")["body"]
    assert "<b>bold</b>" in body and "more" in body and "ours" in body


async def test_what_a_plain_side_cannot_show_is_kept_where_its_own_edit_is_undone() -> None:
    world = await World.make(plain={"text_format": "plain"}, copy={"text_format": "plain"}, html={})
    world.html.create({"title": "One", "body": "<p><b>bold</b></p><p>end</p>"})
    await world.settled()
    world.html.faults.add(method="update", action="drop_before", times=1)
    world.plain.edit("PLAIN-1", {"body": "ours\n\nbold\n\nend"})
    await world.undo((await world.sync()).run)
    await world.settled()
    assert world.copy.fields("COPY-1")["body"] == "bold\n\nend"
    assert world.html.fields("HTML-1")["body"] == "<p><b>bold</b></p><p>end</p>"


async def test_a_paragraph_put_where_ours_was_put_before_it_is_read_again_is_an_edit() -> None:
    silent = replace(FULL, answers_writes=False, history=False)
    world = await World.make(a={}, b={}, capabilities={"b": silent})
    world.a.create({"title": "One", "body": "<p>end</p>"})
    await world.settled()

    def meanwhile(_: object) -> None:
        world.b.edit("B-1", {"body": "<p>theirs</p><p>ours</p><p>end</p>"})

    world.a.edit("A-1", {"body": "<p>ours</p><p>end</p>"})
    world.b.faults.add("fetch", meanwhile)
    await world.settled()
    bodies = {world.records(side)[0]["body"].replace("\n", "") for side in ("a", "b")}
    assert bodies == {"<p>theirs</p><p>ours</p><p>end</p>"}
