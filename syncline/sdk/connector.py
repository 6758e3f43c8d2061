"""The interface between Syncline and one tool, and the words it is described with.

A connector speaks one tool's language. It is asynchronous, works on batches, keeps no state but
caches, and decides nothing: the engine asks and writes, the connector translates and reports.

Words (the same in code, configuration, tables, command line and documentation):

    connector   the code for a tool                 connection  a configured instance of it
    sync        two or more connections kept in     side        one connection within a sync
                step for one entity
    record      one thing in a tool                 wire        the record as the tool gives it
    entity      one thing in the shared schema      link        the durable tie of records that are
                                                                the same thing, at most one a side
    cursor      where the reading of changes goes   lookback    the overlap read again, because a
                on; opaque to the engine                        tool may show a change late
    census      ids and versions of everything      version     grows with each change of a record
    intent      the durable note before a write     receipt     the proof after it
    key         names a create before it is sent,   marker      the same key, signed, kept in the
                so that it can be found again                   record where there is a field for it
    visibility  "public" (a customer can read it) or "internal"

Wire records are JSON objects whose shape is the connector's choice and is documented in its README.
One rule binds that shape: what is read at a path is what may be written at that path, so a patch
has the shape of a record. Ids that people never see are translated to names by the connector.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from inspect import iscoroutinefunction
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from syncline.sdk.clock import Clock
from syncline.sdk.errors import (
    Ambiguous,
    Conflict,
    ConnectorError,
    NotFound,
    RateLimited,
    Rejected,
    Retriable,
)
from syncline.sdk.paging import ending, ending_pages
from syncline.sdk.secrets import Secret
from syncline.sdk.webhook import Webhook

Wire: TypeAlias = Mapping[str, Any]


class Visibility(StrEnum):
    """Who can read a comment or an attachment. `internal` never becomes `public` on its own."""

    PUBLIC = "public"
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True)
class Record:
    """One record as the tool shows it now.

    `version` grows with each change where the tool tells (seconds since 1970 count); a smaller one
    is an older view. `in_scope` says whether the record is inside the connection's scope (project,
    queue) at this moment. `deleted` is the tool's own word (trashed, status deleted).
    `merged_into` is the id that answers for this record since a merge. `marker` is what the
    connection's key field holds, where one is configured.
    """

    id: str
    fields: Wire
    version: int | None = None
    updated_at: datetime | None = None
    created_at: datetime | None = None
    key: str | None = None
    url: str | None = None
    in_scope: bool = True
    deleted: bool = False
    merged_into: str | None = None
    marker: str | None = None


@dataclass(frozen=True, slots=True)
class Missing:
    """What `fetch` says of an id it cannot show: `gone` (404, 410) or hidden by permissions."""

    id: str
    gone: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """A page of changes. `cursor`: resuming there misses nothing up to this page, None: not yet."""

    records: Sequence[Record]
    cursor: str | None = None

    def mark(self) -> Hashable:
        """The same for the same records in the same versions."""
        return tuple((record.id, record.version) for record in self.records) or self.cursor


@dataclass(frozen=True, slots=True)
class CensusPage:
    """Ids with versions (None where unknown) of records that exist now."""

    versions: Mapping[str, int | None]

    def mark(self) -> Hashable:
        """The same for the same records in the same versions."""
        return tuple(self.versions.items())


@dataclass(frozen=True, slots=True)
class Create:
    """A record to be made. `key` is signed, was stored before the call, and is written into the
    record where the connection has a field for it.

    `follows` is a record that was closed for good, of which this one is the follow-up.
    """

    key: str
    fields: Wire
    follows: str | None = None


@dataclass(frozen=True, slots=True)
class Update:
    """A patch of one record: absolute values at their paths, never the whole record.

    `expected` holds the values at the same paths as the plan saw them, `version` the record's
    version then. A connector whose `Capabilities.conditional_update` is true must not apply the
    patch, and answer `Outcome.conflict`, when the tool shows something else at the moment of
    writing.
    """

    id: str
    patch: Wire
    expected: Wire
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """A person as a tool knows them; `handle` is what the wire record holds (login, id, e-mail)."""

    handle: str
    email: str | None = None
    name: str = ""
    active: bool = True


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment as the tool shows it; `body` is in the connection's text format.

    `key` is the one it was made with, where it is one of ours and the tool keeps it.
    """

    id: str
    record_id: str
    author: Person
    body: str
    visibility: Visibility
    created_at: datetime
    edited_at: datetime | None = None
    by_us: bool = False
    key: str | None = None


