"""Records that belong to no link yet: matched, made a link of their own, or left alone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence, Set
from dataclasses import replace

from syncline.engine.context import PassContext
from syncline.engine.identity import closed, create_name
from syncline.engine.match import Question, pair, spread
from syncline.engine.observe import MARKER, REFERENCES
from syncline.engine.plan import matches
from syncline.engine.stage import Item
from syncline.sdk.errors import ConnectorError
from syncline.store import intents, links, matching
from syncline.store.findings import conflicts, parked, tombstones
from syncline.store.rows import Conflict, Intent, Link, LinkSide, Observation
from syncline.store.sql import Tx

TEXTS = ("text", "rich_text")
"""Kinds whose values tell one record from another."""


class Loose:
    """Turns loose records into links to plan. `listed`: sides read completely in this pass.

    Nothing is decided while a side is missing: its records might be the counterparts. In a preview
    nothing is stored, neither here nor by the stage that plans the links.
    """

    def __init__(self, context: PassContext, listed: frozenset[str], preview: bool) -> None:
        self.context = context
        self.sync = context.sync
        self.complete = listed >= frozenset(self.sync.sides)
        self.listed = listed
        self.preview = preview

    async def batches(self, size: int) -> AsyncIterator[list[Item]]:
        """New links, in batches; what stays alone is left for later records to find."""
        if not self.complete or self.context.stopped:
            return
        after: tuple[str, str] | None = None
        taken: set[tuple[str, str]] = set()
        while rows := await self.context.read(matching.fresh, self.sync.name, after, size):
            after = (rows[-1].side, rows[-1].record_id)
            rows = [row for row in rows if (row.side, row.record_id) not in taken]
            if not await self._know(rows):
                return
            inside = [row for row in rows if self._belongs(row)]
            places = {(row.side, row.record_id) for row in inside}
            found = await self.context.read(_evidence, self.context, inside)
            if not await self._look_back(inside, found):
                return  # any of these may be the record of a create whose answer was lost
            items, questions, alone = self._sort(inside, found, taken)
            outside = [row for row in rows if (row.side, row.record_id) not in places]
            if not self.preview and (alone or outside or questions):
                await self.context.commit(_leave, self.context, [*alone, *outside], questions)
            if items:
                yield items
            if not self.preview:
                taken.clear()  # what was matched has a link by now and is fresh no more

    async def _know(self, rows: Sequence[Observation]) -> bool:
        """Learn who these records name; False where a tool cannot tell now."""
        for side in self.sync.sides:
            slices = [row.fields for row in rows if row.side == side]
            if slices and side in self.context.reachable():
                try:
                    await self.context.know_handles(side, slices)
                except ConnectorError as error:
                    self.context.stop(side, error)
                    return False
        return True

    async def _look_back(self, rows: Sequence[Observation], found: Found) -> bool:
        """What records showed when they were made, where a create may have made one of them.

        False where a tool cannot tell now: nothing is decided until a later pass.
        """
        for side in sorted({intent.side for intent, _ in found.unsettled}):
            mine = [row for row in rows if row.side == side and _place(row) not in found.lost]
            sent = [(intent, home) for intent, home in found.unsettled if intent.side == side]
            since = min(intent.created_at or self.context.now() for intent, _ in sent)
            ids = [row.record_id for row in mine]
            try:
                changes = await self.context.history(side, ids, since)
            except ConnectorError as error:
                self.context.stop(side, error)
                return False
            for row in mine:
                at_first = dict(row.fields)
                for change in reversed(changes.get(row.record_id, ())):
                    at_first[change.path] = change.before
                for intent, home in sent:
                    if _wrote(self.context, intent, replace(row, fields=at_first)):
                        found.lost[_place(row)] = intent, home
        return True

    def _belongs(self, row: Observation) -> bool:
        return (
            row.in_scope
            and not row.deleted
            and matches(self.sync, row.side, row.fields, self.context.people)
        )

    def _sort(
        self,
        rows: Sequence[Observation],
        found: Found,
        taken: set[tuple[str, str]],
    ) -> tuple[list[Item], list[Question], list[Observation]]:
        more = [r for r in found.more if _place(r) not in taken and self._belongs(r)]
        items, lost = _joined(found, [*rows, *more])
        taken.update(map(_place, more))
        free = []
        for row in rows:
            if _place(row) in found.joins:
                continue
            if (homes := found.torn.get(_place(row))) is not None:
                linked = tuple(place for home in homes for place in _records(home))
                lost.append(Question(row, (), "match", linked))
                continue
            if (twin := found.lost.get(_place(row))) is not None:
                intent, home = twin
                if intent.state == "parked":
                    lost.append(Question(row, (), "match", _records(home)))
            elif (row.side, row.record_id) not in found.dead:
                free.append(row)
        matched, questions = pair(self.sync, free, lambda row: self._candidates(row, found))
        asked = {(q.record.side, q.record.record_id) for q in questions}
        asked |= {(c.side, c.record_id) for q in questions for c in q.candidates}
        for match in matched:
            places = [_place(row) for row in match.values()]
            taken.update(places)
            items.append(self._linked(match, found.evidence.get(places[0], "match")))
        alone = [row for row in rows if (row.side, row.record_id) in found.dead]
        for row in free:
            place = (row.side, row.record_id)
            if place in taken or place in asked:
                continue
            if self._creates_from(row):
                items.append(self._linked({row.side: row}, "new"))
            else:
                alone.append(row)
        questions += [Question(row, (), "create") for row in alone if self._asks(row, found)]
        return items, questions + lost, alone

    def _candidates(self, row: Observation, found: Found) -> list[Observation]:
        """The records that may be the same thing; rivals of the row's own side are among them."""
        no = found.dead | found.lost.keys()
        rows = found.partners.get(_place(row), ())
        return [r for r in rows if _place(r) not in no and self._belongs(r)]

    def _creates_from(self, row: Observation) -> bool:
        return any(
            spec.create == "when_missing"
            for name, spec in self.sync.sides.items()
            if name != row.side
        )

    def _asks(self, row: Observation, found: Found) -> bool:
        """Whether a person is to say if this record is to be made on the other sides."""
        return (row.side, row.record_id) not in found.dead and any(
            spec.create == "ask" for name, spec in self.sync.sides.items() if name != row.side
        )

    def _linked(self, records: Mapping[str, Observation], by: str) -> Item:
        link = Link(
            id=self.context.new_id(),
            sync=self.sync.name,
            kind="record",
            parent=None,
            sides={side: _side(row) for side, row in records.items()},
            fields={},
        )
        return Item(link, records, new=True, tied=dict.fromkeys(records, by))


