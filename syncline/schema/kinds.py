"""Field kinds: what a shared value is, when two are equal, and what one side's change means.

A shared value is JSON in the one spelling its kind calls normal, and an empty one is None; whatever
a tool shows is brought to that form before anything is compared. Decisions about fields rest on
three questions only the kind can answer: `equal`, `merges` (may two people's changes both hold?)
and `lift` (a side's own change, applied to the shared value). Nothing here knows a tool.

    text        "…"                          number     12, 12.5
    rich_text   {"format", "source"}         money      {"amount": "12.30", "currency": "EUR"}
    enum        one of a declared list       date       "2026-11-23"
    person      "ana@acme.example", or a     datetime   "2026-11-23T10:00:00Z", UTC
                name of the people table     bool       true, false
    people      sorted list of persons       url        "https://…"
    set         sorted list of text          reference  the id of another record's link
    extension   any of these, declared by the operator
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final, TypeAlias, final

from syncline.schema import text as rich

_WORD = re.compile(r"(?:[^<&\w]|<[^<>]*>)*+\w")
"""Matches where a word stands outside of tags: then a text is not blank, and need not be parsed."""

Value: TypeAlias = Any
"""A shared value in normal form: JSON, None when empty."""


@final
class Overlap:
    """The type of OVERLAP."""

    _instance: Overlap | None = None

    def __new__(cls) -> Overlap:
        if cls._instance is None:
            cls._instance = super().__new__(cls)
        return cls._instance

    def __repr__(self) -> str:
        return "OVERLAP"


OVERLAP: Final = Overlap()
"""What `lift` returns where a change meets another change of the same place: a conflict."""


class Kind:
    """One kind of field. The base class is an atomic kind whose normal values compare with `==`."""

    name = ""
    merges = False

    def normal(self, value: Value) -> Value:
        """The one spelling of this value, None if it is empty; idempotent.

        ValueError says in words why something is no value of this kind.
        """
        raise NotImplementedError

    def equal(self, a: Value, b: Value) -> bool:
        """Whether two normal values mean the same."""
        return a is b or bool(a == b)

    def lift(self, value: Value, seen: Value, view: Value) -> Value:
        """One side's change from `seen` to `view` applied to `value`, or OVERLAP; atomic: the view.

        `seen` and `view` are what the same side shows, so rich texts in the same format.
        """
        return view

    def grown(self, before: Value, written: Value, view: Value) -> bool:
        """Whether a view is what was written over `before` with more put beside it: where `lift`
        cannot tell, as of what was put at the very place of what was written."""
        return False


class Text(Kind):
    """Plain text without white space around it; lines end with a newline."""

    name = "text"

    def normal(self, value: Value) -> Value:
        if value is None:
            return None
        return text(_string(value, self.name))


class Url(Text):
    """An address."""

    name = "url"


class Reference(Text):
    """The id of another link."""

    name = "reference"


class Person(Text):
    """A lower-case e-mail address, or a name of the people table."""

    name = "person"

    def normal(self, value: Value) -> Value:
        return None if value is None else person(_string(value, self.name))


class Enum(Kind):
    """One of `options`, in the order they were declared."""

    name = "enum"

    def __init__(self, options: Iterable[str] = ()) -> None:
        self.options = tuple(options)

    def normal(self, value: Value) -> Value:
        if value is None or value == "":
            return None
        if _string(value, self.name) not in self.options:
            raise ValueError(f"{value!r} is not one of {', '.join(self.options)}")
        return value


class Set(Kind):
    """Distinct pieces of text in alphabetical order. Adding and removing merge."""

    name = "set"
    merges = True

    def normal(self, value: Value) -> Value:
        if value is None:
            return None
        if isinstance(value, str) or not isinstance(value, Iterable):
            raise ValueError(f"{value!r} is not a list")
        found = {self._element(one) for one in value}
        return sorted(one for one in found if one) or None

    def _element(self, one: Value) -> str | None:
        return text(_string(one, self.name))

    def lift(self, value: Value, seen: Value, view: Value) -> Value:
        before, after = set(seen or ()), set(view or ())
        return sorted((set(value or ()) - (before - after)) | (after - before)) or None


class People(Set):
    """A set of persons."""

    name = "people"

    def _element(self, one: Value) -> str | None:
        return person(_string(one, self.name))


class Number(Kind):
    """A finite number of at most 64 bits; a whole one is an int."""

    name = "number"

    def normal(self, value: Value) -> Value:
        if value is None or value == "":
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(f"{value!r} is not a number")
        return number(value)


class Money(Kind):
    """An exact decimal amount, of at least two places, and a currency's code."""

    name = "money"

    def normal(self, value: Value) -> Value:
        if value is None or value == {}:
            return None
        if not isinstance(value, Mapping) or set(value) != {"amount", "currency"}:
            raise ValueError(f"{value!r} is not an amount with a currency")
        if value["amount"] is None or value["amount"] == "":
            return None
        currency = _string(value["currency"], "currency").strip().upper()
        return {"amount": amount(value["amount"]), "currency": currency}


class Date(Kind):
    """A day."""

    name = "date"

    def normal(self, value: Value) -> Value:
        if value is None or value == "":
            return None
        try:
            return date.fromisoformat(_string(value, self.name)).isoformat()
        except ValueError:
            raise ValueError(f"{value!r} is not a day like 2026-11-23") from None


