"""Lenses that break a law are found out, each by the law it breaks."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from syncline.mapping.codecs import Atomic
from syncline.mapping.laws import Breach, try_mapping
from syncline.mapping.lens import Codec, People
from syncline.mapping.load import load_mapping
from syncline.sdk.connector import FieldSchema, RecordSchema

FIELD = "entity: ticket\nrecord: issue\nfields:\n  resolution: {path: it, python: mine}\n"


class Plain(Atomic):
    """An honest lens of words, which the others below spoil."""

    def read(self, wire: Any, people: People) -> Any:
        return wire

    def write(self, value: Any, before: Any, people: People) -> Any:
        return value

    def sample(self, rng: Random) -> Any:
        return rng.choice((None, "fixed", "rejected", "a longer word"))


class Growing(Plain):
    """Writes something else than it reads: GetPut and PutGet fail."""

    def write(self, value: Any, before: Any, people: People) -> Any:
        return value and value + "!"


class Shortening(Plain):
    """Shows less than the value without saying so."""

    def read(self, wire: Any, people: People) -> Any:
        return wire and wire[:5].strip()


class Remembering(Plain):
    """What it shows depends on what was there before."""

    def write(self, value: Any, before: Any, people: People) -> Any:
        return before or value


class Stubborn(Plain):
    """Lifts every edit to the value there already was."""

    def lift(self, value: Any, seen: Any, view: Any, people: People) -> Any:
        return value


class Choosy(Plain):
    """Refuses a word that it reads as another one it takes."""

    lossy = True

    def write(self, value: Any, before: Any, people: People) -> Any:
        return "fixed" if value == "rejected" else value and "rejected"


def breaches(codec: Codec) -> list[Breach]:
    return try_mapping(load_mapping(FIELD, python={"mine": codec}), Random(1))


def test_an_honest_lens_breaks_nothing() -> None:
    assert breaches(Plain()) == []


@pytest.mark.parametrize(
    ("codec", "laws"),
    [
        (Growing(), {"norm", "lift"}),
        (Shortening(), {"norm"}),
        (Remembering(), {"PutGet"}),
        (Stubborn(), {"lift"}),
        (Choosy(), {"norm", "lift"}),
    ],
    ids=lambda one: type(one).__name__,
)
def test_a_spoilt_lens_is_found_by_the_law_it_breaks(codec: Codec, laws: set[str]) -> None:
    found = breaches(codec)
    assert {breach.law for breach in found} == laws
    assert all(breach.field == "resolution" and breach.what for breach in found)
    assert str(found[0]).startswith(f"resolution breaks {found[0].law} for ")


def test_a_lens_that_cannot_be_tried_is_a_breach() -> None:
    class Silent(Atomic):
        read, write = Plain.read, Plain.write

    (only,) = breaches(Silent())
    assert only.law == "sample"
    assert "needs `sample(rng)`" in only.what


def test_the_same_chance_finds_the_same() -> None:
    assert breaches(Growing()) == breaches(Growing())


def test_the_tools_own_limits_bound_what_is_tried() -> None:
    text = "entity: ticket\nrecord: issue\nfields:\n  title: {path: it}\n"
    mapping = load_mapping(text)
    schema = RecordSchema("issue", {"it": FieldSchema("it", "Subject", "text", max_length=3)})
    assert try_mapping(mapping, Random(1), schema) == []