class Found:
    """What the store knows about loose records: links they belong to, and possible partners.

    `joins` are the links that records belong to, of those in `more` as well, which were left alone
    before; `torn` are tied to several links. `evidence` says what ties a record, marker or
    reference; else the fields of `match` do.
    `dead` have a tombstone: nothing but `adopt` ties them to anything, or copies them. `lost` show
    what a create wrote whose answer was lost and which cannot be looked for: they may be its
    record, so they are copied nowhere, and nothing is their counterpart.
    """

    def __init__(self) -> None:
        self.joins: dict[tuple[str, str], Link] = {}
        self.more: list[Observation] = []
        self.torn: dict[tuple[str, str], list[Link]] = {}
        self.evidence: dict[tuple[str, str], str] = {}
        self.partners: dict[tuple[str, str], list[Observation]] = {}
        self.dead: set[tuple[str, str]] = set()
        self.unsettled: list[tuple[Intent, Link]] = []
        self.lost: dict[tuple[str, str], tuple[Intent, Link]] = {}


def _side(row: Observation) -> LinkSide:
    return LinkSide(row.side, row.record_id, "in", row.version, row.key, row.url)


def _joined(found: Found, rows: Sequence[Observation]) -> tuple[list[Item], list[Question]]:
    """Links with the records that join them; several of one side that would are a question."""
    homes = {link.id: link for link in found.joins.values()}
    claims: dict[str, dict[str, list[Observation]]] = {}
    for row in rows:
        if (link := found.joins.get(_place(row))) is not None:
            claims.setdefault(link.id, {}).setdefault(row.side, []).append(row)
    items: list[Item] = []
    questions: list[Question] = []
    for id_, by_side in claims.items():
        link = homes[id_]
        alone = {side: some[0] for side, some in by_side.items() if len(some) == 1}
        if alone:
            sides = {**link.sides, **{side: _side(row) for side, row in alone.items()}}
            by = {side: found.evidence[_place(row)] for side, row in alone.items()}
            items.append(Item(replace(link, sides=sides), alone, tied=by))
        for row, *others in (some for some in by_side.values() if len(some) > 1):
            questions.append(Question(row, tuple(others), "match", _records(link)))
    return items, questions


