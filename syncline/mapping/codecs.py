"""How each kind of value is written in a wire record: one codec a kind.

A codec knows the tool's spelling of one value and nothing of paths or records; `many.py` has the
ones for lists. Its messages leave out the field's name, which the lens puts in front.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, tzinfo
from decimal import Decimal
from typing import Any, Literal

from syncline.mapping.lens import People, Unmappable, Unwritable
from syncline.schema import kinds
from syncline.schema import text as rich
from syncline.schema.kinds import Overlap, Value

NumberForm = Literal["int", "float", "string"]
MomentForm = Literal["iso", "seconds", "milliseconds"]
DayForm = Literal["day", "iso", "seconds", "milliseconds"]

ENUM_HELP = "has no counterpart; add it to the field's `enum`"
PEOPLE_HELP = "is nobody Syncline knows; add them to `people` in the configuration"


class Atomic:
    """What codecs of a single value have in common."""

    lossy = False

    def lift(self, value: Value, seen: Value, view: Value, people: People) -> Value | Overlap:
        return view

    def handles(self, wire: Any) -> set[str]:
        return set()

    def persons(self, value: Value) -> set[str]:
        return set()


@dataclass
class TextCodec(Atomic):
    """Text of at most `max_length` characters; longer ones are refused, or cut and so lossy."""

    max_length: int | None = None
    truncate: bool = False

    def __post_init__(self) -> None:
        self.lossy = self.truncate

    def read(self, wire: Any, people: People) -> Value:
        if wire is None:
            return None
        return kinds.text(_string(wire))

    def write(self, value: Value, before: Any, people: People) -> Any:
        if value is None or self.max_length is None or len(value) <= self.max_length:
            return value
        if self.truncate:
            return kinds.text(value[: self.max_length])
        raise Unwritable(
            f"of {len(value)} characters is longer than the {self.max_length} allowed here"
        )


class EnumCodec(Atomic):
    """Tool states to shared values, many to one; the first of a value's states is what is written.

    The value "" is the empty one: states that mean nothing is set. `nearest` names, for values this
    tool lacks, another that stands in for them: lossy.
    """

    def __init__(
        self, states: Mapping[str, tuple[Any, ...]], nearest: Mapping[str, str] | None = None
    ) -> None:
        self.states = {value: wires for value, wires in states.items() if wires}
        self.nearest = dict(nearest or {})
        self.lossy = bool(self.nearest)
        self.wires = tuple(wire for wires in self.states.values() for wire in wires)
        self._read: dict[Any, Any] = {None: None}
        self._read |= {w: value or None for value, wires in self.states.items() for w in wires}
        self._read.setdefault("", self._read[None])
        self._write: dict[str | None, Any] = {None: None}
        self._write |= {value or None: wires[0] for value, wires in self.states.items()}
        self._write |= {value: self._write[other] for value, other in self.nearest.items()}

    def read(self, wire: Any, people: People) -> Value:
        try:
            return self._read[wire]
        except (KeyError, TypeError):
            raise Unmappable(f"{wire!r} {ENUM_HELP}") from None

    def write(self, value: Value, before: Any, people: People) -> Any:
        try:
            return self._write[value]
        except (KeyError, TypeError):
            raise Unwritable(f"{value!r} {ENUM_HELP}, or name a `nearest` value") from None


@dataclass
class NumberCodec(Atomic):
    """A number as JSON int or float, or in digits."""

    form: NumberForm = "float"

    def read(self, wire: Any, people: People) -> Value:
        if wire is None or wire == "":
            return None
        try:
            if isinstance(wire, str):
                return kinds.number(float(wire) if set(wire) & set(".eEnN") else int(wire))
            if type(wire) is not int and type(wire) is not float:
                raise ValueError
            return kinds.number(wire)
        except ValueError:
            raise Unmappable(f"{wire!r} is not a number") from None

    def write(self, value: Value, before: Any, people: People) -> Any:
        if value is None:
            return None
        if self.form == "string":
            return str(value)
        if self.form == "int" and not isinstance(value, int):
            raise Unwritable(f"{value!r} is not a whole number, and only whole ones fit here")
        return value


@dataclass
class MoneyCodec(Atomic):
    """An amount in one currency, as JSON int or float, or in digits."""

    currency: str
    form: NumberForm = "string"

    def read(self, wire: Any, people: People) -> Value:
        if wire is None or wire == "":
            return None
        try:
            if isinstance(wire, bool) or not isinstance(wire, str | int | float):
                raise ValueError
            return {"amount": kinds.amount(wire), "currency": self.currency}
        except ValueError:
            raise Unmappable(f"{wire!r} is not an amount") from None

    def write(self, value: Value, before: Any, people: People) -> Any:
        if value is None:
            return None
        if value["currency"] != self.currency:
            raise Unwritable(f"in {value['currency']} does not fit here, only {self.currency} does")
        amount = value["amount"]
        if self.form == "string":
            return amount
        wire = int(Decimal(amount)) if self.form == "int" else float(amount)
        if kinds.amount(wire) != amount:
            raise Unwritable(f"{amount} cannot be written exactly here")
        return wire


@dataclass
class DateCodec(Atomic):
    """A day as such, or as the moment it begins in `zone`."""

    form: DayForm = "day"
    zone: tzinfo = UTC

    def read(self, wire: Any, people: People) -> Value:
        if wire is None or wire == "":
            return None
        if self.form != "day":
            return _moment(wire, self.form, self.zone).astimezone(self.zone).date().isoformat()
        try:
            return date.fromisoformat(wire).isoformat()
        except (TypeError, ValueError):
            raise Unmappable(f"{wire!r} is not a day like 2026-11-23") from None

    def write(self, value: Value, before: Any, people: People) -> Any:
        if value is None or self.form == "day":
            return value
        midnight = datetime.combine(date.fromisoformat(value), time(), self.zone)
        return _spelt(midnight, self.form)


@dataclass
class DateTimeCodec(Atomic):
    """A moment in ISO 8601 or since 1970; one without an offset is read in `zone`."""

    form: MomentForm = "iso"
    zone: tzinfo = UTC

    def __post_init__(self) -> None:
        self.lossy = self.form != "iso"

    def read(self, wire: Any, people: People) -> Value:
        if wire is None or wire == "":
            return None
        return kinds.stamp(_moment(wire, self.form, self.zone))

    def write(self, value: Value, before: Any, people: People) -> Any:
        return value if value is None else _spelt(datetime.fromisoformat(value), self.form)


@dataclass
class BoolCodec(Atomic):
    """Two wire values for true and false."""

    true: Any = True
    false: Any = False

    def read(self, wire: Any, people: People) -> Value:
        for meant, one in ((True, self.true), (False, self.false)):
            if type(wire) is type(one) and wire == one:
                return meant
        if wire == "":
            return self.read(None, people)
        if wire is None:
            return None
        raise Unmappable(f"{wire!r} is neither {self.true!r} nor {self.false!r}")

    def write(self, value: Value, before: Any, people: People) -> Any:
        return None if value is None else self.true if value else self.false


@dataclass
class PersonCodec(Atomic):
    """A person by the tool's own handle, or by e-mail address."""

    form: Literal["handle", "email"] = "handle"

    def read(self, wire: Any, people: People) -> Value:
        if wire is None or wire == "":
            return None
        found = people.by_handle.get(_string(wire))
        if found is not None:
            return found
        if self.form == "email" and "@" in wire:
            return kinds.person(wire)
        raise Unmappable(f"{wire!r} {PEOPLE_HELP}")

    def write(self, value: Value, before: Any, people: People) -> Any:
        if value is None:
            return None
        handle = people.handles.get(value)
        if handle is not None:
            return handle
        if self.form == "email" and "@" in value:
            return value
        raise Unwritable(f"{value!r} has no account here that Syncline knows of")

    def handles(self, wire: Any) -> set[str]:
        return {wire} if self.form == "handle" and isinstance(wire, str) and wire else set()

    def persons(self, value: Value) -> set[str]:
        return {value} if value and (self.form == "handle" or "@" not in value) else set()


