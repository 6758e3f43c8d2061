"""What each connector is, by its own word: for `syncline connectors` and docs/connectors.md.

What it can do stands in its class (`Capabilities`), the rest in the `manifest.yaml` beside it. The
tests hold both against the facts: `quality` names a ground only where the shared suite passes on
it for every record type, and a claim of a residual window needs its window in words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import timedelta
from importlib import resources
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from syncline.mapping.source import MappingError, read
from syncline.registry import Registry
from syncline.sdk.connector import Capabilities, Connector, Visibility

GROUNDS = {"real_server": "real server", "recorded": "recordings", "fake": "fake"}
"""Where the shared suite may pass whole, the best proof first, and its word for people."""


class Window(BaseModel):
    """What a tool gives no way to know, and what then happens."""

    model_config = ConfigDict(frozen=True)

    window: str
    then: str


class Exempt(BaseModel):
    """Why something does not apply."""

    model_config = ConfigDict(frozen=True)

    exempt: str = Field(min_length=1)


class Manifest(BaseModel):
    """What is read of a `manifest.yaml`; more may stand there, for people."""

    model_config = ConfigDict(frozen=True)

    title: str = ""
    summary: str = ""
    versions: str = ""
    records: Mapping[str, tuple[str, ...]] = {}
    needs: Mapping[str, str] = {}
    residual_windows: tuple[Window, ...] = ()
    quality: Mapping[str, Literal["done"] | Exempt] = {}


@dataclass(frozen=True, slots=True)
class Offer:
    """One connector. `capabilities` is the most it can do, and None where its class says nothing.

    `records` are its record types with the entities that they are mapped to. `needs` says which
    capabilities are there only with which key of the connection. `proved` are the grounds on which
    the shared suite passes whole, the best first; `missing` says of others why not.
    """

    name: str
    title: str
    summary: str
    versions: str
    records: Mapping[str, tuple[str, ...]]
    entities: tuple[str, ...]
    capabilities: Capabilities | None
    needs: Mapping[str, str]
    webhooks: bool
    proved: tuple[str, ...]
    missing: Mapping[str, str]
    residual_windows: tuple[Window, ...]

    @property
    def level(self) -> str:
        """The quality level: the best ground on which the suite passes, empty for none."""
        return self.proved[0] if self.proved else ""

    def to_json(self) -> dict[str, Any]:
        """As `syncline connectors --json` prints it."""
        can = self.capabilities
        return {
            "name": self.name,
            "title": self.title,
            "summary": self.summary,
            "versions": self.versions,
            "records": {record: list(entities) for record, entities in self.records.items()},
            "entities": list(self.entities),
            "capabilities": None if can is None else _json_of(can) | {"webhooks": self.webhooks},
            "needs": dict(self.needs),
            "quality": {"level": self.level, "on": list(self.proved), "not": dict(self.missing)},
            "residual_windows": [window.model_dump() for window in self.residual_windows],
        }


def catalogue(registry: Registry) -> list[Offer]:
    """Every connector there is, by name. Imports them; MappingError for a broken manifest."""
    return [_offer(name, registry.get(name)) for name in registry.names()]


def claims(offer: Offer) -> list[str]:
    """What a connector can do, in words, a few each; what it cannot is left out."""
    can = offer.capabilities
    if can is None:
        return []
    comments = " and ".join(reversed(can.visibilities))
    said = {
        f"creates {can.bulk_create} at once": can.bulk_create > 1,
        f"updates {can.bulk_update} at once": can.bulk_update > 1,
        "finds lost creates": can.find_by_key,
        "compare-and-set": can.conditional_update,
        "history": can.history,
        f"comments {comments}": comments,
        "edits comments": can.edits_comments,
        "files": can.attachments,
        " and ".join(can.deletes) + "s": can.deletes,
        "shows links": can.shows_links,
        "follow-ups": can.follow_ups,
        "webhooks": offer.webhooks,
    }
    return [words for words, true in said.items() if true]


def _offer(name: str, connector: type[Connector]) -> Offer:
    said = _manifest(connector)
    return Offer(
        name=name,
        title=said.title or name,
        summary=said.summary,
        versions=said.versions,
        records=said.records,
        entities=_entities(name),
        capabilities=getattr(connector, "capabilities", None),
        needs=said.needs,
        webhooks=connector.webhook is not None,
        proved=tuple(ground for ground in GROUNDS if said.quality.get(ground) == "done"),
        missing={what: why.exempt for what, why in said.quality.items() if isinstance(why, Exempt)},
        residual_windows=said.residual_windows,
    )


def _manifest(connector: type[Connector]) -> Manifest:
    """What stands beside the connector's module; a plugin may have nothing there."""
    package = connector.__module__.rpartition(".")[0] or connector.__module__
    file = resources.files(package).joinpath("manifest.yaml")
    if not file.is_file():
        return Manifest()
    origin = f"{package}/manifest.yaml"
    try:
        return Manifest.model_validate(read(file.read_text("utf-8"), origin).data)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise MappingError(f"{where}: {first['msg']}; correct the manifest", origin) from None