def _records(link: Link) -> tuple[tuple[str, str], ...]:
    return tuple((side, at.record_id) for side, at in sorted(link.sides.items()))


def _evidence(tx: Tx, context: PassContext, rows: Sequence[Observation]) -> Found:
    """Markers, references and match keys of loose records, looked up in batches."""
    found = Found()
    sync = context.sync.name
    found.dead = dead = _dead(tx, sync, rows)
    _by_marker(tx, context, rows, dead, found)
    if "reference" in context.sync.match:
        _by_reference(tx, context, rows, dead, found)
    keys = {row.match_key for row in rows if row.match_key}
    by_key = matching.by_key(tx, sync, sorted(keys), rows) if keys else {}
    for row in rows:
        place = (row.side, row.record_id)
        same = [r for r in by_key.get(row.match_key or "", ()) if _place(r) != place]
        known = {(r.side, r.record_id) for r in found.partners.get(place, ())}
        settled = known | found.joins.keys() | found.torn.keys()
        extra = [r for r in same if _place(r) not in settled]
        if not known and any(r.side != row.side for r in extra):
            found.partners[place] = extra
    partners = [one for group in found.partners.values() for one in group]
    found.dead |= _dead(tx, sync, partners)
    found.unsettled = _unsettled(tx, context) if rows else []
    asked = [c for c in conflicts.list(tx, sync) if c.kind == "match"] if found.unsettled else []
    for intent, home in found.unsettled:
        for row in [*rows, *partners]:
            ours = _wrote(context, intent, row) or _asked(asked, row, home)
            if row.side == intent.side and ours:
                found.lost[_place(row)] = intent, home
    return found


def _asked(questions: Sequence[Conflict], row: Observation, home: Link) -> bool:
    """Whether a person was asked already if a row is the record of a lost create: it stays so,
    whatever is written into it since."""
    records = set(_records(home))
    for question in questions:
        places = {(one["side"], one["value"]) for one in question.candidates}
        if _place(row) in places and records & places:
            return True
    return False


def _unsettled(tx: Tx, context: PassContext) -> list[tuple[Intent, Link]]:
    """Creates whose outcome is not known, of records."""
    waiting = [p.link_id for p in parked.list(tx, context.sync.name) if p.action == "create"]
    found = intents.open(tx, context.sync.name)
    for group in intents.of_links(tx, waiting, ("parked",)).values() if waiting else ():
        found += group
    creates = [one for one in found if one.kind == "create" and one.record_id is None]
    homes = links.load(tx, sorted({one.link_id for one in creates})) if creates else {}
    return [
        (one, homes[one.link_id])
        for one in creates
        if one.link_id in homes and homes[one.link_id].kind == "record"
    ]


def _wrote(context: PassContext, intent: Intent, row: Observation) -> bool:
    """Whether a row shows a text that a create sent; one is enough, as people edit the others."""
    texts = {n for n, unit in context.sync.units.items() if unit.kind.name in TEXTS}
    return any(
        name in texts
        and unit["value"] is not None
        and all(_kept(sent, row.fields.get(path)) for path, sent in unit["after"].items())
        for name, unit in intent.payload["units"].items()
    )


def _kept(sent: object, shown: object) -> bool:
    """Whether a tool may have made this of what it was sent: some cut off what is too long."""
    if isinstance(sent, str) and isinstance(shown, str) and shown:
        return sent.startswith(shown)
    return sent == shown


def _place(row: Observation) -> tuple[str, str]:
    return row.side, row.record_id


def _dead(tx: Tx, sync: str, rows: Sequence[Observation]) -> set[tuple[str, str]]:
    """Records with a tombstone: nothing but `adopt` ties them to anything."""
    dead: set[tuple[str, str]] = set()
    for side in sorted({row.side for row in rows}):
        ids = [row.record_id for row in rows if row.side == side]
        dead |= {(side, id_) for id_ in tombstones.dead(tx, sync, side, ids)}
    return dead