@dataclass(frozen=True, slots=True)
class NewComment:
    """A comment to be made. It is a create: ambiguous until found or answered."""

    key: str
    record_id: str
    body: str
    visibility: Visibility


@dataclass(frozen=True, slots=True)
class CommentEdit:
    """A new body for a comment that exists; `expected` is the body the plan saw."""

    id: str
    record_id: str
    body: str
    expected: str
    visibility: Visibility


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file on a record. `sha256` only where the tool tells it without a download."""

    id: str
    record_id: str
    name: str
    size: int
    content_type: str
    visibility: Visibility
    created_at: datetime
    by_us: bool = False
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class NewAttachment:
    """A file to be added to a record."""

    key: str
    record_id: str
    name: str
    content: bytes
    content_type: str
    visibility: Visibility


@dataclass(frozen=True, slots=True)
class LinkCard:
    """What a record shows of a linked record in another tool: key, title and address.

    `tool` and `linked_id` name that tool and the record's id in it, for a native link between the
    two tools; empty where they are not known.
    """

    record_id: str
    connection: str
    key: str
    title: str
    url: str
    tool: str = ""
    linked_id: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one field, from the tool's own history."""

    record_id: str
    path: str
    before: Any
    after: Any
    at: datetime
    by: Person
    by_us: bool


class Result(StrEnum):
    """What became of one item of a batch."""

    APPLIED = "applied"
    REJECTED = "rejected"  # for good: the tool's own words are in `reason`
    CONFLICT = "conflict"  # the record moved; nothing was applied
    GONE = "gone"  # no such record any more; nothing was applied
    CLOSED = "closed"  # the record is closed for good and takes nothing any more
    RETRY = "retry"  # nothing was applied; again later, not before `retry_at` if given
    AMBIGUOUS = "ambiguous"  # may have been applied


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of one item, in the order of the batch.

    `record` is the record as the tool shows it after the write, where the tool answered with it;
    without it the engine reads the record again. `id` is the id of what was made. `reason` of
    something applied says why it is less than what was asked for.
    """

    result: Result
    id: str | None = None
    record: Record | None = None
    reason: str = ""
    retry_at: datetime | None = None

    @classmethod
    def applied(cls, id: str, record: Record | None = None) -> Outcome:
        return cls(Result.APPLIED, id=id, record=record)

    @classmethod
    def of_error(cls, error: ConnectorError) -> Outcome:
        """The outcome that an exception raised for one item stands for.

        Errors that concern the whole connection (wrong credentials, wrong configuration) are
        raised again.
        """
        reason = str(error)
        match error:
            case RateLimited():
                return cls(Result.RETRY, reason=reason, retry_at=error.retry_at)
            case Retriable():
                return cls(Result.RETRY, reason=reason)
            case Ambiguous():
                return cls(Result.AMBIGUOUS, reason=reason)
            case Conflict():
                return cls(Result.CONFLICT, reason=reason)
            case NotFound():
                return cls(Result.GONE, reason=reason)
            case Rejected():
                return cls(Result.REJECTED, reason=reason)
            case _:
                raise error


@dataclass(frozen=True, slots=True)
class CreateSearch:
    """A create whose outcome is unknown: sent at `since` (our clock) or later with these fields."""

    key: str
    fields: Wire
    since: datetime


class Found(StrEnum):
    """What a search for an ambiguous create proved."""

    YES = "yes"
    NO = "no"  # by the tool's own key lookup; the engine trusts it only after `search_lag`
    UNKNOWN = "unknown"  # cannot be told, or several candidates: a person decides


@dataclass(frozen=True, slots=True)
class FindResult:
    """Answer to one `CreateSearch`."""

    found: Found
    record: Record | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class FieldSchema:
    """A field of a record type as the tool describes it. `options` None: not an option field.

    `path` is the path in the wire record; `label` is the tool's own word for it.
    """

    path: str
    label: str
    type: str
    options: tuple[str, ...] | None = None
    required: bool = False
    read_only: bool = False
    create_only: bool = False
    max_length: int | None = None


@dataclass(frozen=True, slots=True)
class RecordSchema:
    """A record type: its fields by path."""

    name: str
    fields: Mapping[str, FieldSchema]


@dataclass(frozen=True, slots=True)
class Schema:
    """What the connection really is: `account` names the tenant behind the credentials.

    It changes only when other credentials lead to another account or tenant, never when a secret
    is rotated. `warnings` are for `syncline check` (rights too broad, a setting that hides rows).
    """

    account: str
    version: str
    records: Mapping[str, RecordSchema]
    text_format: str
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Capabilities:
    """Claims about a tool that the shared suite tests and the engine relies on.

    conditional_update  the connector refuses a patch when the record moved (compare-and-set);
                        otherwise the engine reads in a batch just before it writes
    answers_writes      a write answers with the record as it is now; otherwise the engine reads it
    find_by_key         an ambiguous create can be found (by key, or content and time)
    search_lag          how long a search may miss what was written
    history             the tool tells who changed which field when
    edits_comments      a comment's body can be changed
    visibilities        which comment visibilities the tool has
    attachments         files can be read and added
    follow_ups          a record that was closed for good can be followed up by a new one
    deletes             what `delete` can do: nothing, "archive" (can come back) or "delete"
    bulk_create, bulk_update   items in one request (1: no bulk call)
    residual_window     no compare-and-set: an edit made within one request's round trip of our
                        write of the same field can only be seen in the tool's history (I4)
    """

    conditional_update: bool = False
    answers_writes: bool = False
    find_by_key: bool = False
    search_lag: timedelta = timedelta(0)
    history: bool = False
    edits_comments: bool = False
    visibilities: tuple[Visibility, ...] = ()
    attachments: bool = False
    max_attachment_bytes: int = 10 * 1024 * 1024
    deletes: tuple[str, ...] = ()
    shows_links: bool = False
    follow_ups: bool = False
    bulk_create: int = 1
    bulk_update: int = 1
    bulk_fetch: int = 1
    residual_window: bool = False


class LimitsConfig(BaseModel):
    """What a connection may use of its tool; else the connector's default, 80 % of the vendor's."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    requests_per_minute: float | None = Field(default=None, gt=0)
    concurrent: int | None = Field(default=None, gt=0, le=64)


