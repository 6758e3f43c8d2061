"""Generated fields of every kind: what a mapping file may say, with wires and values to try."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from functools import cache, lru_cache
from typing import Any

from hypothesis import strategies as st

from syncline.mapping.lens import FieldLens, People
from syncline.mapping.load import load_mapping
from syncline.schema import kinds
from syncline.schema.kinds import KINDS, Enum, Kind, Value
from syncline.schema.text import compose
from tests.unit.schema.text.documents import documents, words

PEOPLE = People(
    by_handle={
        "ana": "ana@acme.example",
        "ana.old": "ana@acme.example",
        "ben": "ben@acme.example",
        "bot": "release-robot",
        "": "empty@acme.example",
    },
    handles={
        "ana@acme.example": "ana",
        "ben@acme.example": "ben",
        "release-robot": "bot",
    },
)
EMAILS = st.sampled_from(["ana@acme.example", "BEN@acme.example", "zoe@other.example"])
EMAILS_AND_BLANKS = EMAILS | st.just(" ")
PERSONS = st.sampled_from([*PEOPLE.handles, "nobody@acme.example", "unknown-robot"])
HANDLES = st.sampled_from(sorted(set(PEOPLE.by_handle) - {""}))
LABELS = st.sampled_from(
    ["vip", "VIP", "needs info", "needs_info", "Größe", "a,b", "0", "İ", "x\ty"]
)
WORDS = LABELS | st.text(max_size=4)
UNSPACED = WORDS.map(lambda one: "_".join(one.split()))
MAPPED = st.sampled_from(["VIP", "gold", "needs-info"])
YEARS = (datetime(1971, 1, 1), datetime(2100, 1, 1))  # noqa: DTZ001 (zones are added)
DAYS = st.dates().map(str)
_integers = st.integers(-(2**63), 2**63 - 1)
_floats = st.floats(allow_nan=False, allow_infinity=False)
_decimals = st.decimals(0, 10**9, places=2)
NUMBERS: dict[str, st.SearchStrategy[Any]] = {
    "int": _integers,
    "float": _integers | _floats,
    "string": _integers.map(str) | _floats.map(str) | st.sampled_from(["12.50", " 7 ", "1e3"]),
}
AMOUNTS: dict[str, st.SearchStrategy[Any]] = {
    "int": st.integers(0, 10**9),
    "float": _decimals.map(float),
    "string": _decimals.map(str) | st.sampled_from(["", "1200", "0.5", "1e3", "-0"]),
}
OPTIONS = ("todo", "in_progress", "blocked", "done")
STATES = st.lists(
    st.text(max_size=4) | st.integers(0, 9).map(str) | st.none(), unique=True, min_size=4
)


@dataclass(frozen=True)
class Case:
    """A lens, a wire value its tool may show, one it showed before, and a shared value."""

    lens: FieldLens
    wire: Any
    before: Any
    value: Value

    @property
    def slice(self) -> dict[str, Any]:
        return {self.lens.paths[0]: self.wire}

    @property
    def before_slice(self) -> dict[str, Any] | None:
        return None if self.before is None else {self.lens.paths[0]: self.before}


def lens_of(options: dict[str, Any]) -> FieldLens:
    """The lens of a field of the operator's own, by way of the mapping file's text."""
    return _compiled(json.dumps({"path": "custom.field", **options}))


@lru_cache(maxsize=1024)
def _compiled(options: str) -> FieldLens:
    text = f"{{entity: ticket, record: issue, fields: {{it: {options}}}}}"
    return load_mapping(text).fields["it"]


def case(kind: str) -> st.SearchStrategy[Case]:
    """Cases of one kind."""
    return _FIELDS[kind]()


@cache
def values(kind: Kind) -> st.SearchStrategy[Value]:
    """Shared values of a kind, in normal form, empty ones among them."""
    if isinstance(kind, Enum):
        return st.sampled_from([None, *kind.options])
    return st.none() | _VALUES[kind.name].map(kind.normal)


def _case(draw: Any, options: dict[str, Any], wires: st.SearchStrategy[Any]) -> Case:
    lens, wires = lens_of(options), _or_none(wires)
    return Case(lens, draw(wires), draw(wires), draw(values(KINDS[options["kind"]])))


@cache
def _or_none(wires: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """One strategy for each: to make one takes longer than to draw from it."""
    return st.none() | wires


@st.composite
def _texts(draw: Any, kind: str) -> Case:
    limit = draw(st.none() | st.integers(1, 12))
    options: dict[str, Any] = {"kind": kind}
    if limit is not None:
        options |= {"max_length": limit}
        if kind != "reference":
            options |= {"overflow": draw(st.sampled_from(["refuse", "truncate"]))}
    wire = st.text(max_size=12 if limit is None else limit)
    return _case(draw, options, wire)


@st.composite
def _rich_texts(draw: Any) -> Case:
    format = draw(st.sampled_from(["markdown", "html", "textile", "plain"]))
    options = {"kind": "rich_text", "text": format}
    return _case(draw, options, words)


@st.composite
def _enums(draw: Any) -> Case:
    states = draw(STATES)
    table: dict[str, list[Any]] = {name: [] for name in ("", *OPTIONS)}
    for index, state in enumerate(states):
        value = OPTIONS[0] if index == 0 else draw(st.sampled_from(list(table)))
        table[value].append(state)
    missing = [name for name in OPTIONS if not table[name]]
    nearest = {name: OPTIONS[0] for name in missing if draw(st.booleans())}
    lens = lens_of({"kind": "enum", "enum": table, "nearest": nearest})
    known = [state for wires in table.values() for state in wires]
    wire = st.sampled_from([*known, "a state nobody mapped"])
    before = None if draw(st.booleans()) else draw(wire)
    return Case(lens, draw(wire), before, draw(st.sampled_from([None, *OPTIONS])))


@st.composite
def _sets(draw: Any) -> Case:
    options: dict[str, Any] = {
        "kind": "set",
        "set": draw(st.sampled_from(["list", "comma", "space"])),
        "lossy": draw(st.booleans()),
    }
    elements = WORDS
    if draw(st.booleans()):
        options["enum"] = {"vip": ["VIP", "gold"], "needs info": "needs-info", "gone": []}
        elements = MAPPED
    else:
        options["spaces"] = draw(st.sampled_from(["allow", "refuse", "underscore"]))
        options["case"] = draw(st.sampled_from(["keep", "lower"]))
        if options["spaces"] == "refuse":
            elements = UNSPACED
    return _case(draw, options, _listed(options["set"], elements))


@st.composite
def _people(draw: Any) -> Case:
    form = draw(st.sampled_from(["list", "comma", "space"]))
    by = draw(st.sampled_from(["handle", "email"]))
    options = {"kind": "people", "people": form, "person": by, "lossy": draw(st.booleans())}
    elements = HANDLES if by == "handle" else EMAILS
    return _case(draw, options, _listed(form, elements))


@cache
def _listed(form: str, elements: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    if form == "list":
        return st.lists(elements, max_size=4)
    glue = st.sampled_from([",", ", ", " , "] if form == "comma" else [" ", "  ", "\n"])
    return st.builds(lambda by, found: by.join(found), glue, st.lists(elements, max_size=4))


@st.composite
def _persons(draw: Any) -> Case:
    by = draw(st.sampled_from(["handle", "email"]))
    wires = HANDLES if by == "handle" else EMAILS_AND_BLANKS
    return _case(draw, {"kind": "person", "person": by}, wires)


@st.composite
def _numbers(draw: Any) -> Case:
    form = draw(st.sampled_from(sorted(NUMBERS)))
    return _case(draw, {"kind": "number", "number": form}, NUMBERS[form])


@st.composite
def _money(draw: Any) -> Case:
    form = draw(st.sampled_from(sorted(AMOUNTS)))
    options = {"kind": "money", "money": {"currency": "EUR"}, "number": form}
    return _case(draw, options, AMOUNTS[form])


@cache
def _moments(form: str) -> st.SearchStrategy[Any]:
    moments = st.datetimes(*YEARS)
    if form == "iso":
        shifts = st.sampled_from([None, UTC, timezone(timedelta(hours=5, minutes=30))])
        return st.builds(lambda m, zone: m.replace(tzinfo=zone).isoformat(), moments, shifts)
    scale = 1 if form == "seconds" else 1000
    whole = moments.map(lambda m: int(m.replace(tzinfo=UTC).timestamp() * scale))
    return whole | whole.map(str)


@st.composite
def _dates(draw: Any) -> Case:
    form = draw(st.sampled_from(["day", "iso", "seconds", "milliseconds"]))
    zone = draw(st.sampled_from(["UTC", "Europe/Berlin", "America/Los_Angeles", "Asia/Tehran"]))
    wires = DAYS if form == "day" else _moments(form)
    options = {"kind": "date", "date": form, "zone": zone}
    return _case(draw, options, wires)


@st.composite
def _datetimes(draw: Any) -> Case:
    form = draw(st.sampled_from(["iso", "seconds", "milliseconds"]))
    zone = draw(st.sampled_from(["UTC", "Europe/Berlin", "America/Los_Angeles"]))
    options = {"kind": "datetime", "datetime": form, "zone": zone}
    return _case(draw, options, _moments(form))


@st.composite
def _bools(draw: Any) -> Case:
    pair = draw(st.sampled_from([(True, False), ("Yes", "No"), (1, 0), ("x", None)]))
    yes, no = (json.dumps(wire) for wire in pair)
    lens = _compiled(f"{{path: custom.field, kind: bool, bool: {{true: {yes}, false: {no}}}}}")
    wires = st.sampled_from([None, *pair, ""])
    return Case(lens, draw(wires), draw(wires), draw(values(KINDS["bool"])))


_VALUES: dict[str, st.SearchStrategy[Any]] = {
    "text": st.text(max_size=14),
    "url": st.sampled_from(["https://acme.example/1", "https://acme.example/a?b=c"]),
    "reference": st.text(max_size=14),
    "rich_text": st.builds(
        lambda format, source: {"format": format, "source": source},
        st.sampled_from(["markdown", "html", "textile", "plain"]),
        words,
    )
    | documents.map(lambda document: compose(document, "markdown")),
    "person": PERSONS,
    "people": st.lists(PERSONS, max_size=4),
    "set": st.lists(LABELS | st.text(max_size=4), max_size=4),
    "number": st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False, min_value=-1e300, max_value=1e300),
    "money": st.builds(
        lambda amount, currency: {"amount": str(amount), "currency": currency},
        st.decimals(-(10**9), 10**9, places=3) | st.integers(0, 10**20),
        st.sampled_from(["EUR", "EUR", "USD"]),
    ),
    "date": st.dates().map(str),
    "datetime": st.datetimes(*YEARS).map(lambda moment: kinds.stamp(moment.replace(tzinfo=UTC))),
    "bool": st.booleans(),
}

_FIELDS: dict[str, Callable[[], st.SearchStrategy[Case]]] = {
    "text": lambda: _texts("text"),
    "url": lambda: _texts("url"),
    "reference": lambda: _texts("reference"),
    "rich_text": _rich_texts,
    "enum": _enums,
    "person": _persons,
    "people": _people,
    "set": _sets,
    "number": _numbers,
    "money": _money,
    "date": _dates,
    "datetime": _datetimes,
    "bool": _bools,
}
