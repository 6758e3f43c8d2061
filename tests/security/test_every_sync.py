"""S10, S13, S16 for every connector with a fake: whole passes between two of the same tool."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.connections import FAKED, fake_of
from tests.support.twins import OFFERS, Twins, entity_of, title_of, twins

faked = pytest.mark.parametrize("name", FAKED)
WITNESS = "quarterly-layoffs-5150"


def speaks(name: str, visibility: str) -> bool:
    fake = fake_of(name, 1)
    row = fake.board()[0]
    return visibility in fake.sheet(row.type, row.id).can_comment


def remarks(pair: Twins, side: str) -> list[tuple[str, bool]]:
    """Every comment that people see on a side: its text, and whether customers do too."""
    fake = pair.fakes[side]
    sheets = [fake.sheet(row.type, row.id) for row in pair.rows(fake)]
    return [(one.text, one.public) for sheet in sheets for one in sheet.comments]


def say(pair: Twins, side: str, text: str, *, public: bool) -> None:
    """Somebody of the company says something on the side's first record."""
    fake = pair.fakes[side]
    row = pair.rows(fake)[0]
    fake.remark(row.type, row.id, fake.people()[0], text, public)


async def said_internally(pair: Twins) -> None:
    """Somebody of the company says something on a record of the first side; then two passes."""
    say(pair, "a", f"Not for customers: {WITNESS}", public=False)
    pair.edit("a", 1)  # in some tools a comment is seen with the next change of its record
    await pair.later()
    await pair.later()


@faked
async def test_a_side_that_only_gives_is_never_written_to_and_no_credential_is_stored(
    name: str, tmp_path: Path
) -> None:
    entity = entity_of(name)
    fields = {title_of(entity): {"sides": {"a": "source", "b": "target"}}}
    async with twins(tmp_path, name, entity, 10, fields=fields) as pair:
        await pair.later()
        pair.edit("a", 2)
        pair.edit("b", 2)
        report = await pair.later()
        assert report.counts["updated"] >= 1
        assert [one for one in await pair.log("b") if one["mutating"] and one["applied"]]
        for _ in range(2):
            assert not [one for one in await pair.log("a") if one["mutating"]]
            await pair.later()
        secrets = [
            value
            for value in pair.fakes["a"].connection()["auth"].values()
            if str(value).startswith("sandbox-")
        ]
    stored = b"".join(file.read_bytes() for file in (tmp_path / ".syncline").rglob("*"))
    assert secrets
    assert not [secret for secret in secrets if secret.encode() in stored]


@faked
async def test_a_read_only_connection_is_listened_to_and_never_written_to(
    name: str, tmp_path: Path
) -> None:
    entity = entity_of(name)
    comments = {"visibility": ["public", "internal"], "as": "internal"}
    async with twins(
        tmp_path,
        name,
        entity,
        10,
        connections={"a": {"read_only": True}},
        fields={title_of(entity): {"authority": "b"}},
        comments=comments,
        links="show",
    ) as pair:
        said = WITNESS if speaks(name, "internal") else ""
        await pair.later()
        if said:
            for side in ("a", "b"):
                say(pair, side, f"{said} {side}", public=False)
        given = pair.edit("a", 2)
        kept = pair.edit("b", 2)
        await pair.later()
        assert not [one for one in await pair.log("a") if one["mutating"]]
        await pair.later()
        assert not [one for one in await pair.log("a") if one["mutating"]]
        titles = {side: {row.title for row in pair.rows(pair.fakes[side])} for side in "ab"}
        assert given <= titles["b"], "what the side that is only read says arrives"
        assert kept <= titles["b"] - titles["a"], "what the other says stays there"
        if said:
            texts = {side: [text for text, _ in remarks(pair, side)] for side in "ab"}
            assert len([text for text in texts["b"] if said in text]) == 2
            assert len([text for text in texts["a"] if said in text]) == 1


@pytest.mark.parametrize("name", [name for name in FAKED if speaks(name, "internal")])
async def test_what_is_said_internally_stays_where_it_is_unless_the_sync_names_it(
    name: str, tmp_path: Path
) -> None:
    comments = {"visibility": ["public"]} if speaks(name, "public") else None
    more = {"comments": comments} if comments else {}
    async with twins(tmp_path, name, entity_of(name), 6, **more) as pair:
        await pair.later()
        await said_internally(pair)
        assert [text for text, _ in remarks(pair, "a") if WITNESS in text]
        assert not [text for text, _ in remarks(pair, "b") if WITNESS in text]


@pytest.mark.parametrize("name", [name for name in FAKED if speaks(name, "internal")])
async def test_what_is_said_internally_never_turns_public(name: str, tmp_path: Path) -> None:
    comments = {"visibility": ["public", "internal"], "as": "same"}
    if not speaks(name, "public") or "public" not in _visibilities(name):
        comments = {"visibility": ["internal"], "as": "internal"}
    async with twins(tmp_path, name, entity_of(name), 6, comments=comments) as pair:
        await pair.later()
        await said_internally(pair)
        copies = [public for text, public in remarks(pair, "b") if WITNESS in text]
        assert copies == [False]


def _visibilities(name: str) -> tuple[str, ...]:
    can = OFFERS[name].capabilities
    assert can is not None
    return can.visibilities if "visibilities" not in OFFERS[name].needs else ("internal",)
