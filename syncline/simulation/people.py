"""What people do in the tools, written down in the ledger as they do it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from syncline.sdk.connector import Missing, Outcome, Page, Record, Update, Visibility
from syncline.sdk.errors import AuthRequired, Retriable
from syncline.simulation import story
from syncline.simulation.choices import UNITS
from syncline.simulation.connector import MemoryConnector
from syncline.simulation.faults import Fault
from syncline.simulation.gate import Gate
from syncline.simulation.ledger import Group, tokens
from syncline.simulation.tool import Item, MemoryTool, Refused, Unknown
from syncline.simulation.wire import leaves

if TYPE_CHECKING:
    from syncline.sdk.connector import Capabilities
    from syncline.simulation.world import World

TOKEN = "memory-token-0001"  # noqa: S105
STATUSES = ("todo", "in_progress", "blocked", "done", "cancelled")
BOLD = {"html": "<b>{}</b>", "markdown": "**{}**"}
WRITTEN = {"title": "title", "label": "labels", "unlabel": "labels"} | dict.fromkeys(
    ("write", "rewrite", "strike"), "body"
)
"""The unit that a person edits."""

PRIORITIES = ("urgent", "high", "medium", "low", "none")


class Unplugged(MemoryConnector):
    """A connection of a world's tool, which may be unplugged or have another token.

    It notes what a write overwrites that the plan did not know of: for a tool that cannot compare
    before it sets, that is the declared window, and no edit lost by the engine.
    """

    def __init__(
        self, world: World, tool: MemoryTool, capabilities: Capabilities, gate: Gate
    ) -> None:
        super().__init__(tool, capabilities, gate=gate)
        self.world = world

    async def changes(self, record: str, cursor: str | None) -> AsyncIterator[Page]:
        async for page in super().changes(record, cursor):
            self._told(page.records)
            yield page

    async def fetch(self, record: str, ids: Sequence[str]) -> Mapping[str, Record | Missing]:
        found = await super().fetch(record, ids)
        self._told(one for one in found.values() if isinstance(one, Record))
        return found

    async def _read(self, kind: str, ids: Sequence[str] = ()) -> Fault | None:
        fault = await super()._read(kind, ids)
        if self.tool.name in self.world.down:
            raise Retriable(f"{self.tool.name} is down")
        return fault

    async def update(self, record: str, items: Sequence[Update]) -> Sequence[Outcome]:
        if self.tool.name in self.world.down:
            raise Retriable(f"{self.tool.name} is down")
        if not self.capabilities.conditional_update:
            self.tool.before_write = self._window({item.id: item for item in items})
        return await super().update(record, items)

    def _told(self, records: Iterable[Record]) -> None:
        for one in records:
            if one.fields == self.tool.fields(one.id):
                self.world.watch.shown(self.tool.name, one.id)
            group = self.world.group_of(self.tool.name, one.id)
            for unit, choices in group.choices.items() if group is not None else ():
                choices.tell(self.tool.name, one.fields[unit])

    def _authenticated(self) -> None:
        if self.tool.token != TOKEN:
            raise AuthRequired(f"{self.tool.name} does not accept the token")

    def _window(self, items: Mapping[str, Update]) -> Any:
        def look(item: Item) -> None:
            if item.id not in items:
                return
            expected = dict(leaves(items[item.id].expected))
            now = dict(leaves(item.now.fields))
            for unit in UNITS:
                if unit in expected and expected[unit] != now.get(unit):
                    group = self.world.group_of(self.tool.name, item.id)
                    if group is not None:
                        group.choices[unit].excuse(self.tool.name, expected[unit])
                        self.world.counts["edits in a declared window"] += 1
            for path in expected:
                unseen = set(tokens(now.get(path))) ^ set(tokens(expected[path]))
                self.world.ledger.excused |= unseen
                self.world.counts["edits in a declared window"] += len(unseen)

        return look


def act(world: World, step: story.Create | story.Edit | story.Fate | story.Merge) -> None:
    """One thing a person does; nothing where the record is not there or the tool refuses."""
    try:
        if isinstance(step, story.Create):
            _create(world, step)
            return
        group = world.groups.get(step.record)
        id_ = group.ids.get(step.side) if group else None
        tool = world.tools.get(step.side)
        if group is None or id_ is None or tool is None or id_ not in tool.items:
            return
        if isinstance(step, story.Fate):
            _fate(world, group, tool, id_, step.what)
        elif isinstance(step, story.Merge):
            _merge(world, group, tool, id_, step.into)
        elif not tool.item(id_).now.deleted and not _unrecognisable(world, tool, id_):
            _edit(world, group, tool, id_, step)
    except (Refused, Unknown):
        world.counts["edits a tool refused"] += 1


def _create(world: World, step: story.Create) -> None:
    group = world.groups.get(step.record) or Group(step.record)
    if step.side not in world.tools or step.side in group.ids:
        return
    if group.ids and not world.story.match:
        return
    world.groups[step.record] = group
    tool = world.tools[step.side]
    body = written([step.paragraph], tool.text_format)
    fields = {"title": step.title, "body": body, "status": "todo", "priority": "none"}
    world.ledger.wrote(step.record, tokens(step.title)[0])
    world.ledger.wrote(step.record, tokens(step.paragraph)[0])
    group.ids[step.side] = tool.create(fields)
    for unit, choices in group.choices.items():
        choices.chose(step.side, fields[unit])
        if not world.hears(step.side, unit):
            # The copies are made with it all the same, so it is what others find there.
            choices.excuse(step.side)
    world.counts["edits"] += 2


def _edit(world: World, group: Group, tool: MemoryTool, id_: str, step: story.Edit) -> None:
    ledger, shown = world.ledger, tool.fields(id_)
    token = "".join(tokens(step.value)[:1])
    world.watch.look()
    match step.how:
        case "title":
            before = tokens(shown["title"])
            tool.edit(id_, {"title": step.value})
            ledger.wrote(group.name, token, before)
        case "status":
            tool.edit(id_, {"status": STATUSES[step.pick % len(STATUSES)]})
        case "priority":
            tool.edit(id_, {"priority": PRIORITIES[step.pick % len(PRIORITIES)]})
        case "label":
            tool.edit(id_, {"labels": sorted({*shown["labels"], step.value})})
            ledger.wrote(group.name, token)
        case "unlabel":
            if not shown["labels"]:
                return
            gone = sorted(shown["labels"])[step.pick % len(shown["labels"])]
            tool.edit(id_, {"labels": [x for x in shown["labels"] if x != gone]})
            ledger.took_out([gone])
        case "comment":
            internal = Visibility.INTERNAL if step.pick % 2 else Visibility.PUBLIC
            tool.comment(id_, step.value, internal, by="ann")
            ledger.commented(group.name, token, step.side)
        case _:
            _edit_text(world, group, tool, id_, step)
    now = tool.fields(id_)
    deaf = set(tokens(now)) - set(tokens(shown))
    for unit in UNITS:
        if shown[unit] != now[unit] and world.hears(tool.name, unit):
            group.choices[unit].chose(tool.name, now[unit])
    if step.how in WRITTEN and not world.hears(tool.name, WRITTEN[step.how]):
        ledger.excused |= deaf
    world.counts["edits"] += 1
    if not world.story.tools[tool.name].history:
        _excused(world, group, tool, id_, shown)


def _formatted(world: World, tool: MemoryTool, step: story.Edit) -> str:
    """A paragraph as its author formats it, where the tool has formats."""
    words, bold = step.value, BOLD.get(tool.text_format)
    if bold is None or step.pick % 3:
        return words
    world.ledger.bold.setdefault(tool.name, set()).update(tokens(words))
    return bold.format(words)


def _excused(
    world: World, group: Group, tool: MemoryTool, id_: str, shown: Mapping[str, Any]
) -> None:
    """Excuse what nothing in a tool without a history tells: that a person just did it.

    An edit of a record made a moment ago looks like what the tool puts into a new record, unless
    the tool answered with what it made; and one that takes back a write whose answer was lost, as
    if that write had never arrived, or as if the tool had left something out of it. Where nothing
    answers a write either, what is put in its place before it is read again is like what the tool
    made of it.
    """
    watch, now = world.watch, tool.fields(id_)

    def excuse() -> None:
        world.ledger.excused |= set(tokens(shown)) ^ set(tokens(now))
        group.excuse(tool.name, shown)
        group.replaced |= {unit for unit in UNITS if shown[unit] != now[unit]}

    born, silent = watch.newborn(tool.name, id_), not world.story.tools[tool.name].answers
    if watch.taken_back(tool.name, id_, now) or (born and silent):
        excuse()
    elif born:
        watch.unless_answered(tool.name, id_, excuse)
    for path in watch.replaced(tool.name, id_, now) if silent else ():
        world.ledger.excused |= set(tokens(shown[path])) ^ set(tokens(now[path]))
        group.replaced.add(path)
        if path in UNITS:
            group.choices[path].excuse(tool.name, shown[path])


def _unrecognisable(world: World, tool: MemoryTool, id_: str) -> bool:
    """Whether an edit could make a lost create look like a record of somebody else's.

    Without a key and without a history only its texts can tell. That window is declared.
    """
    told = world.story.tools[tool.name]
    return not (told.keyed or told.history) and world.watch.newborn(tool.name, id_)


def _edit_text(world: World, group: Group, tool: MemoryTool, id_: str, step: story.Edit) -> None:
    parts = paragraphs(tool.fields(id_)["body"], tool.text_format)
    at = step.pick % max(1, len(parts))
    ledger, token = world.ledger, "".join(tokens(step.value)[:1])
    match step.how:
        case "write":
            parts.insert(at, _formatted(world, tool, step))
            tool.edit(id_, {"body": written(parts, tool.text_format)})
            ledger.wrote(group.name, token)
        case "rewrite" if parts:
            before, parts[at] = tokens(parts[at]), _formatted(world, tool, step)
            tool.edit(id_, {"body": written(parts, tool.text_format)})
            ledger.wrote(group.name, token, before)
        case "strike" if len(parts) > 1:
            gone = tokens(parts.pop(at))
            tool.edit(id_, {"body": written(parts, tool.text_format)})
            ledger.took_out(gone)


def robots(world: World) -> None:
    """Rules of the tools' own take back the priorities that the hub gave before its last pass,
    having seen what it did since."""
    due, world.watch.repriced = world.watch.repriced, {}
    world.watch.look()
    for side, tool in world.tools.items():
        for deed in due.get(side, ()):
            group = world.group_of(side, deed.id)
            item = tool.items.get(deed.id)
            if group is None or item is None or item.now.deleted:
                continue
            before = (deed.before or {})["priority"]
            if item.now.fields["priority"] != before and world.hears(side, "priority"):
                tool.edit(deed.id, {"priority": before}, by="robot")
                group.choices["priority"].chose(side, before)
                world.counts["edits by robots"] += 1


def _merge(world: World, group: Group, tool: MemoryTool, id_: str, into: str) -> None:
    """Two records of a tool become one; what it means to the others is the hub's to find out."""
    home = world.groups.get(into)
    other = home.ids.get(tool.name) if home else None
    if home is None or home is group or other not in tool.items:
        return
    now, answering = tool.item(id_).now, tool.item(other).now
    if any(one.deleted or one.merged_into or not one.in_scope for one in (now, answering)):
        return
    world.watch.look()
    one = _taken_for(world, tool, id_) | _taken_for(world, tool, other)
    # What is never heard of this side is written over by what the others say of the merged one.
    deaf = [unit for unit in WRITTEN.values() if not world.hears(tool.name, unit)]
    shown = tool.fields(other)
    world.ledger.excused |= {token for unit in deaf for token in tokens(shown[unit])}
    tool.merge(id_, other)
    group.torn.add(tool.name)
    for name in one:
        world.groups[name].kin |= one - {name}
    if set(home.ids) != set(world.tools) or home.torn:
        home.torn.add(tool.name)
    world.counts["records: merge"] += 1