class DateTime(Kind):
    """A moment in UTC, to the microsecond."""

    name = "datetime"

    def normal(self, value: Value) -> Value:
        if value is None or value == "":
            return None
        try:
            moment = datetime.fromisoformat(_string(value, self.name))
            if moment.tzinfo is None:
                raise ValueError("no time zone")
            return stamp(moment)
        except (ValueError, OverflowError):
            raise ValueError(
                f"{value!r} is not a moment with its time zone, like 2026-11-23T10:00:00Z"
            ) from None


class Bool(Kind):
    """True or false."""

    name = "bool"

    def normal(self, value: Value) -> Value:
        if value is None or isinstance(value, bool):
            return value
        raise ValueError(f"{value!r} is neither true nor false")

    def equal(self, a: Value, b: Value) -> bool:
        return a is b


class RichText(Kind):
    """A text in the format of the tool it was written in; equal when it reads the same."""

    name = "rich_text"
    merges = True

    def normal(self, value: Value) -> Value:
        if value is None:
            return None
        if not isinstance(value, Mapping) or set(value) != {"format", "source"}:
            raise ValueError(f"{value!r} is not a text with its format")
        if value["format"] not in rich.FORMATS or not isinstance(value["source"], str):
            raise ValueError(f"{value['format']!r} is no text format Syncline knows")
        return rich_text(value["format"], value["source"])

    def equal(self, a: Value, b: Value) -> bool:
        return a is b or a == b or rich.same(a, b)

    def lift(self, value: Value, seen: Value, view: Value) -> Value:
        if view is None and seen is None:
            return value
        side = (view or seen)["format"]
        lifted = rich.lift_text(
            side, value, seen["source"] if seen else None, view["source"] if view else None
        )
        return OVERLAP if lifted is rich.Overlap else lifted

    def grown(self, before: Value, written: Value, view: Value) -> bool:
        return rich.grown(before, written, view)


class Extension(Kind):
    """A field of the operator's own, of any kind."""

    name = "extension"

    def __init__(self, inner: Kind) -> None:
        self.inner = inner
        self.merges = inner.merges

    def normal(self, value: Value) -> Value:
        return self.inner.normal(value)

    def equal(self, a: Value, b: Value) -> bool:
        return self.inner.equal(a, b)

    def lift(self, value: Value, seen: Value, view: Value) -> Value:
        return self.inner.lift(value, seen, view)

    def grown(self, before: Value, written: Value, view: Value) -> bool:
        return self.inner.grown(before, written, view)


class Group(Kind):
    """Fields that are decided together: {field: value}, without those that are empty."""

    name = "group"

    def __init__(self, kinds: Mapping[str, Kind]) -> None:
        self.kinds = dict(kinds)

    def normal(self, value: Value) -> Value:
        if value is None:
            return None
        if not isinstance(value, Mapping) or not set(value) <= set(self.kinds):
            raise ValueError(f"{value!r} does not hold the fields {', '.join(self.kinds)}")
        pairs = ((name, self.kinds[name].normal(value.get(name))) for name in self.kinds)
        return {name: one for name, one in pairs if one is not None} or None

    def equal(self, a: Value, b: Value) -> bool:
        if a is b or a == b:
            return True
        a, b = a or {}, b or {}
        return all(kind.equal(a.get(name), b.get(name)) for name, kind in self.kinds.items())


def text(value: str) -> str | None:
    """The text in normal form, None if it is blank."""
    if "\r" in value:
        value = value.replace("\r\n", "\n").replace("\r", "\n")
    return value.strip() or None


def person(value: str) -> str | None:
    """The person in normal form, None if nobody."""
    value = value.strip()
    return (value.lower() if "@" in value else value) or None


def rich_text(format: str, source: str) -> Value:
    """The text as a value, None if nothing of it can be seen (`<p></p>`)."""
    value: rich.Value = {"format": format, "source": source}
    if _WORD.match(source) or (source.strip() and rich.parse(value).blocks):
        return value
    return None


def number(value: int | float) -> int | float:
    """The number in normal form. ValueError if JSON or the store cannot hold it."""
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{value!r} is not a number that can be stored")
        return int(value) if value.is_integer() and abs(value) < 2**53 else value
    if not -(2**63) <= value < 2**63:
        raise ValueError(f"{value!r} is too large a number")
    return value


def amount(value: str | int | float) -> str:
    """The decimal amount in normal form: at least two places, no exponent, no superfluous zeros."""
    try:
        exact = Decimal(str(value).strip())
    except InvalidOperation:
        raise ValueError(f"{value!r} is not an amount") from None
    if isinstance(value, bool) or not exact.is_finite() or abs(exact.adjusted()) > 30:
        raise ValueError(f"{value!r} is not an amount")
    whole, _, places = format(exact, "f").partition(".")
    spelt = f"{whole}.{places.rstrip('0').ljust(2, '0')}"
    return spelt.removeprefix("-") if not exact else spelt


def stamp(moment: datetime) -> str:
    """The moment in normal form; it must know its time zone."""
    spelt = moment.astimezone(UTC).replace(tzinfo=None).isoformat()
    return (spelt.rstrip("0") if "." in spelt else spelt) + "Z"


def _string(value: Value, name: str) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is not a {name}")
    return value


KINDS: Final[Mapping[str, Kind]] = {
    kind.name: kind
    for kind in (
        Text(),
        RichText(),
        Enum(),
        Person(),
        People(),
        Set(),
        Number(),
        Money(),
        Date(),
        DateTime(),
        Bool(),
        Url(),
        Reference(),
    )
}
"""Every kind by name. The `enum` has no options: use `Enum(options)`. `Extension` wraps any."""