def _by_marker(
    tx: Tx,
    context: PassContext,
    rows: Sequence[Observation],
    dead: Set[tuple[str, str]],
    found: Found,
) -> None:
    """A marker that we signed ties a record to its link, if the link has no record there.

    A copied record carries a copied marker: the first comer keeps it, the copy is loose. Where
    several come at once, nothing here says which is the copy: a person does.
    """
    marked: dict[str, list[Observation]] = {}
    for row in rows:
        marker = row.fields.get(MARKER)
        parts = str(marker).split("-") if marker else []
        if len(parts) != 3 or (row.side, row.record_id) in dead:
            continue
        link_id, side, *_ = [*parts[1].split(":"), ""]
        if side == row.side and marker == context.sign(parts[1]):
            marked.setdefault(link_id, []).append(row)
    for link_id, link in links.load(tx, list(marked)).items():
        for row in marked[link_id]:
            name = create_name(link_id, row.side, len(closed(link, row.side)))
            if row.side not in link.sides and row.fields[MARKER] == context.sign(name):
                found.joins[_place(row)] = link
                found.evidence[_place(row)] = "marker"


def _by_reference(
    tx: Tx,
    context: PassContext,
    rows: Sequence[Observation],
    dead: Set[tuple[str, str]],
    found: Found,
) -> None:
    """An address of another record, in a field made for it, ties the two, and through it others."""
    urls = {u for row in rows for u in row.fields.get(REFERENCES) or ()}
    if not urls:
        return
    loose = matching.by_url(tx, context.sync.name, sorted(urls))
    linked = links.by_url(tx, context.sync.name, sorted(urls))
    buried = dead | _dead(tx, context.sync.name, list(loose.values()))
    homes = {place: {link.id: link} for place, link in found.joins.items()}
    for row in rows:
        place = _place(row)
        if place in dead or place in found.joins:
            continue
        for url in row.fields.get(REFERENCES) or ():
            link = linked.get(url)
            if link is not None and row.side not in link.sides:
                homes.setdefault(place, {})[link.id] = link
            elif url in loose and loose[url].side != row.side and _place(loose[url]) not in buried:
                found.partners.setdefault(place, []).append(loose[url])
                found.partners.setdefault(_place(loose[url]), []).append(row)
    found.partners = spread(found.partners)
    _go_along(rows, homes, found)


def _go_along(
    rows: Sequence[Observation],
    homes: Mapping[tuple[str, str], Mapping[str, Link]],
    found: Found,
) -> None:
    """All that are tied go into the one link that any of them belongs to, by `homes`. Where they
    belong to several, a person says which; what belongs to none is left to be paired."""
    fresh = {_place(row): row for row in rows}
    known = {_place(one): one for some in found.partners.values() for one in some} | fresh
    free = {}
    for place in dict.fromkeys([*homes, *found.partners]):
        partners = found.partners.get(place, [])
        group = (place, *map(_place, partners))
        reached = {id_: link for one in group for id_, link in homes.get(one, {}).items()}
        if not reached:
            free[place] = partners
            found.evidence[place] = "reference"
        elif place in found.joins:
            continue  # its marker says more
        elif len(reached) > 1:
            found.torn[place] = list(reached.values())
        elif all(known[place].side not in link.sides for link in reached.values()):
            (found.joins[place],) = reached.values()
            found.evidence[place] = "reference"
            found.more += [] if place in fresh else [known[place]]
    found.partners = free


def _leave(
    tx: Tx,
    context: PassContext,
    alone: Sequence[Observation],
    questions: Sequence[Question],
) -> None:
    asked = [row for q in questions for row in (q.record, *q.candidates)]
    matching.leave(
        tx,
        context.sync.name,
        [(row.side, row.record_id, row.match_key) for row in [*alone, *asked]],
    )
    conflicts.put(tx, [_question(context, question) for question in questions])


def _question(context: PassContext, question: Question) -> Conflict:
    rows = (question.record, *question.candidates)
    places = [*map(_place, rows), *question.linked]
    name = "/".join(sorted(f"{side}:{id_}" for side, id_ in places))
    return Conflict(
        id=context.sign(name)[-10:],
        sync=context.sync.name,
        link_id=None,
        field="",
        kind=question.by,
        candidates=tuple(
            {"side": side, "value": id_, "at": None, "person": None} for side, id_ in places
        ),
        digest=context.sign(name)[-16:],
        created_at=context.now(),
    )
