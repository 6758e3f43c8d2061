"""A Jira site's memory: issues and what hangs on them, accounts, and the search index beside it.

Issue documents are never changed in place: who holds one (the search index) keeps what it saw.
Values of fields are kept as ids and plain values; `fields` reads and shows them as Jira does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias, TypeVar
from zoneinfo import ZoneInfo

from connectors.jira.fake.errors import no_issue
from connectors.jira.fake.faces import CLOUD, Face
from connectors.jira.fake.index import Index
from connectors.jira.fake.vocabulary import CLOUD_ONLY, PROJECTS, Named, ProjectDef
from syncline.sandbox import State, ToolClock

Doc: TypeAlias = dict[str, Any]
T = TypeVar("T", bound=Named)

SEARCH_LAG = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class Event:
    """Something a webhook may tell: `name` as in webhookEvent."""

    name: str
    issue: Doc
    actor: str
    history: Doc | None = None
    comment: Doc | None = None
    kind: str = "issue_updated"


class Site:
    """What the site holds. `search_lag` is the longest a search stays behind."""

    def __init__(self, state: State, clock: ToolClock, face: Face = CLOUD) -> None:
        self.face = face
        self.state = state
        self.clock = clock
        self.base = "http://127.0.0.1"
        self.search_lag = SEARCH_LAG
        self.index = Index()
        self.listeners: list[Callable[[Event], None]] = []
        self.issues = state.table("issue")
        self.comments = state.table("comment")
        self.attachments = state.table("attachment")
        self.contents = state.table("content")
        self.users = state.table("user")
        self.moved = state.table("moved")
        self.hooks = state.table("webhook")
        self.settings = state.table("setting")
        self._keys: dict[str, str] = {}
        self._comments: dict[str, list[str]] = {}
        self._attachments: dict[str, list[str]] = {}
        self._children: dict[str, list[str]] = {}
        self.reload()

    def reload(self) -> None:
        """Build what is kept beside the tables anew; a search then sees everything."""
        for doc in self.issues.values():
            self._keys[doc["key"]] = doc["id"]
            self._file(doc)
        for comment in self.comments.values():
            self._comments.setdefault(comment["issue"], []).append(comment["id"])
        for attachment in self.attachments.values():
            self._attachments.setdefault(attachment["issue"], []).append(attachment["id"])
        self.index.load(d for d in self.issues.values() if not d["archived"])

    def now(self) -> int:
        """The tool's clock in milliseconds."""
        return milliseconds(self.clock.now())

    # issues

    def find(self, id_or_key: str) -> Doc | None:
        """The issue by id, by key whatever the case, or by a key it had before it was moved."""
        found = self.issues.get(id_or_key)
        if found is None:
            key = id_or_key.upper()
            id = self._keys.get(key)
            moved = self.moved.get(key) if id is None else None
            found = self.issues.get(id or (moved or {}).get("issue", ""))
        return found

    def visible(self, id_or_key: str) -> Doc:
        """The issue as the API's account may see it; ends the request with 404 otherwise."""
        found = self.find(id_or_key)
        if found is None or found["hidden"]:
            raise no_issue()
        return found

    def save(self, doc: Doc, lag: timedelta | None = None) -> None:
        """Keep the issue; a search sees it after `lag`, by default after the index's own."""
        old = self.issues.get(doc["id"])
        if old is not None and old["key"] != doc["key"]:
            self.moved.put(old["key"], {"issue": doc["id"]})
            self._keys.pop(old["key"], None)
        self.issues.put(doc["id"], doc)
        self._keys[doc["key"]] = doc["id"]
        if old is None or old["fields"].get("parent") != doc["fields"].get("parent"):
            self._unfile(old)
            self._file(doc)
        self.index.change(doc["id"], None if doc["archived"] else doc, self._shown(doc["id"], lag))

    def seed(self, doc: Doc) -> None:
        """Keep an issue that was there before the sandbox began; `reload` makes it known."""
        self.issues.put(doc["id"], doc)

    def remove(self, doc: Doc, lag: timedelta | None = None) -> None:
        """Delete the issue for good, and what hangs on it."""
        self.issues.delete(doc["id"])
        self._keys.pop(doc["key"], None)
        self._unfile(doc)
        for comment in self._comments.pop(doc["id"], []):
            self.comments.delete(comment)
        for attachment in self._attachments.pop(doc["id"], []):
            self.attachments.delete(attachment)
            self.contents.delete(attachment)
        self.index.change(doc["id"], None, self._shown(doc["id"], lag))

    def _shown(self, id: str, lag: timedelta | None) -> int:
        """When a search sees a change of this issue: each is late by its own share of the lag."""
        if lag is None:
            lag = self.search_lag * (int(id) * 7 % 5) / 4
        return self.now() + int(lag.total_seconds() * 1000)

    def _file(self, doc: Doc) -> None:
        parent = doc["fields"].get("parent")
        if parent:
            self._children.setdefault(parent, []).append(doc["id"])

    def _unfile(self, doc: Doc | None) -> None:
        parent = doc["fields"].get("parent") if doc else None
        if doc and parent and doc["id"] in self._children.get(parent, []):
            self._children[parent].remove(doc["id"])

    def children(self, id: str) -> list[Doc]:
        """Issues that name this one as their parent."""
        found = (self.issues.get(child) for child in self._children.get(id, []))
        return [d for d in found if d is not None]

    def next_key(self, project: ProjectDef) -> str:
        """A key that was never used in the project."""
        return f"{project.key}-{self.state.next('key ' + project.id)}"

    def tell(self, event: Event) -> None:
        """Let webhooks know."""
        for listener in self.listeners:
            listener(event)

    # comments and attachments

    def comments_of(self, issue: str) -> Iterator[Doc]:
        """The issue's comments, oldest first."""
        for id in self._comments.get(issue, []):
            comment = self.comments.get(id)
            if comment is not None:
                yield comment

    def save_comment(self, comment: Doc) -> None:
        """Keep a comment."""
        if comment["id"] not in self.comments:
            self._comments.setdefault(comment["issue"], []).append(comment["id"])
        self.comments.put(comment["id"], comment)

    def remove_comment(self, comment: Doc) -> None:
        """Delete a comment for good."""
        self.comments.delete(comment["id"])
        self._comments[comment["issue"]].remove(comment["id"])

    def attachments_of(self, issue: str) -> Iterator[Doc]:
        """The issue's files, oldest first."""
        for id in self._attachments.get(issue, []):
            attachment = self.attachments.get(id)
            if attachment is not None:
                yield attachment

    def save_attachment(self, attachment: Doc, content: str) -> None:
        """Keep a file; `content` is base64."""
        self._attachments.setdefault(attachment["issue"], []).append(attachment["id"])
        self.attachments.put(attachment["id"], attachment)
        self.contents.put(attachment["id"], {"base64": content})

    def remove_attachment(self, attachment: Doc) -> None:
        """Delete a file for good."""
        self.attachments.delete(attachment["id"])
        self.contents.delete(attachment["id"])
        self._attachments[attachment["issue"]].remove(attachment["id"])

    # set-up

    def setting(self, name: str) -> Doc:
        """What an administrator set; an empty document by default."""
        return self.settings.get(name) or {}

    def called(self, thing: T) -> T:
        """The thing under the name that an administrator gave it."""
        name = self.setting("renamed").get(thing.id)
        return thing if name is None else replace(thing, name=name)

    def choices(self, things: tuple[T, ...]) -> tuple[T, ...]:
        """What can be chosen of some things: under today's names, without what was removed."""
        removed = self.setting("removed")
        return tuple(self.called(one) for one in self.there(things) if one.id not in removed)

    def there(self, things: tuple[T, ...]) -> tuple[T, ...]:
        """What of some things this deployment of Jira has."""
        return tuple(one for one in things if self.face.cloud or one.id not in CLOUD_ONLY)

    def screen(self, fields: tuple[str, ...]) -> tuple[str, ...]:
        """The fields of a screen that are on it today."""
        removed = self.setting("removed")
        there = (id for id in fields if self.face.cloud or id not in CLOUD_ONLY)
        return tuple(id for id in there if id not in removed)

    @property
    def closed_steps(self) -> Doc:
        """Steps that an administrator took out of a workflow: TYPE STATUS TARGET."""
        return self.setting("closed steps")

    def project(self, id_or_key: str) -> ProjectDef | None:
        """The project by id or key."""
        wanted = id_or_key.upper()
        return next((p for p in self.there(PROJECTS) if wanted in (p.id, p.key)), None)

    def url(self, path: str) -> str:
        """The address of something in the API."""
        return f"{self.base}{self.face.api}/{path}"


def milliseconds(moment: datetime) -> int:
    """Milliseconds since 1970."""
    return int(moment.timestamp() * 1000)


def shown_moment(moment: int, zone: str) -> str:
    """A moment as Jira writes it: in the reader's own time zone."""
    local = datetime.fromtimestamp(moment / 1000, UTC).astimezone(ZoneInfo(zone))
    return f"{local:%Y-%m-%dT%H:%M:%S}.{moment % 1000:03d}{local:%z}"


def changed(doc: Doc, /, **parts: Any) -> Doc:
    """The document with some parts replaced, as a new one."""
    return {**doc, **parts}


def with_fields(doc: Doc, fields: Mapping[str, Any]) -> Doc:
    """The issue with some fields replaced, as a new document."""
    return {**doc, "fields": {**doc["fields"], **fields}}
