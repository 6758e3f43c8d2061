"""The pages name tests and files that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/**/*.md"),
        *ROOT.glob("connectors/*/README.md"),
    ]
)
TEST = re.compile(r"`((?:tests|syncline)/[\w/]+\.py)::(\w+)`")
LINK = re.compile(r"\]\((?![a-z]+:)([^)#\s]*)(?:#([^)\s]+))?\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


PROMISE = re.compile(r"^\*\*(I\d+) (.+?)\*\*(.*?)(?=^\*\*I\d+ |^#)", re.MULTILINE | re.DOTALL)
STATE = re.compile(r"\*(Holds|As far as the tool can tell|Partly|Not yet)\b")


def _anchor(heading: str) -> str:
    """As the usual hosts make one of a heading: letters, digits, hyphens."""
    return re.sub(r"[^\w -]", "", heading.lower()).strip().replace(" ", "-")


def test_the_promises_name_their_tests() -> None:
    assert len(TEST.findall((ROOT / "docs/promises.md").read_text("utf-8"))) > 50


def test_the_page_on_reliability_lists_every_promise_as_it_stands() -> None:
    text = (ROOT / "docs/promises.md").read_text("utf-8")
    rows = []
    for number, name, body in PROMISE.findall(text):
        (state, *_), (path, test) = STATE.findall(body), TEST.findall(body)[0]
        name = name.replace("\n", " ").rstrip(".")
        rows.append(f"| {number} | {name} | {state.lower()} | `{path}::{test}` |")
    assert len(rows) == 30
    assert "\n".join(rows) in (ROOT / "docs/reliability.md").read_text("utf-8"), "\n".join(rows)


def test_the_page_on_mappings_lists_those_that_ship() -> None:
    page = (ROOT / "docs/mappings.md").read_text("utf-8")
    (head,) = re.findall(r"^\| mappings \| (.+) \|$", page, re.MULTILINE)
    entities = [name.strip("`") for name in head.split(" | ")]
    listed = {
        (tool, entity)
        for tool, cells in re.findall(r"^\| `(\w+)` \| (.*) \|$", page, re.MULTILINE)
        for entity, cell in zip(entities, cells.split(" | "), strict=False)
        if cell == "yes"
    }
    shipped = {(path.parent.name, path.stem) for path in (ROOT / "mappings").glob("[a-z]*/*.yaml")}
    assert listed == shipped


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_test_that_a_page_names_exists(page: Path) -> None:
    for path, name in TEST.findall(page.read_text("utf-8")):
        assert re.search(rf"def {name}\(", (ROOT / path).read_text("utf-8")), f"{path}::{name}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_within_the_pages_leads_somewhere(page: Path) -> None:
    for path, anchor in LINK.findall(page.read_text("utf-8")):
        target = (page.parent / path) if path else page
        assert target.exists(), path
        if anchor:
            headings = HEADING.findall(target.read_text("utf-8"))
            assert anchor in map(_anchor, headings), f"{path}#{anchor}"
