"""A tracker in memory: what stands behind every side of the tests, and what people use.

`MemoryTool` is the tool itself, not a connector: a test calls `create`, `edit`, `comment` … as a
person would (`by="ann"`) and reads what the tool shows. Its only time is the clock it is given and
it draws nothing by lot, so a test that is run twice sees the same ids, versions and order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from syncline.sdk.clock import Clock
from syncline.sdk.connector import Attachment, Change, Comment, LinkCard, Person, Visibility
from syncline.simulation.faults import CallLog, Faults
from syncline.simulation.wire import copied, differences, leaves, nested, patched
from syncline.simulation.workflow import steps_to

BOT = "syncline"

EMPTY: Mapping[str, Any] = {
    "title": None,
    "body": None,
    "status": None,
    "priority": None,
    "labels": [],
    "assignee": None,
    "custom": {},
}


class Refused(Exception):
    """The tool does not accept a value; its words say why."""


class Unknown(Exception):
    """The tool has no such record; `hidden`: it has, but not for this reader."""

    def __init__(self, id: str, hidden: bool = False) -> None:
        super().__init__(f"no record {id}")
        self.hidden = hidden


@dataclass(frozen=True, slots=True)
class FieldRule:
    """What the tool accepts at a path. `cut` truncates silently where `max_length` refuses."""

    type: str = "text"
    options: tuple[str, ...] | None = None
    required: bool = False
    create_only: bool = False
    max_length: int | None = None
    cut: int | None = None


FIELDS: Mapping[str, FieldRule] = {
    "title": FieldRule(required=True),
    "body": FieldRule("rich_text"),
    "status": FieldRule("enum"),
    "priority": FieldRule("enum"),
    "labels": FieldRule("set"),
    "assignee": FieldRule("person"),
}

Automation = Callable[[Mapping[str, Any], Mapping[str, Any]], Mapping[str, Any]]
"""Given the fields before and after a write, a patch the tool adds by itself, or nothing."""


@dataclass(frozen=True, slots=True)
class State:
    """A record at one moment; `sequence` counts the changes of the whole tool."""

    fields: Mapping[str, Any]
    version: int
    updated_at: datetime
    in_scope: bool = True
    deleted: bool = False
    merged_into: str | None = None
    hidden: bool = False
    sequence: int = 0


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing somebody did, for a test that asks who wrote what: fields before and after.

    `asked` are the fields as they wanted them, of which the tool may have made something else.
    """

    kind: str
    id: str
    by: str
    at: datetime
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None
    asked: Mapping[str, Any] | None = None


@dataclass(slots=True)
class Item:
    """A record with everything that hangs on it; `states` are its past as far as searches lag."""

    id: str
    key: str | None
    created_at: datetime
    states: list[State]
    history: list[Change] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    files: list[tuple[Attachment, bytes]] = field(default_factory=list)
    cards: dict[tuple[str, str], LinkCard] = field(default_factory=dict)

    @property
    def now(self) -> State:
        return self.states[-1]

    def at(self, moment: datetime) -> State | None:
        """The record as it was at a moment; None before it was made."""
        return next((s for s in reversed(self.states) if s.updated_at <= moment), None)


