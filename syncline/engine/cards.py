"""Shows linked records to people inside their own tools, once for every pair."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from syncline.engine.book import Book
from syncline.engine.context import PassContext
from syncline.engine.owing import CARDS, cards_owed, lacking, owes
from syncline.engine.spec import Sync
from syncline.sdk.connector import Connector, LinkCard, Result
from syncline.sdk.errors import ConnectorError
from syncline.store.rows import Link

TITLE_UNIT = "title"


async def show_cards(context: PassContext, links: Sequence[Link]) -> None:
    """Write the cards that these links owe; what a tool cannot take now stays owed, and what it
    refuses is noted and not sent again."""
    owed: dict[str, list[tuple[Link, LinkCard]]] = {}
    for link in links:
        for side in cards_owed(context.sync, link):
            if side in context.reachable():
                cards = cards_of(link, side, context.connectors)
                owed.setdefault(side, []).extend((link, card) for card in cards)
    done: dict[str, Link] = {link.id: link for link in links}
    for side, pairs in owed.items():
        record = context.sync.sides[side].record
        try:
            outcomes = await context.connectors[side].show_links(record, [c for _, c in pairs])
        except ConnectorError as error:
            context.stop(side, error)
            continue
        failed = {
            link.id
            for (link, _), outcome in zip(pairs, outcomes, strict=True)
            if outcome.result in (Result.RETRY, Result.AMBIGUOUS, Result.CONFLICT)
        }
        refused = Counter(o.reason for o in outcomes if o.result is Result.REJECTED)
        context.notes += [
            f"{side}: cards of linked records were refused ({number}) and are not sent again: {why}"
            for why, number in refused.items()
        ]
        for link, _ in pairs:
            if link.id not in failed:
                done[link.id] = _shown(context, done[link.id], side)
        context.counts["cards"] += sum(o.result is Result.APPLIED for o in outcomes)
    book = Book(context.sync.name, context.run, context.now())
    book.links = {id_: link for id_, link in done.items() if link.fields.get(CARDS)}
    await context.commit(book.write)


def cards_of(link: Link, side: str, connectors: Mapping[str, Connector]) -> list[LinkCard]:
    """What a side shows of its link's other records."""
    title = (link.fields.get(TITLE_UNIT) or {}).get("value")
    return [
        LinkCard(
            record_id=link.sides[side].record_id,
            connection=other,
            key=at.key or at.record_id,
            title=title if isinstance(title, str) else "",
            url=at.url,
            tool=connectors[other].name if other in connectors else "",
            linked_id=at.record_id,
        )
        for other, at in link.sides.items()
        if other != side and at.state == "in" and at.url
    ]


async def take_off(
    sync: Sync, connectors: Mapping[str, Connector], gone: Mapping[str, Sequence[LinkCard]]
) -> list[str]:
    """Take cards off each side's records; says what could not be taken, and why."""
    failed = []
    for side, cards in gone.items():
        if not cards or not sync.sides[side].cards:
            continue
        try:
            outcomes = await connectors[side].show_links(sync.sides[side].record, [], cards)
        except ConnectorError as error:
            failed.append(f"{side}: {error}")
            continue
        kept = (o.reason for o in outcomes if o.result not in (Result.APPLIED, Result.GONE))
        failed += [f"{side}: {reason}" for reason in dict.fromkeys(kept)]
    return failed


def _shown(context: PassContext, link: Link, side: str) -> Link:
    cards = cards_owed(context.sync, link).get(side)
    if cards is None:
        return link
    shown = {**link.fields.get(CARDS, {}), side: cards}
    after = replace(link, fields={**link.fields, CARDS: shown}, revision=link.revision + 1)
    missing = link.dirty and bool(lacking(context.sync, after))
    return replace(after, dirty=missing or owes(context.sync, after))