def _taken_for(world: World, tool: MemoryTool, id_: str) -> set[str]:
    """Groups that a record stands for to whoever looks at it in its tool: its own, those of which a
    record was merged into it there, and those whose words it shows since one was merged elsewhere.
    Who merges it says that all of them are one; what happens elsewhere unseen is not part of it."""
    homes = world.ledger.home
    found = {homes[token] for token in tokens(tool.fields(id_)) if token in homes}
    for group in world.groups.values():
        at = group.ids.get(tool.name)
        while at is not None and at != id_:
            at = tool.items[at].now.merged_into if at in tool.items else None
        if at == id_:
            found.add(group.name)
    return found


def _fate(world: World, group: Group, tool: MemoryTool, id_: str, what: str) -> None:
    world.watch.look()
    now = tool.item(id_).now
    if what in ("delete", "archive"):
        world.ledger.took_out(tokens(now.fields))
        group.excuse(tool.name, {})
    match what:
        case "delete":
            tool.delete(id_)
            if world.watch.newborn(tool.name, id_):
                # Gone before the hub heard that it had been made: it was never there.
                del group.ids[tool.name]
        case "archive" if not now.deleted:
            tool.archive(id_)
        case "restore" if now.deleted:
            tool.restore(id_)
        case "leave" if now.in_scope:
            tool.move(id_, in_scope=False)
        case "return" if not now.in_scope:
            tool.move(id_, in_scope=True)
        # A record that is hidden before the hub could look for it cannot be told from one that was
        # never made: that window is declared.
        case "hide" if not now.hidden and not world.watch.newborn(tool.name, id_):
            tool.hide(id_)
        case "show" if now.hidden:
            tool.hide(id_, hidden=False)
        case _:
            return
    if what in ("delete", "archive"):
        group.torn.add(tool.name)
    world.counts[f"records: {what}"] += 1


def written(parts: Sequence[str], text_format: str) -> str:
    """Paragraphs as a person types them into a tool."""
    if text_format == "html":
        return "".join(f"<p>{part}</p>" for part in parts)
    return "\n\n".join(parts)


def paragraphs(text: str | None, text_format: str) -> list[str]:
    """The paragraphs of a text, as a person sees them."""
    if text_format == "html":
        return [part.strip() for part in re.findall(r"<p>(.*?)</p>", text or "", re.DOTALL)]
    return [part.strip() for part in (text or "").split("\n\n") if part.strip()]
