"""Comments and files of linked records: links of their own, planned and proved like records.

They are read with a record that changed, never on their own. What was written before two records
were linked is copied as internal only: nothing is mailed to a customer for having been linked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

from syncline.engine.book import Book
from syncline.engine.child import Child, Joined, as_seen, comment_of, file_of, grown, places
from syncline.engine.child_ports import AttachmentPort, CommentPort
from syncline.engine.context import PassContext
from syncline.engine.owing import CHILD, UNREAD, lacking, owes
from syncline.engine.ports import Port
from syncline.engine.settle import Settler
from syncline.engine.spec import Mode, Policy, SideSpec, Sync, Unit
from syncline.engine.stage import Item, Stage
from syncline.mapping.load import ToolMapping, load_mapping
from syncline.mapping.units import units
from syncline.sdk.connector import Visibility
from syncline.sdk.errors import ConnectorError
from syncline.store import links
from syncline.store.rows import Intent, Link, LinkSide, Observation

SEEN = "_children"
"""Where a record's link keeps the sides whose comments and files were read before."""

SAID = frozenset({"comment", "note"})
"""Kinds that are comments to their tool; a note is one that no side is the origin of."""

COMMENT = """\
entity: comment
record: comment
text: {text}
fields:
  body: {{path: body, create_only: {fixed}}}
"""


@lru_cache(16)
def _comments(text_format: str, edits: bool) -> ToolMapping:
    """The mapping of a tool's comments."""
    return load_mapping(COMMENT.format(text=text_format, fixed=str(not edits).lower()))


