"""Reading JQL: the subset of clauses, operators and functions that integrations use.

Grammar and words: support.atlassian.com/jira-software-cloud/docs, jql-fields and jql-operators.
What is read here is checked against the site in `matching`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

TOKEN = re.compile(
    r"""\s*(?:
      (?P<quoted>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')
    | (?P<op>!=|!~|>=|<=|=|~|>|<|!|\(|\)|,)
    | (?P<word>[^\s=!<>~(),"'&|]+)
    | (?P<logic>&&|\|\||&|\|)
    )""",
    re.VERBOSE,
)
COMPARISONS = {"=", "!=", "~", "!~", ">", ">=", "<", "<="}
RESERVED = {"and", "or", "not", "order", "by", "in", "is", "was", "changed", "empty", "null"}


class BadJql(Exception):
    """What Jira would say of the query."""


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the query; `kind` is quoted, op, word or logic."""

    kind: str
    text: str
    at: int


@dataclass(frozen=True, slots=True)
class Value:
    """An operand: `kind` is text (quoted), word (bare), empty, or function."""

    kind: str
    text: str
    arguments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Clause:
    """`field operator values`; the operator is in lower case, "in" takes several values."""

    field: str
    operator: str
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Both:
    """All of them."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """At least one of them."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Negated:
    """Not this."""

    part: Node


Node: TypeAlias = Clause | Both | Either | Negated


@dataclass(frozen=True, slots=True)
class Parsed:
    """A whole query; without `where` it is unbounded."""

    where: Node | None
    order: tuple[tuple[str, bool], ...]  # (field, descending)


def tokens(text: str) -> list[Token]:
    """The query in pieces."""
    found = []
    at = 0
    while text[at:].strip():
        match = TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise BadJql(
                f"Error in the JQL Query: The quoted string or character '{text[at:].strip()[:1]}' "
                f"is not complete. (line 1, character {at + 1})"
            )
        found.append(Token(match.lastgroup, match.group(match.lastgroup), match.start() + 1))
        at = match.end()
    return found


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1])


class _Reader:
    def __init__(self, pieces: Sequence[Token]) -> None:
        self._pieces = pieces
        self._next = 0

    def peek(self, ahead: int = 0) -> Token | None:
        at = self._next + ahead
        return self._pieces[at] if at < len(self._pieces) else None

    def word(self) -> str:
        """The next bare word in lower case, or nothing."""
        token = self.peek()
        return token.text.lower() if token and token.kind in ("word", "logic") else ""

    def take(self) -> Token:
        token = self.peek()
        if token is None:
            raise BadJql("Error in the JQL Query: The query ends where more was expected.")
        self._next += 1
        return token

    def expect(self, *texts: str) -> Token:
        token = self.take()
        if token.kind == "quoted" or token.text.lower() not in texts:
            raise self.wrong(token, " or ".join(f"'{t}'" for t in texts))
        return token

    def is_op(self, text: str) -> bool:
        token = self.peek()
        return token is not None and token.kind == "op" and token.text == text

    @staticmethod
    def wrong(token: Token, expected: str) -> BadJql:
        return BadJql(
            f"Error in the JQL Query: Expecting {expected} but got '{token.text}'. "
            f"(line 1, character {token.at})"
        )


def parse(text: str) -> Parsed:
    """The query, or BadJql with what is wrong with it."""
    reader = _Reader(tokens(text))
    where = None
    if reader.peek() is not None and reader.word() != "order":
        where = _either(reader)
    order: list[tuple[str, bool]] = []
    if reader.word() == "order":
        reader.take()
        reader.expect("by")
        order = _order(reader)
    rest = reader.peek()
    if rest is not None:
        raise reader.wrong(rest, "either 'OR' or 'AND'")
    return Parsed(where, tuple(order))


def _order(reader: _Reader) -> list[tuple[str, bool]]:
    terms = []
    while True:
        field = _name(reader)
        descending = reader.word() == "desc"
        if reader.word() in ("asc", "desc"):
            reader.take()
        terms.append((field, descending))
        if not reader.is_op(","):
            break
        reader.take()
    if len(terms) > 7:
        raise BadJql("Error in the JQL Query: No more than 7 fields are allowed in ORDER BY.")
    return terms


def _either(reader: _Reader) -> Node:
    parts = [_both(reader)]
    while reader.word() in ("or", "||", "|"):
        reader.take()
        parts.append(_both(reader))
    return parts[0] if len(parts) == 1 else Either(tuple(parts))


def _both(reader: _Reader) -> Node:
    parts = [_not(reader)]
    while reader.word() in ("and", "&&", "&"):
        reader.take()
        parts.append(_not(reader))
    return parts[0] if len(parts) == 1 else Both(tuple(parts))


def _not(reader: _Reader) -> Node:
    if reader.word() == "not" or reader.is_op("!"):
        reader.take()
        return Negated(_not(reader))
    if reader.is_op("("):
        reader.take()
        inner = _either(reader)
        reader.expect(")")
        return inner
    return _clause(reader)


def _name(reader: _Reader) -> str:
    token = reader.take()
    if token.kind == "quoted":
        return _unquoted(token.text)
    if token.kind != "word" or token.text.lower() in RESERVED:
        raise reader.wrong(token, "a field name")
    return token.text


def _clause(reader: _Reader) -> Node:
    field = _name(reader)
    token = reader.take()
    operator = token.text.lower()
    if token.kind == "op" and operator in COMPARISONS:
        return Clause(field, operator, (_value(reader),))
    if operator in ("in", "not") and token.kind == "word":
        if operator == "not":
            reader.expect("in")
        clause = Clause(field, "in", _list(reader))
        return Negated(clause) if operator == "not" else clause
    if operator == "is" and token.kind == "word":
        negated = reader.word() == "not"
        if negated:
            reader.take()
        reader.expect("empty", "null")
        clause = Clause(field, "=", (Value("empty", "EMPTY"),))
        return Negated(clause) if negated else clause
    if operator in ("was", "changed"):
        raise BadJql(f"Error in the JQL Query: This sandbox does not know '{operator}'.")
    raise reader.wrong(token, "operator")


def _list(reader: _Reader) -> tuple[Value, ...]:
    reader.expect("(")
    values = [_value(reader)]
    while reader.is_op(","):
        reader.take()
        values.append(_value(reader))
    reader.expect(")")
    return tuple(values)


def _value(reader: _Reader) -> Value:
    token = reader.take()
    if token.kind == "quoted":
        return Value("text", _unquoted(token.text))
    if token.kind != "word":
        raise reader.wrong(token, "a value")
    if token.text.lower() in ("empty", "null"):
        return Value("empty", token.text)
    if token.text.lower() in RESERVED:
        raise BadJql(
            f"Error in the JQL Query: '{token.text}' is a reserved JQL word. You must surround it "
            f"in quotation marks to use it in a query. (line 1, character {token.at})"
        )
    if reader.is_op("("):
        reader.take()
        arguments = []
        while not reader.is_op(")"):
            arguments.append(_value(reader).text)
            if reader.is_op(","):
                reader.take()
        reader.take()
        return Value("function", token.text.lower(), tuple(arguments))
    return Value("word", token.text)
