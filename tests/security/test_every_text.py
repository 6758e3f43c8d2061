"""S17 for every connector: what people type is text in the other tool, and never more.

The writing goes all the way into the fakes; the codecs that neutralise rich text are tried in
tests/unit/schema/text/test_safety.py, and here it is seen that every mapping goes through one.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from connectors.redmine.notes import link_note
from syncline.mapping.load import builtin
from syncline.schema.text.codecs import codec
from syncline.schema.text.tree import Document, Paragraph, Text
from syncline.sdk.connector import Create, CreateSearch, LinkCard, Result
from tests.support.between import between
from tests.support.connections import EVERY, PLAYED, fake_of, opened
from tests.support.driving import LONG_AGO
from tests.support.suites import suites_of
from tests.support.twins import offer_of
from tests.unit.sdk.loopback import VirtualClock

HOSTILE = [
    "' OR '1'='1", '" OR 1=1 --', "x') or (1=1) --", "\\' OR 1=1 --", "%_*?{}[]:~^()&&||!",
    "{code}x{code} [~user] @all {{toc}}", "<script>alert(1)</script>",
    "[x](javascript:alert(1))", "\u202egnp.exe", "=cmd|'/c calc'!A1", "${jndi:ldap://x}",
]  # fmt: skip
NEVER = re.compile(r"(?!)")
ACTS = {
    "adf": re.compile(r'"type":"(?!doc"|paragraph"|text")'),
    "html": re.compile(r"<script|href=.javascript|@\w"),
    "markdown": re.compile(r"(?<!\\)<script|@\w|\{\{|\[\[|(?<!\\)\]\("),
    "plain": NEVER,
    "textile": re.compile(r"<script|@|\{\{|\[\[|!http"),
    "wiki_markup": re.compile(r"(?<!\\)(\[~|\{code|\{\{)"),
}
"""What would be more than text, by format; where nothing is markup, nothing is."""


@pytest.mark.parametrize("name", PLAYED)
async def test_hostile_values_are_kept_as_text_and_touch_no_other_record(
    name: str, tmp_path: Path
) -> None:
    fake = fake_of(name)
    async with (
        between(fake) as wire,
        opened(tmp_path, name, wire.url, VirtualClock()) as connector,
    ):
        for record, suite in suites_of(name).items():
            creates = [
                Create(f"sl-{number}", suite.shape.sample(text))
                for number, text in enumerate(["Quiet", *HOSTILE])
            ]
            told = await connector.create(record, creates)
            fake.clock.advance(3600)  # beyond what a search of theirs lags
            searches = [CreateSearch(one.key, one.fields, LONG_AGO) for one in creates]
            found = [one.record for one in await connector.find(record, searches)]
            refused = [one for one in told if one.result is Result.REJECTED]
            assert len([one for one in found if one is None]) == len(refused) <= 2, refused
            for create, one in zip(creates, found, strict=True):
                title = suite.shape.title
                assert one is None or at(one.fields, title) == at(create.fields, title)
            unsent = [CreateSearch(text, suite.shape.sample(text), LONG_AGO) for text in HOSTILE]
            assert not [one for one in await connector.find(record, unsent) if one.record]


def at(fields: object, path: str) -> object:
    for step in path.split("."):
        assert isinstance(fields, dict)
        fields = fields[step]
    return fields


FORMATS = {(name, builtin(name, one).text) for name in EVERY for one in offer_of(name).entities} | {
    ("jira", "wiki_markup"),  # Data Center
    ("redmine", "markdown"),
    ("request_tracker", "plain"),
}


@pytest.mark.parametrize(("name", "format"), sorted(FORMATS))
def test_rich_text_goes_through_a_codec_that_keeps_it_text(name: str, format: str) -> None:
    for text in HOSTILE:
        document = Document((Paragraph((Text(text),)),))
        written = codec(format).write(document).text
        assert codec(format).read(written) == document, text
        assert not ACTS[format].search(written), text


@pytest.mark.parametrize("markup", ["textile", "markdown"])
def test_a_title_in_a_link_note_of_redmines_acts_on_nothing(markup: str) -> None:
    title = "@all {{toc}} [[Page]] <script>alert(1)</script> !http://e.com/x.png!"
    note = link_note(LinkCard("1", "desk", "@all", title, "https://desk.example/1"), markup)
    assert not ACTS[markup].search(note)
    assert note.endswith("\nhttps://desk.example/1")