def _entities(name: str) -> tuple[str, ...]:
    """The entities that its shipped mappings know."""
    folder = resources.files("mappings").joinpath(name)
    files = folder.iterdir() if folder.is_dir() else ()
    return tuple(sorted(f.name.removesuffix(".yaml") for f in files if f.name.endswith(".yaml")))


def _json_of(can: Capabilities) -> dict[str, Any]:
    return {field.name: _plain(getattr(can, field.name)) for field in fields(can)}


def _plain(value: Any) -> Any:
    if isinstance(value, timedelta):
        return value.total_seconds()
    return list(value) if isinstance(value, tuple) else value


_PAGE = """\
# Connectors

Written by `make connectors` from what each connector declares of itself; `syncline connectors`
prints the same. A test fails where this page is not what the code says, or where a declaration is
not what the tests show.

## What each can do

*Tested on* is the quality level: where the suite that all connectors share passes whole, for every
record type, the best proof first. *Real server* is the tool itself, installed on one's own machine
(`make real-tests`); *recordings* are what it said there, played back by the gate; *fake* is the
fake that ships with the connector. What has only a fake was never run against a live account.

{can}

A key in brackets is one of the connection, without which that is not there. *Lost creates* are
those whose answer was lost: they are found again, and not made twice. Without compare-and-set a
record is read just before it is written.

## Residual windows

What a tool gives no way to know, as short as the tool allows. What all tools have in common stands
in [Promises](promises.md#residual-windows).

{windows}

## What is missing

{missing}
"""
_CAN = (
    *("connector", "record types, and what they are mapped to", "tested on"),
    *("at once: creates, updates", "lost creates", "compare-and-set", "history", "comments"),
    *("files", "removes", "linked records", "webhooks"),
)


def page(offers: Sequence[Offer]) -> str:
    """docs/connectors.md."""
    return _PAGE.format(
        can=_table(_CAN, map(_row, offers)),
        windows=_table(
            ("connector", "window", "what happens"),
            [(o.title, w.window, w.then) for o in offers for w in o.residual_windows],
        ),
        missing=_table(
            ("connector", "what", "why"),
            [
                (o.title, GROUNDS.get(what, what), why)
                for o in offers
                for what, why in o.missing.items()
            ],
        ),
    )


def _row(offer: Offer) -> Sequence[str]:
    can = offer.capabilities or Capabilities()

    def there(name: str, words: str = "yes") -> str:
        key = offer.needs.get(name)
        return f"{words} (`{key}`)" if key and words else words

    def yes(name: str) -> str:
        return there(name) if getattr(can, name) else ""

    return (
        f"[{offer.title}](../connectors/{offer.name}/README.md)",
        ", ".join(f"`{record}`: {_listed(of)}" for record, of in offer.records.items()),
        ", ".join(GROUNDS[ground] for ground in offer.proved),
        f"{there('bulk_create', str(can.bulk_create))}, {can.bulk_update}",
        yes("find_by_key"),
        yes("conditional_update"),
        yes("history"),
        _comments(can, there),
        yes("attachments"),
        ", ".join(can.deletes),
        yes("shows_links"),
        "yes" if offer.webhooks else "",
    )


def _comments(can: Capabilities, there: Callable[[str, str], str]) -> str:
    """Which comments there are; public ones are what a key of the connection may give."""
    words = [
        there("visibilities", one) if one is Visibility.PUBLIC else one for one in can.visibilities
    ]
    return ", ".join([*words, "edited"] if can.edits_comments else words)


def _listed(entities: Sequence[str]) -> str:
    return " or ".join(entities) or "no entity yet"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = (head, ["---"] * len(head), *rows)
    return "\n".join(f"| {' | '.join(cell or '–' for cell in line)} |" for line in lines)