class Children:
    """Comments and files of one pass."""

    def __init__(self, context: PassContext) -> None:
        self.context = context
        self.sync = context.sync

    async def settle(self, found: Mapping[str, Link], intents: Sequence[Intent]) -> None:
        """Close intents of comments and files by evidence."""
        for kind in ("comment", "attachment", "note"):
            mine = {id_: link for id_, link in found.items() if link.kind == kind}
            if not mine:
                continue
            parents = await self.context.read(
                links.load, [link.parent for link in mine.values() if link.parent]
            )
            known = await self.context.read(links.children, list(parents))
            ports = self._ports(kind, parents, known)
            await Settler(self.context, self._spec(kind), ports).settle(mine, intents)

    async def carry_out(self, parents: Sequence[Link]) -> None:
        """Copy new comments and files of these records, and edits of comments."""
        if self.sync.comments is None:
            return
        groups: dict[frozenset[str], list[Link]] = {}
        for parent in parents:
            live = frozenset(
                side
                for side, at in parent.sides.items()
                if at.state == "in" and side in self.context.reachable()
            )
            if len(live) > 1:
                groups.setdefault(live, []).append(parent)
        for live, group in groups.items():
            kinds = ["comment", "attachment"] if self.sync.comments.attachments else ["comment"]
            if all([await self._kind(kind, live, group) for kind in kinds]):
                await self._were_read(group, live)
        await self._were_read([parent for parent in parents if _alone(parent)], frozenset())

    async def notes(self, parents: Sequence[Link]) -> None:
        """Make the notes that these records owe (`on_uneditable: note`)."""
        by_id = {parent.id: parent for parent in parents}
        known = await self.context.read(links.children, list(by_id))
        due = [one for group in known.values() for one in group if one.kind == "note" and one.dirty]
        if due:
            ports = self._ports("note", by_id, known)
            stage = Stage(self.context, self._spec("note"), ports, self.context.reachable())
            await stage.run([Item(one, {}) for one in due])

    async def _kind(self, kind: str, live: frozenset[str], parents: Sequence[Link]) -> bool:
        """Copy children of one kind; False when a side could not be read, so that they stay due."""
        by_id = {parent.id: parent for parent in parents}
        known = await self.context.read(links.children, list(by_id))
        read: dict[str, list[Child]] = {}
        for side in sorted(live):
            try:
                await self._read(kind, side, parents, read)
            except ConnectorError as error:
                self.context.stop(side, error)
                return False
        items = []
        for parent in parents:
            mine = [child for child in known.get(parent.id, []) if child.kind == kind]
            noted = places(known.get(parent.id, []), "note")
            told = [c for c in read.get(parent.id, []) if (c.side, c.id) not in noted]
            items += self._items(kind, parent, mine, told, live)
        await self._keep_grown(known, items)
        if items:
            stage = Stage(self.context, self._spec(kind), self._ports(kind, by_id, known), live)
            await stage.run(items)
        return True

    async def _read(
        self, kind: str, side: str, parents: Sequence[Link], read: dict[str, list[Child]]
    ) -> None:
        connector, record = self.context.connectors[side], self.sync.sides[side].record
        by_record = {parent.sides[side].record_id: parent.id for parent in parents}
        if kind == "comment":
            format_ = self.sync.sides[side].text_format
            for id_, comments in (await connector.comments(record, list(by_record))).items():
                found = [comment_of(side, id_, one, format_) for one in comments]
                read.setdefault(by_record[id_], []).extend(found)
        elif self.context.can(side).attachments:
            for id_, files in (await connector.attachments(record, list(by_record))).items():
                found = [file_of(side, id_, one) for one in files]
                read.setdefault(by_record[id_], []).extend(found)

    def _items(
        self,
        kind: str,
        parent: Link,
        known: Sequence[Link],
        read: Sequence[Child],
        live: frozenset[str],
    ) -> list[Item]:
        """Known children that show something new or owe a copy, and new ones."""
        place = {(at.side, at.record_id): one for one in known for at in one.sides.values()}
        seen: dict[str, dict[str, Observation]] = {}
        told: dict[str, list[Child]] = {}
        fresh: list[Child] = []
        for child in read:
            one = place.get((child.side, child.id))
            if one is None:
                fresh.append(child)
                continue
            told.setdefault(one.id, []).append(child)
            if not as_seen(one, child):
                seen.setdefault(one.id, {})[child.side] = self._observed(child, one.id)
        items: list[Item] = []
        for one in known:
            joined = self._joined(one, told.get(one.id, []), fresh, live)
            for side, twin in joined.items():
                if isinstance(twin, Child):
                    fresh.remove(twin)
                    seen.setdefault(one.id, {})[side] = self._observed(twin, one.id)
            if joined or one.id in seen or one.dirty:
                items.append(Item(grown(one, joined), seen.get(one.id, {})))
        before = frozenset(parent.fields.get(SEEN, ()))
        items += self._new(kind, parent, fresh, before)
        return items

    def _joined(
        self, link: Link, told: Sequence[Child], fresh: Sequence[Child], live: frozenset[str]
    ) -> dict[str, Joined]:
        """What each side has of this that joined the sync after it was linked."""
        if not told:
            return {}  # the tools that have it could not be read: the record stays due
        new = live - link.sides.keys() - link.fields[CHILD]["as"].keys()
        labels = {child.label for child in told}
        joined: dict[str, Joined] = {}
        for side in sorted(new):
            twins = (child for child in fresh if child.side == side and child.label in labels)
            joined[side] = next(twins, None) or self._shown_as(side, told[0], first=True)
        return joined

    async def _keep_grown(self, known: Mapping[str, Iterable[Link]], items: Iterable[Item]) -> None:
        """Store what was settled of sides that joined, before anything is sent to them."""
        stored = {one.id: one for group in known.values() for one in group}
        book = Book(self.sync.name, self.context.run, self.context.now())
        book.links = {
            item.link.id: item.link
            for item in items
            if not item.new and item.link is not stored[item.link.id]
        }
        if book.links:
            await self.context.commit(book.write)

    def _new(
        self,
        kind: str,
        parent: Link,
        fresh: Sequence[Child],
        before: frozenset[str],
    ) -> list[Item]:
        """Links for children seen for the first time; the same one on several sides is one link.

        `before`: sides that were read before, of which all that is new was written since.
        """
        items = []
        taken: set[tuple[str, str]] = set()
        for child in sorted(fresh, key=lambda one: one.ours):
            if (child.side, child.id) in taken or not self._copied(child):
                continue
            twins = {child.side: child}
            for other in fresh:
                same = other.label == child.label and other.side not in twins
                either = other.ours or not {child.side, other.side} <= before
                if same and either and (other.side, other.id) not in taken:
                    twins[other.side] = other
            if child.ours and len(twins) == 1:
                continue
            taken.update((one.side, one.id) for one in twins.values())
            items.append(self._item(kind, parent, child, twins, child.side not in before))
        return items

    def _copied(self, child: Child) -> bool:
        policy = self.sync.comments
        return policy is not None and child.visibility in policy.visibility

    def _item(
        self,
        kind: str,
        parent: Link,
        child: Child,
        twins: Mapping[str, Child],
        first: bool,
    ) -> Item:
        """A new link. How every other side shows a copy is settled now, also of those that cannot
        be reached: they get theirs later."""
        sides = {s: LinkSide(s, one.id) for s, one in twins.items()}
        shown = {s: one.visibility.value for s, one in twins.items() if one.ours}
        for side in sorted(set(self.sync.sides) - set(twins)):
            visibility = self._shown_as(side, child, first)
            if visibility is None:
                sides[side] = LinkSide(side, "", "cut")
            else:
                shown[side] = visibility.value
        meta = {**child.meta, "from": child.side, "author": child.author, "as": shown}
        link = Link(
            id=self.context.new_id(),
            sync=self.sync.name,
            kind=kind,
            parent=parent.id,
            sides=sides,
            fields={CHILD: meta},
        )
        seen = {s: self._observed(one, link.id) for s, one in twins.items()}
        tied = dict.fromkeys(twins, "match" if len(twins) > 1 else "new")
        return Item(link, seen, new=True, tied=tied)

    def _shown_as(self, side: str, child: Child, first: bool) -> Visibility | None:
        """As what a side shows a copy; None: not at all. Internal never turns public by itself."""
        if self.sync.sides[side].read_only:
            return None
        policy = self.sync.comments
        has = self.context.can(side).visibilities
        wanted = child.visibility
        if policy is not None and policy.as_ != "same":
            wanted = Visibility(policy.as_)
        if wanted is Visibility.PUBLIC and first:
            wanted = Visibility.INTERNAL
        if wanted is Visibility.PUBLIC and wanted in has:
            return wanted
        return Visibility.INTERNAL if Visibility.INTERNAL in has else None

    def _observed(self, child: Child, link_id: str) -> Observation:
        return Observation(
            sync=self.sync.name,
            side=child.side,
            record_id=child.id,
            state="new",
            fields=child.fields,
            link_id=link_id,
            seen_at=self.context.now(),
        )

    async def _were_read(self, parents: Sequence[Link], live: frozenset[str]) -> None:
        """Remember whose children were read of these records: what comes later is new. Those of a
        side that could not be read stay due, where its record changed."""
        ids = [parent.id for parent in parents if UNREAD in parent.fields]
        found = await self.context.read(links.load, ids)
        book = Book(self.sync.name, self.context.run, self.context.now())
        for id_, link in found.items():
            before = frozenset(link.fields.get(SEEN, ()))
            away = {side for side in before - live if _is_in(link, side)}
            if away and live - before:
                continue  # a side has joined, and who may have what it lacks could not be read
            fields = {name: packed for name, packed in link.fields.items() if name != UNREAD}
            due = () if _alone(link) else set(link.fields.get(UNREAD, ())) - live
            if late := sorted(side for side in due if _is_in(link, side)):
                fields[UNREAD] = late
            read = replace(link, fields={**fields, SEEN: sorted(before | live)})
            missing = link.dirty and bool(lacking(self.sync, link))
            book.links[id_] = replace(read, dirty=missing or owes(self.sync, read))
        await self.context.commit(book.write)

    def _spec(self, kind: str) -> Sync:
        """The sync of this kind of children: one unit for a comment's body, none for a file."""
        sides = {
            name: SideSpec(name, spec.record, spec.text_format, create="when_missing")
            for name, spec in self.sync.sides.items()
        }
        found: dict[str, Unit] = {}
        if kind in SAID:
            found["body"] = self._body()
        return Sync(self.sync.name, kind, sides, found)

    def _body(self) -> Unit:
        mappings = {
            name: _comments(spec.text_format, self.context.can(name).edits_comments)
            for name, spec in self.sync.sides.items()
        }
        (unit,) = units(mappings)
        modes: dict[str, Mode] = {
            side: "source" if self.sync.sides[side].read_only else "both" for side in unit.lenses
        }
        return Unit(
            "body",
            unit.fields,
            unit.kind,
            unit.lenses,
            modes,
            Policy("merge"),
        )

    def _ports(
        self, kind: str, parents: Mapping[str, Link], known: Mapping[str, Iterable[Link]]
    ) -> dict[str, Port]:
        records = {name: spec.record for name, spec in self.sync.sides.items()}
        ports: dict[str, Port] = {}
        for side, spec in self.sync.sides.items():
            linked = {
                one.sides[side].record_id
                for group in known.values()
                for one in group
                if (one.kind == kind or {one.kind, kind} <= SAID) and side in one.sides
            }
            connector = self.context.connectors[side]
            if kind in SAID:
                ports[side] = CommentPort(
                    connector, side, spec.record, spec.text_format, parents, linked
                )
            elif self.context.can(side).attachments:
                ports[side] = AttachmentPort(
                    self.context.connectors, side, records, parents, linked
                )
        return ports


def _is_in(link: Link, side: str) -> bool:
    return side in link.sides and link.sides[side].state == "in"


def _alone(parent: Link) -> bool:
    """Whether no other side has the record, reached or not: nothing is to be copied."""
    return sum(at.state == "in" for at in parent.sides.values()) < 2
