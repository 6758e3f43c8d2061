"""What a JQL query means on this site: a test for issues, an order, and what is refused.

Text fields know only `~`, moments are read in the account's time zone and to the minute, and names
that do not exist refuse the whole query, as on a real site.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from connectors.jira.fake import adf
from connectors.jira.fake.jql import BadJql, Both, Clause, Either, Negated, Node, Value, parse
from connectors.jira.fake.moments import day, moment
from connectors.jira.fake.site import Doc, Site
from connectors.jira.fake.vocabulary import (
    CATEGORIES,
    FIELDS,
    PRIORITIES,
    RESOLUTIONS,
    STATUSES,
    TYPES,
    FieldDef,
    Named,
)

Test: TypeAlias = Callable[[Doc], bool]
ALIASES = {
    "key": "issue",
    "issuekey": "issue",
    "id": "issue",
    "issue": "issue",
    "type": "issuetype",
    "due": "duedate",
    "resolved": "resolutiondate",
    "createddate": "created",
    "updateddate": "updated",
}
EQUALITY = ("=", "!=", "in")
ORDERED = ("=", "!=", "in", ">", ">=", "<", "<=")
CONTAINS = ("~", "!~")


@dataclass(frozen=True, slots=True)
class Query:
    """A query that was understood. `floor`: no match was updated before it."""

    matches: Test
    order: tuple[tuple[str, bool], ...]
    bounded: bool
    floor: int | None


class Matcher:
    """Reads queries for one account."""

    def __init__(self, site: Site, account: str, zone: str) -> None:
        self._site = site
        self._account = account
        self._zone = ZoneInfo(zone)

    def query(self, text: str) -> Query:
        """The query, or BadJql with Jira's words."""
        parsed = parse(text)
        order = tuple((self._field(name), down) for name, down in parsed.order)
        if parsed.where is None:
            return Query(lambda doc: True, order, False, None)
        return Query(self._test(parsed.where), order, True, self._floor(parsed.where))

    def _floor(self, node: Node) -> int | None:
        if isinstance(node, Both):
            return max((f for p in node.parts if (f := self._floor(p)) is not None), default=None)
        if not isinstance(node, Clause) or node.operator not in (">", ">="):
            return None
        known = self._field(node.field) == "updated" and node.values[0].kind != "empty"
        return self._moment(node.field, node.values[0]) if known else None

    def _test(self, node: Node) -> Test:
        if isinstance(node, Clause):
            return self._clause(node)
        if isinstance(node, Negated):
            inner = self._test(node.part)
            return lambda doc: not inner(doc)
        tests = [self._test(part) for part in node.parts]
        if isinstance(node, Either):
            return lambda doc: any(test(doc) for test in tests)
        return lambda doc: all(test(doc) for test in tests)

    def _field(self, name: str) -> str:
        low = name.casefold()
        low = ALIASES.get(low, low)
        if low in FIELDS or low in ("issue", "project", "text", "statuscategory"):
            return low
        custom = re.fullmatch(r"cf\[(\d+)\]", low)
        if custom and f"customfield_{custom[1]}" in FIELDS:
            return f"customfield_{custom[1]}"
        for field in FIELDS.values():
            if field.name.casefold() == low:
                return field.id
        if low in self._site.setting("indexed properties"):
            return low
        raise BadJql(f"Field '{name}' does not exist or you do not have permission to view it.")

    def _clause(self, clause: Clause) -> Test:
        name = self._field(clause.field)
        if name == "text":
            return self._text(clause, ("summary", "description"), comments=True)
        if name == "comment":
            return self._text(clause, (), comments=True)
        if name == "issue":
            return self._issue(clause)
        if name in ("project", "statuscategory"):
            return self._project(clause) if name == "project" else self._category(clause)
        if name not in FIELDS:
            return self._property(clause, name)
        field = FIELDS[name]
        match field.kind:
            case "line" | "text" | "adf":
                return self._text(clause, (name,))
            case "moment":
                return self._when(clause, field)
            case "date":
                return self._date(clause, field)
            case "user":
                return self._user(clause, field)
        return self._chosen(clause, field)

    @staticmethod
    def _only(clause: Clause, operators: tuple[str, ...]) -> None:
        if clause.operator not in operators:
            raise BadJql(
                f"The operator '{clause.operator}' is not supported by the '{clause.field}' field."
            )

    def _among(
        self, clause: Clause, get: Callable[[Doc], Any], ids: Mapping[str, Any], label: str
    ) -> Test:
        """A test on a value that is one of a set of known things, or empty."""
        self._only(clause, EQUALITY)
        wanted: set[Any] = set()
        for value in clause.values:
            if value.kind == "empty":
                wanted.add(None)
                continue
            known = ids.get(value.text.casefold())
            if known is None:
                raise BadJql(f"The value '{value.text}' does not exist for the field '{label}'.")
            wanted.add(known)
        if clause.operator == "!=":  # an empty field matches neither = nor !=
            return lambda doc: (found := get(doc)) not in wanted and found is not None
        return lambda doc: get(doc) in wanted

    def _project(self, clause: Clause) -> Test:
        ids = {}
        for value in clause.values:
            project = self._site.project(value.text)
            if project is not None:
                ids[value.text.casefold()] = project.id
        return self._among(clause, lambda doc: doc["project"], ids, "project")

    def _category(self, clause: Clause) -> Test:
        ids = {name.casefold(): key for key, (_, _, name) in CATEGORIES.items()}
        ids.update({key: key for key in CATEGORIES})
        of = {s.id: s.category for s in STATUSES}
        return self._among(clause, lambda doc: of[doc["fields"]["status"]], ids, "statusCategory")

    def _issue(self, clause: Clause) -> Test:
        self._only(clause, ORDERED)
        wanted = []
        for value in clause.values:
            doc = self._site.find(value.text)
            if doc is None or doc["hidden"]:
                raise BadJql(
                    f"An issue with key '{value.text}' does not exist for field '{clause.field}'."
                )
            wanted.append(doc)
        ids = {doc["id"] for doc in wanted}
        if clause.operator in ("=", "in"):
            return lambda doc: doc["id"] in ids
        if clause.operator == "!=":
            return lambda doc: doc["id"] not in ids
        compare, project = COMPARE[clause.operator], wanted[0]["project"]
        limit = _number(wanted[0])
        return lambda doc: doc["project"] == project and compare(_number(doc), limit)

    def _user(self, clause: Clause, field: FieldDef) -> Test:
        ids = {}
        for value in clause.values:
            if value.kind == "function" and value.text == "currentuser":
                ids["currentuser"] = self._account
            else:
                ids |= {value.text.casefold(): u for u in self._named(value.text)}
        where = field.id
        if where == "creator":
            return self._among(clause, lambda doc: doc["creator"], ids, where)
        return self._among(clause, lambda doc: doc["fields"].get(where), ids, where)

    def _named(self, text: str) -> list[str]:
        if text in self._site.users:
            return [text]
        users = () if self._site.face.cloud else self._site.users.values()
        return [str(user["id"]) for user in users if user["login"] == text]

    def _chosen(self, clause: Clause, field: FieldDef) -> Test:
        where = field.id
        if field.kind == "labels":
            return self._labels(clause)
        if field.kind == "parent":
            found = [self._site.find(v.text) for v in clause.values]
            keys = {
                v.text.casefold(): d["id"]
                for v, d in zip(clause.values, found, strict=True)
                if d is not None
            }
            return self._among(clause, lambda doc: doc["fields"].get(where), keys, where)
        things: tuple[Named, ...] = field.options or {
            "priority": PRIORITIES,
            "resolution": RESOLUTIONS,
            "status": STATUSES,
            "issuetype": TYPES,
        }.get(field.kind, ())
        things = self._site.choices(things)
        if not things:
            self._only(clause, ())
        ids = {t.name.casefold(): t.id for t in things} | {t.id: t.id for t in things}
        if field.kind == "options":
            return self._several(clause, where, ids)
        return self._among(clause, lambda doc: doc["fields"].get(where), ids, clause.field)

    def _several(self, clause: Clause, where: str, ids: Mapping[str, str]) -> Test:
        one = self._among(clause, lambda doc: doc["kept"], ids, clause.field)

        def test(doc: Doc) -> bool:
            kept = doc["fields"].get(where) or [None]
            return any(one({"kept": k}) for k in kept)

        return test

    def _labels(self, clause: Clause) -> Test:
        self._only(clause, EQUALITY)
        wanted = {None if v.kind == "empty" else v.text.casefold() for v in clause.values}

        def test(doc: Doc) -> bool:
            labels = [label.casefold() for label in doc["fields"].get("labels") or ()]
            if clause.operator == "!=":
                return bool(labels) and not any(label in wanted for label in labels)
            return any(label in wanted for label in labels) or (not labels and None in wanted)

        return test

    def _text(self, clause: Clause, names: tuple[str, ...], comments: bool = False) -> Test:
        (value, *_) = clause.values
        if value.kind == "empty":
            return lambda doc: not any(doc["fields"].get(n) for n in names)
        self._only(clause, CONTAINS)
        phrase = len(value.text) > 2 and value.text[0] == value.text[-1] == '"'
        wanted = [t for t in re.split(r"[^\w*]+", value.text.casefold()) if t]

        def test(doc: Doc) -> bool:
            texts = [_plain(doc["fields"].get(n)) for n in names]
            if comments:
                texts += [
                    self._site.face.plain(c["body"]) for c in self._site.comments_of(doc["id"])
                ]
            found = any(_contains(text, wanted, phrase) for text in texts)
            return found is (clause.operator == "~")

        return test

    def _property(self, clause: Clause, name: str) -> Test:
        self._only(clause, EQUALITY)
        match = re.fullmatch(r"issue\.property\[(.+?)\]\.?(.*)", name)
        key, path = (match[1], match[2].split(".")) if match else (name, [])
        wanted = {v.text for v in clause.values}

        def test(doc: Doc) -> bool:
            value = next((v for k, v in doc["properties"].items() if k.casefold() == key), None)
            for part in path:
                value = value.get(part) if isinstance(value, dict) else None
            return (str(value) in wanted) is (clause.operator != "!=")

        return test

    # moments

    def _when(self, clause: Clause, field: FieldDef) -> Test:
        self._only(clause, ORDERED)
        where = field.id
        inside = where == "resolutiondate"
        limits = [
            None if v.kind == "empty" else self._moment(clause.field, v) for v in clause.values
        ]
        compare = COMPARE.get(clause.operator)

        def test(doc: Doc) -> bool:
            at = doc["fields"].get(where) if inside else doc[where]
            if compare is None or limits[0] is None:
                return (at in limits) is (clause.operator != "!=")
            return at is not None and compare(at, limits[0])

        return test

    def _date(self, clause: Clause, field: FieldDef) -> Test:
        self._only(clause, ORDERED)
        where = field.id
        days = [None if v.kind == "empty" else self._day(clause.field, v) for v in clause.values]
        compare = COMPARE.get(clause.operator)

        def test(doc: Doc) -> bool:
            kept = doc["fields"].get(where)
            if compare is None or days[0] is None:
                return (kept in days) is (clause.operator != "!=")
            return kept is not None and compare(kept, days[0])

        return test

    def _day(self, name: str, value: Value) -> str:
        return day(name, value, self._site.clock.now(), self._zone)

    def _moment(self, name: str, value: Value) -> int:
        return moment(name, value, self._site.clock.now(), self._zone)


COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
}


def _number(doc: Doc) -> int:
    return int(doc["key"].rpartition("-")[2])


def _plain(kept: Any) -> str:
    return adf.plain(kept) if isinstance(kept, dict) else str(kept or "")


def _contains(text: str, wanted: list[str], phrase: bool) -> bool:
    """Words as a search engine's analyser sees them: folded, cut at everything else."""
    found = re.findall(r"\w+", text.casefold())
    if phrase:
        size = len(wanted)
        return any(found[at : at + size] == wanted for at in range(len(found) - size + 1))
    return all(
        any(word.startswith(w[:-1]) if w.endswith("*") else word == w for word in found)
        for w in wanted
    )
