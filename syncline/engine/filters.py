"""A side's `where`: filters on shared values, compiled to one callable.

    where:
      labels: {any: [escalated]}       # any, all, none: against sets and single values alike
      status: open                     # a bare value means eq
      title: {contains: outage}        # part of a text, or an element of a set
      due_on: {before: 2026-12-01}     # days, moments and numbers

A field that is empty, or that the mapping cannot read, fits nothing but `none` and `eq: null`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias

from syncline.engine.spec import Where
from syncline.schema.kinds import Extension, Kind
from syncline.schema.text import plain_text

OPERATORS = ("eq", "in", "any", "all", "none", "contains", "before", "after")
LISTS = ("in", "any", "all", "none")
MANY = ("set", "people")
ORDERED = ("date", "datetime", "number")

Test: TypeAlias = Callable[[Any], bool]


def compile_where(said: Mapping[str, Any], kinds: Mapping[str, Kind]) -> Where | None:
    """The filter, None where nothing is said. ValueError says which field and what is wrong."""
    tests = [
        (name, test) for name, condition in said.items() for test in _tests(condition, kinds[name])
    ]
    if not tests:
        return None

    def where(values: Mapping[str, Any]) -> bool:
        return all(test(values.get(name)) for name, test in tests)

    return where


def _tests(condition: Any, kind: Kind) -> Iterable[Test]:
    inner = kind.inner if isinstance(kind, Extension) else kind
    if not isinstance(condition, Mapping):
        condition = {"eq": condition}
    for operator, given in condition.items():
        if operator not in OPERATORS:
            raise ValueError(f"`{operator}` is no comparison; known are {', '.join(OPERATORS)}")
        yield _test(operator, given, inner)


def _test(operator: str, given: Any, kind: Kind) -> Test:
    if operator in LISTS:
        if not isinstance(given, list | tuple):
            raise ValueError(f"`{operator}` takes a list, like [{given}]")
        return _of_list(operator, [_normal(one, kind) for one in given], kind)
    if operator in ("before", "after"):
        return _ordered(operator, given, kind)
    if operator == "contains":
        return _contains(given, kind)
    if kind.name in MANY and isinstance(given, str):
        raise ValueError(f"this is a list; write {{any: [{given}]}}")
    wanted = kind.normal(given)
    return lambda value: kind.equal(value, wanted)


def _of_list(operator: str, wanted: Sequence[Any], kind: Kind) -> Test:
    def has(value: Any, one: Any) -> bool:
        return one in (value or ()) if kind.name in MANY else kind.equal(value, one)

    match operator:
        case "all":
            return lambda value: value is not None and all(has(value, one) for one in wanted)
        case "none":
            return lambda value: value is None or not any(has(value, one) for one in wanted)
    return lambda value: value is not None and any(has(value, one) for one in wanted)


def _normal(one: Any, kind: Kind) -> Any:
    """One value as the kind spells it; of a set, one element."""
    if kind.name in MANY:
        found = kind.normal([one])
        return found[0] if found else None
    return kind.normal(one)


def _ordered(operator: str, given: Any, kind: Kind) -> Test:
    if kind.name not in ORDERED:
        raise ValueError(f"`{operator}` compares days, moments and numbers, and this is none")
    if kind.normal(given) is None:
        raise ValueError(f"`{operator}` needs something to compare with")
    # Moments with and without fractions of a second do not sort as texts.
    rank = datetime.fromisoformat if kind.name == "datetime" else _as_it_is
    limit = rank(kind.normal(given))
    if operator == "before":
        return lambda value: value is not None and rank(value) < limit
    return lambda value: value is not None and rank(value) > limit


def _as_it_is(value: Any) -> Any:
    return value


def _contains(given: Any, kind: Kind) -> Test:
    if not isinstance(given, str) or not given:
        raise ValueError("`contains` takes a text")
    if kind.name in MANY:
        wanted = _normal(given, kind)
        return lambda value: wanted in (value or ())
    if kind.name == "rich_text":
        return lambda value: value is not None and _within(given, plain_text(value))
    if kind.name in ("text", "url", "reference", "person"):
        return lambda value: value is not None and _within(given, value)
    raise ValueError("`contains` looks into texts and sets, and this is neither")


def _within(part: str, whole: str) -> bool:
    return part.casefold() in whole.casefold()