@dataclass
class RichTextCodec(Atomic):
    """Text in the tool's own format. Its original is kept where the meaning did not change."""

    format: str
    max_length: int | None = None
    lossy: bool = field(default=True)

    def read(self, wire: Any, people: People) -> Value:
        if wire is None:
            return None
        try:
            rich.check(self.format, _string(wire))
        except ValueError as error:
            raise Unmappable(f"cannot be read: {error}") from None
        return kinds.rich_text(self.format, wire)

    def write(self, value: Value, before: Any, people: People) -> Any:
        if value is None:
            return None
        original = before if isinstance(before, str) else None
        try:
            source = rich.write(self.format, value, original).text
        except ValueError as error:
            raise Unwritable(str(error)) from None
        if self.max_length is not None and len(source) > self.max_length:
            raise Unwritable(
                f"of {len(source)} characters is longer than the {self.max_length} allowed here"
            )
        return source

    def lift(self, value: Value, seen: Value, view: Value, people: People) -> Value | Overlap:
        return kinds.KINDS["rich_text"].lift(value, seen, view)


def _string(wire: Any) -> str:
    if type(wire) is not str:
        raise Unmappable(f"{wire!r} is not text")
    return wire


def _moment(wire: Any, form: str, zone: tzinfo) -> datetime:
    """The moment a wire value names. Unmappable if it is none that a calendar holds."""
    try:
        if form == "iso":
            moment = datetime.fromisoformat(wire)
            moment = moment if moment.tzinfo else moment.replace(tzinfo=zone)
            return moment.astimezone(UTC)
        if isinstance(wire, bool) or not isinstance(wire, int | float | str):
            raise ValueError
        return datetime.fromtimestamp(float(wire) / (1 if form == "seconds" else 1000), UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        raise Unmappable(f"{wire!r} is not a moment") from None


def _spelt(moment: datetime, form: str) -> Any:
    if form == "iso":
        return kinds.stamp(moment)
    seconds = int(moment.timestamp())
    return seconds if form == "seconds" else seconds * 1000 + moment.microsecond // 1000
