"""SOQL as far as the sandbox speaks it: SELECT, FROM, WHERE, ORDER BY, LIMIT.

As strict as Salesforce: AND and OR stand beside each other only in brackets, a backslash before
anything but what it escapes is an error, a long text cannot be filtered, and texts are compared
without case. (SOQL and SOSL Reference)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from connectors.salesforce.fake.errors import Refused, no_such_column
from connectors.salesforce.fake.schema import OBJECTS, Column

Row: TypeAlias = dict[str, Any]
Test: TypeAlias = Callable[[Row], bool]

_TOKEN = re.compile(
    r"\s*(?:"
    r"(?P<text>'(?:[^'\\]|\\.)*')"
    r"|(?P<time>\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d))?)"
    r"|(?P<number>-?\d+(?:\.\d+)?)"
    r"|(?P<word>[A-Za-z_][\w.]*)"
    r"|(?P<mark><=|>=|!=|<>|[=<>(),])"
    r")",
    re.DOTALL,
)
_OF_SOMETHING = re.compile(r"\b(ContentDocumentId|LinkedEntityId)\s*(=|IN\b)")
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", '"': '"', "'": "'", "\\": "\\"}
_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: bool(a == b),
    "!=": lambda a, b: bool(a != b),
    "<>": lambda a, b: bool(a != b),
    "<": lambda a, b: a is not None and bool(a < b),
    "<=": lambda a, b: a is not None and bool(a <= b),
    ">": lambda a, b: a is not None and bool(a > b),
    ">=": lambda a, b: a is not None and bool(a >= b),
}


@dataclass(frozen=True, slots=True)
class Query:
    """What a query asks for."""

    fields: Sequence[str]
    source: str
    fits: Test
    order: Sequence[tuple[str, bool]]
    limit: int | None

    def of(self, rows: Sequence[Row]) -> list[Row]:
        """The rows it gives."""
        found = [row for row in rows if self.fits(row)]
        for name, falling in reversed(self.order):
            found.sort(key=lambda row: _place(row.get(name)), reverse=falling)
        return found[: self.limit]


def parse(text: str, columns: Callable[[str], Mapping[str, Column]]) -> Query:
    """A query; raises Refused. `columns` tells the fields of an object that this user sees."""
    query = _Parser(text, columns).query()
    if query.source == "ContentDocumentLink" and not _OF_SOMETHING.search(text):
        # Object Reference, ContentDocumentLink: special access rules; words unverified.
        raise _malformed(
            "Implementation restriction: ContentDocumentLink requires a filter by a single Id on "
            "ContentDocumentId or LinkedEntityId using the equals operator or multiple Id's using "
            "the IN operator."
        )
    return query


def unquoted(literal: str) -> str:
    """The text of a literal; raises Refused."""

    def one(match: re.Match[str]) -> str:
        letter = match[1].lower() if match[1].isalpha() else match[1]
        if letter not in _ESCAPED:
            raise _malformed(f"Illegal string literal: Invalid string literal '\\{match[1]}'")
        return _ESCAPED[letter]

    inside = literal[1:-1]
    if "\n" in inside or "\r" in inside:
        raise _malformed("Line breaks not allowed in string literals")
    return re.sub(r"\\(.)", one, inside, flags=re.DOTALL)


class _Parser:
    """One query, from left to right."""

    def __init__(self, text: str, columns: Callable[[str], Mapping[str, Column]]) -> None:
        self._tokens = _tokens(text)
        self._at = 0
        self._columns_of = columns
        self._columns: Mapping[str, Column] = {}
        self._source = ""

    def query(self) -> Query:
        self._expect("SELECT")
        fields = [self._word()]
        while self._took(","):
            fields.append(self._word())
        self._expect("FROM")
        self._source = self._word()
        if self._source not in OBJECTS:
            words = f"sObject type '{self._source}' is not supported."
            raise Refused("INVALID_TYPE", words)
        self._columns = self._columns_of(self._source)
        names = [self._column(field).name for field in fields]
        fits = self._any() if self._took("WHERE") else lambda row: True
        order = self._order() if self._took("ORDER") else []
        limit = int(self._next()[1]) if self._took("LIMIT") else None
        if self._at < len(self._tokens):
            raise _malformed(f"unexpected token: '{self._tokens[self._at][1]}'")
        return Query(names, self._source, fits, order, limit)

    def _order(self) -> list[tuple[str, bool]]:
        self._expect("BY")
        order = []
        while True:
            name = self._column(self._word()).name
            order.append((name, self._took("DESC")))
            self._took("ASC")
            if not self._took(","):
                return order

    def _any(self) -> Test:
        tests = [self._one()]
        joined = ""
        while (word := self._peek().upper()) in ("AND", "OR"):
            if joined not in ("", word):
                raise _malformed(f"unexpected token: '{word}'")
            joined = word
            self._at += 1
            tests.append(self._one())
        if joined == "OR":
            return lambda row: any(test(row) for test in tests)
        return lambda row: all(test(row) for test in tests)

    def _one(self) -> Test:
        if self._took("("):
            test = self._any()
            self._expect(")")
            return test
        column = self._column(self._word())
        if column.type == "textarea":
            words = f"field '{column.name}' can not be filtered in a query call"
            raise Refused("INVALID_FIELD", words)
        name = column.name
        if self._took("IN"):
            self._expect("(")
            values = [self._value(column)]
            while self._took(","):
                values.append(self._value(column))
            self._expect(")")
            return lambda row: _folded(column, row.get(name)) in values
        kind, mark = self._next()
        if kind != "mark" or mark not in _COMPARE:
            raise _malformed(f"unexpected token: '{mark}'")
        compare, wanted = _COMPARE[mark], self._value(column)
        return lambda row: compare(_folded(column, row.get(name)), wanted)

    def _value(self, column: Column) -> Any:
        kind, text = self._next()
        times = column.type in ("datetime", "date")
        if text.lower() == "null" and kind == "word":
            return None
        if kind == "text" and not times and column.type != "boolean":
            return _folded(column, unquoted(text))
        if kind == "time" and times:
            return _folded(column, text)
        if kind == "number" and column.type in ("int", "currency", "percent", "double"):
            return float(text)
        if kind == "word" and column.type == "boolean" and text.lower() in ("true", "false"):
            return text.lower() == "true"
        words = f"value of filter criterion for field '{column.name}' must be of type {column.type}"
        raise Refused("INVALID_FIELD", f"{words} and should be enclosed in quotes")

    def _column(self, name: str) -> Column:
        found = self._columns.get(name)
        if found is None:
            raise no_such_column(name, self._source)
        return found

    def _word(self) -> str:
        kind, text = self._next()
        if kind != "word":
            raise _malformed(f"unexpected token: '{text}'")
        return text

    def _expect(self, word: str) -> None:
        if not self._took(word):
            raise _malformed(f"expecting '{word}', found '{self._peek()}'")

    def _took(self, word: str) -> bool:
        taken = self._peek().upper() == word
        self._at += taken
        return taken

    def _peek(self) -> str:
        return self._tokens[self._at][1] if self._at < len(self._tokens) else ""

    def _next(self) -> tuple[str, str]:
        if self._at >= len(self._tokens):
            raise _malformed("unexpected token: <EOF>")
        self._at += 1
        return self._tokens[self._at - 1]


def _tokens(text: str) -> list[tuple[str, str]]:
    found, at, end = [], 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise _malformed(f"unexpected token: '{text[at : at + 20]}'")
        found.append((match.lastgroup, match[match.lastgroup]))
        at = match.end()
    return found


def _folded(column: Column, value: Any) -> Any:
    """A value as it is compared."""
    if column.type in ("datetime", "date") and isinstance(value, str):
        return datetime.fromisoformat(value) if column.type == "datetime" else value
    if isinstance(value, str) and column.type not in ("id", "reference"):
        return value.casefold()
    return value


def _place(value: Any) -> tuple[bool, Any]:
    """Nothing comes first."""
    return (value is not None, value if value is not None else "")


def _malformed(words: str) -> Refused:
    return Refused("MALFORMED_QUERY", words)
