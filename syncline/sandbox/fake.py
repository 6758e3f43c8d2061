"""What a fake of a tool is: the vendor's API, its records, and what people see and do in it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Literal, TypeAlias

from starlette.responses import Response

from syncline.sandbox.calls import Call, Endpoint, answer
from syncline.sandbox.clock import ToolClock
from syncline.sandbox.company import Company
from syncline.sandbox.hooks import Hooks
from syncline.sandbox.memory import State

FieldKind: TypeAlias = Literal["text", "long", "choice", "set", "date", "readonly"]


class Refusal(Exception):
    """The tool does not do what a person asked; the message is in the tool's own words."""


@dataclass(frozen=True, slots=True)
class Row:
    """A record in the list; `cells` by the heading of their column."""

    type: str
    id: str
    key: str
    title: str
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Field:
    """A field as a form shows it.

    A set is its members with a comma between; a date is YYYY-MM-DD. A choice's options are what
    `edit` is given; one that is empty stands for none.
    """

    name: str
    label: str
    value: str = ""
    kind: FieldKind = "text"
    options: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Remark:
    """A comment as a person reads it."""

    author: str
    text: str
    public: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class Shown:
    """A link to something elsewhere."""

    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """One record as a person sees it. `can_comment` has "public", "internal", both or none."""

    title: str
    fields: Sequence[Field]
    comments: Sequence[Remark] = ()
    links: Sequence[Shown] = ()
    can_comment: Sequence[str] = ()
    actions: Sequence[str] = ()


class Fake(ABC):
    """A tool in its own process: its state, its API, its people."""

    tool: ClassVar[str]
    """The connector's name."""
    types: ClassVar[tuple[str, ...]]
    """The record types that `records` knows."""

    def __init__(self, state: State, clock: ToolClock, hooks: Hooks) -> None:
        self.state = state
        self.clock = clock
        self.hooks = hooks
        self.base_url = ""

    # the vendor's API

    @abstractmethod
    def endpoints(self) -> Sequence[Endpoint]:
        """The routes; the first that fits is taken."""

    @abstractmethod
    def authorised(self, call: Call) -> Response | None:
        """None, or the vendor's refusal; asked before each handler that is not open."""

    @abstractmethod
    def rate_limited(self, seconds: float) -> Response:
        """The vendor's answer to one request too many, with its own headers."""

    def refused(self, status: int) -> Response:
        """The vendor's body of an error."""
        return answer({"message": f"The tool answers {status}."}, status)

    def bad_json(self) -> Response:
        """The vendor's answer to a body that is not JSON."""
        return self.refused(400)

    def base_url_known(self, url: str) -> None:
        """The fake is served at this address from now on."""
        self.base_url = url

    # what is in it

    @abstractmethod
    def connection(self) -> Mapping[str, Any]:
        """What a connection takes besides its address; secrets begin with `sandbox-`."""

    @abstractmethod
    def seed(self, company: Company) -> None:
        """Fill an empty state."""

    @abstractmethod
    def records(self, type: str) -> list[dict[str, Any]]:
        """All records of a type as the vendor shows them."""

    # what administrators do

    def administer(self, verb: str, given: Mapping[str, Any]) -> None:
        """Change how the tool is set up; raises Refusal, naming what there is."""
        raise Refusal(f"Nobody can {verb!r} here: this sandbox has no administrator.")

    # what people do

    @abstractmethod
    def people(self) -> Sequence[str]:
        """Names to act as."""

    @abstractmethod
    def board(self) -> Sequence[Row]:
        """The list of records."""

    @abstractmethod
    def sheet(self, type: str, id: str) -> Sheet:
        """One record; raises Refusal if there is none."""

    def blanks(self) -> Mapping[str, Sequence[Field]]:
        """The fields to fill in for a new record, by the types that people can make."""
        return {}

    @abstractmethod
    def edit(self, type: str, id: str, person: str, values: Mapping[str, str]) -> None:
        """A person changes fields, the named ones only; raises Refusal."""

    @abstractmethod
    def remark(self, type: str, id: str, person: str, text: str, public: bool) -> None:
        """A person comments; raises Refusal."""

    @abstractmethod
    def make(self, type: str, person: str, values: Mapping[str, str]) -> str:
        """A person makes a record; gives its id, or raises Refusal."""

    @abstractmethod
    def act(self, type: str, id: str, person: str, action: str) -> None:
        """A person does one of the sheet's actions; raises Refusal."""