def _one_or_two(value: Any) -> Any:
    given = tuple(value) if isinstance(value, list | tuple) else (value,)
    if not 1 <= len(given) <= 2:
        raise ValueError(
            "a webhook has one secret, or two while it is rotated; write one, or [old, new]"
        )
    return given


class WebhookConfig(BaseModel):
    """What its webhooks are signed with: one secret, or two while it is rotated."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    webhook_secret: Annotated[
        tuple[Secret, ...],
        BeforeValidator(_one_or_two, json_schema_input_type=Secret | tuple[Secret, ...]),
    ] = ()


class ConnectionConfig(WebhookConfig):
    """The keys every connection has; each connector's subclass adds `auth`, `scope` and its own.

    Secrets arrive resolved, as `syncline.sdk.secrets.Secret`. `read_only` must reach the Transport,
    which then refuses whatever would change the tool.
    """

    connector: str
    base_url: str
    limits: LimitsConfig = LimitsConfig()
    search_lag: timedelta | None = None
    private_network: bool = False
    read_only: bool = False
    ca_file: Path | None = None
    timezone: str = "UTC"


class Connector(ABC):
    """One tool. Methods raise `ConnectorError`s; batch writes report per item instead.

    Each call is a question that comes to an end, whatever the tool answers (`syncline.sdk.paging`).
    `record` is always the tool's record type as named in the sync's side ("issue", "ticket").
    Every method that takes a batch accepts any size and splits it to the tool's own bulk size.
    """

    name: ClassVar[str]
    config_model: ClassVar[type[ConnectionConfig]]
    webhook: ClassVar[type[Webhook] | None] = None  # how the tool signs what it sends, if it does
    capabilities: Capabilities
    """What the tool can do; where its record types differ, the most that one of them can."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for name, method in list(vars(cls).items()):
            if name in ("changes", "census"):
                setattr(cls, name, ending_pages(method))
            elif iscoroutinefunction(method) and not name.startswith("_"):
                setattr(cls, name, ending(method))

    @classmethod
    @abstractmethod
    def open(cls, connection: str, config: ConnectionConfig, clock: Clock) -> Self:
        """A connector for one connection; sends nothing yet. `config` is a `config_model`."""

    def capabilities_of(self, record: str) -> Capabilities:
        """What the tool can do with records of one type."""
        return self.capabilities

    @abstractmethod
    async def describe(self) -> Schema:
        """The connection's real schema; raises AuthRequired or Misconfigured with what to do."""

    @abstractmethod
    def changes(self, record: str, cursor: str | None) -> AsyncIterator[Page]:
        """Records changed since `cursor`, oldest first; without a cursor all records in scope.

        Complete over ties, page drift and the tool's lag: a change may be told twice, never
        missed. At least one page is yielded, the last one with a cursor.
        """

    @abstractmethod
    def census(self, record: str) -> AsyncIterator[CensusPage]:
        """Every record in scope, ids and versions only."""

    @abstractmethod
    async def fetch(self, record: str, ids: Sequence[str]) -> Mapping[str, Record | Missing]:
        """Each of `ids` as it is now, read by id (never from a lagging search)."""

    @abstractmethod
    async def create(self, record: str, items: Sequence[Create]) -> Sequence[Outcome]:
        """Make records, each exactly once: an outcome that is unknown is `ambiguous`."""

    @abstractmethod
    async def update(self, record: str, items: Sequence[Update]) -> Sequence[Outcome]:
        """Patch records; workflow fields are moved along transitions the tool allows."""

    async def find(self, record: str, items: Sequence[CreateSearch]) -> Sequence[FindResult]:
        """Look for creates whose outcome is unknown."""
        return [FindResult(Found.UNKNOWN, reason="this tool cannot be asked") for _ in items]

    async def remove(self, record: str, ids: Sequence[str], how: str) -> Sequence[Outcome]:
        """Archive or delete records; `how` is one of `capabilities.deletes`."""
        return [Outcome(Result.REJECTED, id=i, reason=f"{how} is not supported") for i in ids]

    async def history(
        self, record: str, ids: Sequence[str], since: datetime
    ) -> Mapping[str, Sequence[Change]]:
        """Field changes of each record since a moment, oldest first; empty without history."""
        return {i: () for i in ids}

    async def comments(self, record: str, ids: Sequence[str]) -> Mapping[str, Sequence[Comment]]:
        """All comments of each record, oldest first, without system notes."""
        return {i: () for i in ids}

    async def comment(self, record: str, items: Sequence[NewComment]) -> Sequence[Outcome]:
        """Add comments; `Outcome.id` is the comment's id."""
        return [Outcome(Result.REJECTED, reason="comments are not supported") for _ in items]

    async def edit_comments(self, record: str, items: Sequence[CommentEdit]) -> Sequence[Outcome]:
        """Change comments' bodies."""
        return [Outcome(Result.REJECTED, reason="comments cannot be edited") for _ in items]

    async def attachments(
        self, record: str, ids: Sequence[str]
    ) -> Mapping[str, Sequence[Attachment]]:
        """All files of each record, oldest first."""
        return {i: () for i in ids}

    async def download(self, record: str, attachment: Attachment) -> bytes:
        """The file's bytes, at most `capabilities.max_attachment_bytes`."""
        raise Rejected(f"{self.name} has no attachments")

    async def attach(self, record: str, items: Sequence[NewAttachment]) -> Sequence[Outcome]:
        """Add files to records; nothing is mailed for an internal one."""
        return [Outcome(Result.REJECTED, reason="files are not supported") for _ in items]

    async def show_links(
        self, record: str, cards: Sequence[LinkCard], gone: Sequence[LinkCard] = ()
    ) -> Sequence[Outcome]:
        """Make linked records visible natively and take `gone` off; a card shown twice is one.

        One outcome a card: first those of `cards`, then those of `gone`.
        """
        return [Outcome(Result.REJECTED, reason="links cannot be shown") for _ in (*cards, *gone)]

    async def people(self, handles: Sequence[str]) -> Mapping[str, Person]:
        """Who the handles found in records are; unknown ones are left out."""
        return {}

    async def find_people(self, emails: Sequence[str]) -> Mapping[str, Person]:
        """The active person with exactly this e-mail address, for each address that has one."""
        return {}

    def requests(self) -> Mapping[str, int]:
        """How many requests were sent so far: {"read": n, "write": n}; writes by meaning."""
        return {"read": 0, "write": 0}

    @abstractmethod
    async def aclose(self) -> None:
        """Close connections."""
