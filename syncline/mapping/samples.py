"""Made-up wire values and shared values for a lens, to try its laws on.

They are drawn from what the mapping and the tool's own schema allow, awkward ones on purpose:
synonyms, white space, empty in every spelling, people with two accounts. All chance comes from the
`Random` that is passed in, so a finding can be had again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Protocol, runtime_checkable

from syncline.mapping.codecs import (
    BoolCodec,
    DateCodec,
    DateTimeCodec,
    EnumCodec,
    MoneyCodec,
    NumberCodec,
    PersonCodec,
    RichTextCodec,
    TextCodec,
)
from syncline.mapping.lens import FieldLens, GroupLens, People, Slice, UnitLens
from syncline.mapping.many import ManyCodec, PeopleCodec, SetCodec
from syncline.schema import kinds
from syncline.schema import text as rich
from syncline.schema.kinds import Kind, Value
from syncline.sdk.connector import RecordSchema

PEOPLE = People(
    by_handle={
        "ana": "ana@acme.example",
        "ana.old": "ana@acme.example",
        "ben": "ben@acme.example",
        "bot": "release-robot",
    },
    handles={"ana@acme.example": "ana", "ben@acme.example": "ben", "release-robot": "bot"},
)
"""Three people, of whom one has two accounts and one no e-mail address."""

_PERSONS = (*PEOPLE.handles, "nobody@acme.example")
_WORDS = (
    "refund",
    "SSO login",
    "Größe",
    "日本語",
    "a, b",
    "VIP",
    "down again",
    "0",
    "x" * 40,
    "🙂",
)
_AWKWARD = ("", " ", "\n", " padded ", "two\nlines", "two\r\nlines", "None", "null", "-", "\u00a0")
_BLOCKS = (
    "A paragraph with **bold**, `code` and [a link](https://acme.example/a).",
    "## A heading",
    "- one\n- two\n  - deep",
    "1. first\n2. second",
    "> quoted",
    "```python\nprint('x')\n```",
    "| a | b |\n|---|---|\n| 1 | 2 |",
    "Plain words & <angle> brackets, 100 % _sure_.",
    "---",
)


@runtime_checkable
class Sampled(Protocol):
    """A Python lens that can make up wire values; without, its laws cannot be tried."""

    def sample(self, rng: Random) -> Any:
        """A wire value as the tool might show it."""
        ...


def slice_of(lens: UnitLens, rng: Random, schema: RecordSchema | None = None) -> Slice:
    """A slice as the tool might show it. LookupError if the lens cannot be sampled."""
    if isinstance(lens, GroupLens):
        made: dict[str, Any] = {}
        for one in lens.lenses:
            made |= {p: w for p, w in slice_of(one, rng, schema).items() if p not in made}
        return made
    if not isinstance(lens, FieldLens):
        raise LookupError(f"no samples for {lens!r}")
    wire = _wire(lens, rng, schema)
    return {lens.paths[0]: wire} if len(lens.paths) == 1 else dict(wire)


def value_of(kind: Kind, rng: Random) -> Value:
    """A shared value of a kind, in normal form."""
    if isinstance(kind, kinds.Extension):
        return value_of(kind.inner, rng)
    if isinstance(kind, kinds.Group):
        return kind.normal({name: value_of(one, rng) for name, one in kind.kinds.items()})
    if rng.random() < 0.1:
        return None
    if isinstance(kind, kinds.Enum):
        return rng.choice(kind.options) if kind.options else None
    return kind.normal(_VALUES[kind.name](rng))


def _wire(lens: FieldLens, rng: Random, schema: RecordSchema | None) -> Any:
    known = schema.fields.get(lens.paths[0]) if schema else None
    codec = lens.codec
    if isinstance(codec, Sampled):
        return codec.sample(rng)
    if isinstance(codec, EnumCodec):
        return rng.choice((*codec.wires, None))
    if rng.random() < 0.1:
        return None
    match codec:
        case TextCodec(max_length=mine):
            lengths = [n for n in (mine, known.max_length if known else None) if n]
            return _text(rng)[: min(lengths, default=None)]
        case RichTextCodec(format=format):
            return rich.write(format, _rich(rng), None).text
        case ManyCodec():
            return _many(codec, rng, known.options if known else None)
        case PersonCodec(form=form):
            return rng.choice(tuple(PEOPLE.by_handle) if form == "handle" else _PERSONS[:2])
    return _plain(codec, rng, lens)


def _plain(codec: Any, rng: Random, lens: FieldLens) -> Any:
    match codec:
        case NumberCodec(form=form):
            number = rng.randint(-9, 10**6) if form == "int" else _number(rng)
            return rng.choice((str(number), f"{number}.0")) if form == "string" else number
        case MoneyCodec(form="int"):
            return rng.randint(0, 10**9)
        case MoneyCodec(form=form):
            cents = rng.randint(0, 10**9)
            return cents / 100 if form == "float" else f"{cents // 100}.{cents % 100:02}"
        case BoolCodec(true=true, false=false):
            return rng.choice((true, false))
        case DateCodec(form="day"):
            return _moment(rng).date().isoformat()
        case DateCodec(form=form) | DateTimeCodec(form=form):
            moment = _moment(rng)
            if form == "iso":
                return rng.choice((moment, moment.replace(tzinfo=None))).isoformat()
            return int(moment.timestamp()) * (1 if form == "seconds" else 1000)
    raise LookupError(f"{lens.name}: a Python lens needs `sample(rng)` so that it can be tried")


def _many(codec: ManyCodec, rng: Random, options: Sequence[str] | None) -> Any:
    choices: Sequence[Any] = options or [word for word in _WORDS if "," not in word]
    if isinstance(codec, PeopleCodec):
        choices = tuple(PEOPLE.by_handle) if codec.by == "handle" else _PERSONS[:2]
    elif isinstance(codec, SetCodec) and codec.table is not None:
        choices = [wire for wires in codec.table.values() for wire in wires]
    elif isinstance(codec, SetCodec) and (codec.spaces != "allow" or codec.form == "space"):
        choices = [word for word in choices if " " not in word]
    if isinstance(codec, SetCodec) and codec.case == "lower":
        choices = [word.lower() for word in choices]
    picked = [rng.choice(choices) for _ in range(rng.randrange(4))] if choices else []
    if codec.form == "list":
        return picked
    return rng.choice((",", ", ") if codec.form == "comma" else (" ", "  ")).join(picked)


def _text(rng: Random) -> str:
    if rng.random() < 0.2:
        return rng.choice(_AWKWARD)
    return " ".join(rng.choice(_WORDS) for _ in range(rng.randint(1, 12)))


def _rich(rng: Random) -> rich.Value:
    blocks = [rng.choice(_BLOCKS) for _ in range(rng.randrange(5))]
    return {"format": "markdown", "source": "\n\n".join(blocks)}


def _number(rng: Random) -> int | float:
    return rng.choice((0, -1, 2**40, 0.1, 12.5, 1e-9, 1e20, rng.randint(-999, 999), rng.random()))


def _moment(rng: Random) -> datetime:
    start = datetime(2020, 1, 1, tzinfo=UTC)
    return start + timedelta(seconds=rng.randrange(10 * 365 * 86400))


def _money(rng: Random) -> Value:
    return {"amount": f"{rng.randint(0, 10**7)}.{rng.randint(0, 99):02}", "currency": "EUR"}


_VALUES: Mapping[str, Any] = {
    "text": _text,
    "url": lambda rng: f"https://acme.example/{rng.randint(1, 99)}",
    "reference": lambda rng: str(rng.randint(1, 99)),
    "rich_text": _rich,
    "person": lambda rng: rng.choice(_PERSONS),
    "people": lambda rng: rng.sample(_PERSONS, rng.randrange(4)),
    "set": lambda rng: rng.sample(_WORDS, rng.randrange(4)),
    "number": _number,
    "money": _money,
    "date": lambda rng: _moment(rng).date().isoformat(),
    "datetime": lambda rng: kinds.stamp(_moment(rng) + timedelta(microseconds=rng.choice((0, 5)))),
    "bool": lambda rng: rng.random() < 0.5,
}