class MemoryTool:
    """The tool. `search_lag` is how far its listings and searches stay behind; reads by id do not.
    `grain` is what the time of a change is cut to.

    `workflow` names, for each status (None: a new record's), those that may follow;
    without it any may.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        name: str = "memory",
        record: str = "ticket",
        fields: Mapping[str, FieldRule] = FIELDS,
        text_format: str = "html",
        workflow: Mapping[str | None, Sequence[str]] | None = None,
        search_lag: timedelta = timedelta(0),
        grain: timedelta = timedelta(0),
        id_prefix: str = "T-",
        token: str = "memory-token-0001",  # noqa: S107
    ) -> None:
        self.clock = clock
        self.name = name
        self.record = record
        self.rules = dict(fields)
        self.text_format = text_format
        self.workflow = workflow
        self.search_lag = search_lag
        self.grain = grain
        self.token = token
        self.automations: list[Automation] = []
        self.deeds: list[Deed] = []
        self.before_write: Callable[[Item], None] | None = None
        self.faults = Faults()
        self.log = CallLog()
        self.people: dict[str, Person] = {BOT: Person(BOT, name="Syncline")}
        self.items: dict[str, Item] = {}
        self.closed: dict[str, list[str]] = {}  # for good, each with its follow-ups
        self._prefix = id_prefix
        self._made = 0
        self._changes = 0
        # A listing of a tool without lag holds until something changes.
        self._listed: list[tuple[Item, State]] | None = None

    # What people do.

    def create(self, fields: Mapping[str, Any], by: str = "ann", key: str | None = None) -> str:
        """Make a record and give its id; what is not given is empty."""
        asked = patched(EMPTY, fields)
        after = self._accepted({}, asked, creating=True)
        id = self._new_id()
        now = self.moment(self.clock.now())
        self.items[id] = Item(id, key, now, [State(after, 1, now, sequence=self._next())])
        self._did("create", id, by, after=after, asked=asked)
        return id

    def edit(self, id: str, patch: Mapping[str, Any], by: str = "ann") -> int:
        """Change fields and give the new version; writing what is there already changes nothing."""
        item = self.item(id)
        before = item.now.fields
        asked = patched(before, patch)
        after = self._accepted(before, asked, creating=False)
        for path, old, new in differences(before, after):
            item.history.append(
                Change(id, path, old, new, self.clock.now(), self.person(by), by == BOT)
            )
        if after != before:
            self._push(item, fields=after)
        self._did("edit", id, by, before, after, asked)
        return item.now.version

    def walk(self, id: str, patch: Mapping[str, Any], by: str = "ann") -> int:
        """As `edit`, but a status that needs several transitions is reached step by step."""
        now = self.item(id).now.fields
        wanted = patch.get("status", now.get("status"))
        if self.before_write is not None:
            self.before_write(self.item(id))
        steps = steps_to(self.workflow, now.get("status"), wanted)
        if steps is None:
            raise Refused(f"status: no way from {now.get('status')!r} to {wanted!r}")
        for step in steps[:-1]:
            self.edit(id, {"status": step}, by)
        return self.edit(id, patch, by)

    def delete(self, id: str, by: str = "ann") -> None:
        """Remove a record for good: the id answers "gone" from now on."""
        self._did("delete", id, by, before=self.item(id).now.fields)
        del self.items[id]
        self._listed = None

    def archive(self, id: str, by: str = "ann") -> None:
        """Put a record in the bin: it is still shown, as deleted."""
        self._push(self.item(id), deleted=True)
        self._did("archive", id, by)

    def restore(self, id: str, by: str = "ann") -> None:
        """Take a record out of the bin."""
        self._push(self.item(id), deleted=False)
        self._did("restore", id, by)

    def merge(self, id: str, into: str, by: str = "ann") -> None:
        """Close a record in favour of another, which answers for it."""
        self.item(into)
        self._push(self.item(id), merged_into=into)
        self._did("merge", id, by)

    def move(self, id: str, in_scope: bool, by: str = "ann") -> None:
        """Take a record out of the connection's project, or back: listings show it only inside."""
        self._push(self.item(id), in_scope=in_scope)
        self._did("move", id, by)

    def hide(self, id: str, hidden: bool = True) -> None:
        """Take the hub's permission to see a record, or give it back."""
        item = self.items[id]
        item.states[-1] = replace(item.now, hidden=hidden)
        self._listed = None

    def comment(
        self, id: str, body: str, visibility: Visibility = Visibility.INTERNAL, by: str = "ann"
    ) -> str:
        """Add a comment and give its id."""
        item = self.item(id)
        comment_id = f"{id}/c{len(item.comments) + 1}"
        item.comments.append(
            Comment(
                comment_id, id, self.person(by), body, visibility, self.clock.now(), None, by == BOT
            )
        )
        self._push(item)
        self._did("comment", id, by)
        return comment_id

    def edit_comment(self, id: str, comment_id: str, body: str, by: str = "ann") -> None:
        """Give a comment a new body."""
        item = self.item(id)
        for at, comment in enumerate(item.comments):
            if comment.id == comment_id:
                item.comments[at] = replace(comment, body=body, edited_at=self.clock.now())
                self._push(item)
                self._did("edit_comment", id, by)
                return
        raise Unknown(comment_id)

    def attach(
        self,
        id: str,
        name: str,
        content: bytes,
        content_type: str = "text/plain",
        visibility: Visibility = Visibility.INTERNAL,
        by: str = "ann",
    ) -> str:
        """Add a file and give its id."""
        item = self.item(id)
        file_id = f"{id}/f{len(item.files) + 1}"
        digest = sha256(content).hexdigest()
        attachment = Attachment(
            file_id, id, name, len(content), content_type, visibility,
            self.clock.now(), by == BOT, digest,
        )  # fmt: skip
        item.files.append((attachment, content))
        self._push(item)
        self._did("attach", id, by)
        return file_id

    def add_person(self, handle: str, email: str | None = None, name: str = "") -> Person:
        """Make somebody known."""
        self.people[handle] = person = Person(handle, email, name)
        return person

    # What the tool shows.

    def item(self, id: str) -> Item:
        """A record by id; raises `Unknown` where there is none."""
        if id not in self.items:
            raise Unknown(id)
        return self.items[id]

    def fields(self, id: str) -> dict[str, Any]:
        """A record's fields as they are now."""
        result: dict[str, Any] = copied(self.item(id).now.fields)
        return result

    def moment(self, at: datetime) -> datetime:
        """A moment as the tool writes it down."""
        return at - (at - datetime.min.replace(tzinfo=UTC)) % self.grain if self.grain else at

    def person(self, handle: str) -> Person:
        return self.people.get(handle) or Person(handle)

    def listing(self) -> list[tuple[Item, State]]:
        """What a search finds now: records in scope as they were `search_lag` ago, by change."""
        if self._listed is not None and not self.search_lag:
            return self._listed
        found = [(item, state) for item, state in self.everywhere() if state.in_scope]
        self._listed = sorted(found, key=lambda pair: (pair[1].updated_at, pair[0].id))
        return self._listed

    def everywhere(self) -> Iterator[tuple[Item, State]]:
        """What a search of the whole tool finds, in scope or not."""
        moment = self.clock.now() - self.search_lag
        for item in self.items.values():
            if (state := item.at(moment)) is not None and not state.hidden:
                yield item, state

    # How it keeps its rules.

    def _accepted(
        self, before: Mapping[str, Any], after: dict[str, Any], creating: bool
    ) -> dict[str, Any]:
        after = self._cut(after)
        for path, reason in self._objections(before, after, creating):
            raise Refused(f"{path}: {reason}")
        for automation in self.automations:
            after = patched(after, automation(before, after))
        return after

    def _cut(self, fields: dict[str, Any]) -> dict[str, Any]:
        values = dict(leaves(fields))
        for path, rule in self.rules.items():
            value = values.get(path)
            if rule.cut is not None and isinstance(value, str) and len(value) > rule.cut:
                fields = patched(fields, nested(path, value[: rule.cut]))
        return fields

    def _objections(
        self, before: Mapping[str, Any], after: Mapping[str, Any], creating: bool
    ) -> Iterator[tuple[str, str]]:
        old, new = dict(leaves(before)), dict(leaves(after))
        for path, rule in self.rules.items():
            value = new.get(path)
            if rule.required and not value:
                yield path, "must not be empty"
            if value == old.get(path):
                continue
            if rule.create_only and not creating:
                yield path, "cannot be changed after creation"
            if rule.options is not None and value is not None and value not in rule.options:
                yield path, f"{value!r} is not an option"
            if rule.max_length is not None and len(value or "") > rule.max_length:
                yield path, f"is longer than {rule.max_length}"
            if path == "status" and not creating and not self._may_follow(old.get(path), value):
                yield path, f"no transition from {old.get(path)!r} to {value!r}"

    def _may_follow(self, current: Any, status: Any) -> bool:
        return self.workflow is None or status in self.workflow.get(current, ())

    def _push(self, item: Item, **changed: Any) -> None:
        now = self.moment(self.clock.now())
        version, sequence = item.now.version + 1, self._next()
        state = replace(item.now, version=version, updated_at=now, sequence=sequence, **changed)
        horizon = item.at(now - self.search_lag)
        kept = item.states.index(horizon) if horizon is not None else 0
        item.states = [*item.states[kept:], state]

    def _did(
        self,
        kind: str,
        id: str,
        by: str,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
        asked: Mapping[str, Any] | None = None,
    ) -> None:
        self.deeds.append(Deed(kind, id, by, self.clock.now(), before, after, asked))

    def _next(self) -> int:
        self._listed = None
        self._changes += 1
        return self._changes

    def _new_id(self) -> str:
        self._made += 1
        return f"{self._prefix}{self._made}"
