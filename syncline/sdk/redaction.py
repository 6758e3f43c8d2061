"""Keeps secrets out of text that people and log files see.

Two nets, because each has holes the other closes: every known secret is masked *by value*, in each
form it takes on its way (percent-encoded, in JSON, in a Python literal), and whatever stands behind
a header name that carries credentials is masked *by name*. `protect_logs` hangs both on the loggers
of the HTTP stack; at DEBUG those print requests and replies down to the header table of HTTP/2.
"""

from __future__ import annotations

import json
import logging
import re
import traceback
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

MASK = "***"

# A shorter value is no secret worth the name, and masking it would shred ordinary words.
_SHORTEST = 4

# A filter acts on its own logger only, never on the loggers below it.
_LOGGERS = (
    "syncline.http",
    "httpx",
    "httpcore.connection",
    "httpcore.http11",
    "httpcore.http2",
    "httpcore.proxy",
    "httpcore.socks",
)
# hpack prints header blocks Huffman-coded, where no masking finds a secret and any reader can.
_SILENCED = ("hpack.hpack", "hpack.table")

_CREDENTIAL_NAME = re.compile(
    r"authorization|cookie|token|secret|password|api[-_]?key|session|signature", re.IGNORECASE
)

# `authorization: value`, `(b'set-cookie', b'value')`, `"x-api-key": "value"`, `token=value`.
_NAMED_VALUE = re.compile(
    r"""(?P<name>[\w-]*(?:authorization|cookie|token|secret|password|api[-_]?key)[\w-]*
            ['"]?\s*[,:=]\s*)
        (?: b?'(?:[^'\\]|\\.)*' | b?"(?:[^"\\]|\\.)*"
          | (?:basic|bearer|token)\s+[^\s,;'")]+ | [^\s,;&'")]+ )
    """,
    re.IGNORECASE | re.VERBOSE,
)


def carries_credentials(header: str) -> bool:
    """Whether a header of this name is treated as secret whatever its value's type."""
    return _CREDENTIAL_NAME.search(header) is not None


class Redactor:
    """Remembers secret values and masks every occurrence of them in a text."""

    def __init__(self) -> None:
        self._values: set[str] = set()
        self._longest_first: list[str] | None = None

    def add(self, values: Iterable[str]) -> None:
        """From now on mask these values, in all the forms they take in requests and logs."""
        for value in values:
            if len(value) >= _SHORTEST and value not in self._values:
                self._values.update(_forms(value))
                self._longest_first = None

    def by_value(self, text: str) -> str:
        """`text` with every known secret masked; overlapping secrets leave no remainder."""
        return _masked(text, self._known(text))

    def __call__(self, text: str) -> str:
        """`text` masked by value and by name, each as if the other had masked nothing."""
        named = [(found.end("name"), found.end()) for found in _NAMED_VALUE.finditer(text)]
        return _masked(text, [*self._known(text), *named])

    def _known(self, text: str) -> list[tuple[int, int]]:
        """Where known secrets stand."""
        if self._longest_first is None:
            self._longest_first = sorted(self._values, key=len, reverse=True)
        return [span for value in self._longest_first for span in _occurrences(value, text)]


def _masked(text: str, spans: list[tuple[int, int]]) -> str:
    if not spans:
        return text
    pieces, kept_to = [], 0
    for start, end in _merged(spans):
        pieces += [text[kept_to:start], MASK]
        kept_to = end
    return "".join([*pieces, text[kept_to:]])


redact = Redactor()
"""The process's redactor. It only ever learns: a secret that was replaced is still one."""


class RedactingFilter(logging.Filter):
    """Rewrites a log record so that neither its message nor its traceback shows a secret."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = redact(record.getMessage()), ()
        if record.exc_info:
            record.exc_text = "".join(traceback.format_exception(*record.exc_info)).rstrip()
            record.exc_info = None
        if record.exc_text:
            record.exc_text = redact(record.exc_text)
        return True


_FILTER = RedactingFilter()


def _drop(record: logging.LogRecord) -> bool:
    return False


def protect_logs() -> None:
    """Put the filter on every logger of the HTTP stack; calling it again changes nothing."""
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_FILTER)
    for name in _SILENCED:
        logging.getLogger(name).addFilter(_drop)


def _forms(value: str) -> set[str]:
    encoded = value.encode(errors="replace")
    in_python = repr(value)[1:-1], repr(encoded)[2:-1]
    in_json = json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]
    in_url = quote(encoded, safe=""), quote(encoded), quote_plus(encoded)
    return {value, *in_python, *in_json, *in_url}


def _occurrences(value: str, text: str) -> Iterable[tuple[int, int]]:
    start = text.find(value)
    while start >= 0:
        yield start, start + len(value)
        start = text.find(value, start + 1)


def _merged(spans: list[tuple[int, int]]) -> Iterable[tuple[int, int]]:
    """Overlapping or touching spans as one each, in order."""
    spans.sort()
    start, end = spans[0]
    for next_start, next_end in spans[1:]:
        if next_start > end:
            yield start, end
            start, end = next_start, next_end
        else:
            end = max(end, next_end)
    yield start, end
