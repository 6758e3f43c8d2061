"""What nobody edits stays as it is, byte for byte, and an edit changes only its own block."""

from __future__ import annotations

import pytest

from tests.real.world import REQUESTER, World

pytestmark = pytest.mark.real

TEXTILE = (
    "h1(#top). Title with an id\r\n\r\n"
    "A  paragraph   with odd    blanks, a -strike-, ^sup^ and %{color:red}colour%.\r\n"
    "second line\r\n\r\n"
    "|_. a |_. b |\r\n| 1 | =. 2 |\r\n\r\n"
    "* one\r\n** deeper\r\n# mixed\r\n\r\n"
    "{{collapse\r\nhidden\r\n}}\r\n\r\n"
    '<pre><code class="ruby">\r\nputs  "x"\r\n</code></pre>\r\n\r\n'
    "bq. quoted, see #1 and r2 and !image.png!\r\n\r\n"
    "end 🚀  \r\n"
)
HTML = (
    '<h1 id="top">Title</h1>\n<p style="color: red">A  paragraph <span class="x">of  HTML</span>'
    "<br />second line</p>\n<table><tr><td>1</td><td><b>2</b></td></tr></table>\n"
    "<blockquote><p>quoted <u>under</u></p></blockquote><p>first</p><p>last</p>"
)


def test_texts_that_nobody_edits_are_the_same_after_ten_passes(world: World) -> None:
    issue = world.bob.create("From the tracker", TEXTILE)
    ticket = world.ann.create("From the desk", HTML, REQUESTER)
    world.sync()
    copied = world.ann.named("From the tracker"), world.bob.named("From the desk")
    stored = world.ann.content(ticket)
    before = world.ann.content(copied[0]), world.bob.show(copied[1])["description"]
    assert stored == HTML
    for number in range(10):
        world.bob.edit(issue, due_date=f"2027-02-{number + 10}")
        world.ann.edit(ticket, Priority=50 * (number % 3))
        world.sync()
    assert world.bob.show(issue)["description"] == TEXTILE
    assert world.ann.content(ticket) == HTML
    after = world.ann.content(copied[0]), world.bob.show(copied[1])["description"]
    assert after == before


def test_a_note_that_nobody_edits_is_the_same_after_it_was_copied(world: World) -> None:
    issue = world.bob.create("Notes", "x")
    world.sync()
    world.bob.note(issue, TEXTILE, private=True)
    for _ in range(3):
        world.sync()
    assert [text for _, _, text in world.bob.notes(issue) if "odd" in text] == [TEXTILE]
    ticket = world.ann.named("Notes")
    assert sum("odd" in text for _, _, text in world.ann.texts(ticket)) == 1


def test_an_edit_in_one_block_changes_only_that_block_on_every_side(world: World) -> None:
    """Two Redmine projects, so that the other side's text can be edited too."""
    second = _second_project(world)
    source = TEXTILE + "\r\nthe last block\r\n"
    issue = world.bob.create("Long text", source)
    world.sync()
    (copy,) = _issues(world, second)
    copied = world.administrator.show(copy)["description"]
    world.bob.edit(issue, description=source.replace("the last block", "the last block, *edited*"))
    world.sync()
    source = source.replace("the last block", "the last block, *edited*")
    copied = copied.replace("the last block", "the last block, *edited*")
    assert _texts(world, issue, copy) == (source, copied)
    world.bob.edit(issue, description=source.replace("second line", "second line, edited"))
    world.administrator.edit(copy, description=copied.replace("*edited*", "*edited again*"))
    world.sync()
    for old, new in (("second line", "second line, edited"), ("*edited*", "*edited again*")):
        source, copied = source.replace(old, new), copied.replace(old, new)
    assert _texts(world, issue, copy) == (source, copied)


def _texts(world: World, issue: str, copy: str) -> tuple[str, str]:
    shown = [world.administrator.show(one)["description"] for one in (issue, copy)]
    return str(shown[0]), str(shown[1])


def test_a_description_edited_in_one_block_changes_only_there_though_the_ticket_shows_more(
    world: World,
) -> None:
    """The desk's HTML has a table, colours and a style that Textile shows otherwise or not."""
    ticket = world.ann.create("From the desk", HTML, REQUESTER)
    world.sync()
    issue = world.bob.named("From the desk")
    before = world.bob.show(issue)["description"]
    edited = before.replace("first", "first, edited in the tracker")
    assert edited != before
    world.bob.edit(issue, description=edited)
    world.sync(code=3)
    for number in range(3):
        world.ann.edit(ticket, Priority=50 * number)
        world.sync(code=3)
    assert world.bob.show(issue)["description"] == edited
    assert world.ann.content(ticket) == HTML


def _second_project(world: World) -> str:
    """A second project in the same Redmine, with the same people, as the other side."""
    project = {"name": "Second", "identifier": "second", "tracker_ids": [1, 2, 3]}
    made = world.administrator.api.call("POST", "/projects.json", {"project": project})
    id_ = str(made["project"]["id"])
    connections = world.settings["connections"]
    connections["second"] = {**connections["tracker"], "scope": {"project": "second"}}
    sides = world.sync_settings["sides"]
    sides["second"] = dict(sides["tracker"])
    del sides["desk"]
    world.configure()
    return id_


def _issues(world: World, project: str) -> list[str]:
    path = f"/issues.json?project_id={project}&status_id=*"
    return [str(one["id"]) for one in world.administrator.api.call("GET", path)["issues"]]
