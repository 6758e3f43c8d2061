"""Accounts across the sides of a sync: matched by a link, by their domain, or not. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from syncline.identities import nearest
from syncline.identities.nearest import Party, domain


@dataclass(frozen=True, slots=True)
class Pair:
    """An account in two tools. `by`: link (adopted or matched before) or domain."""

    one: Party
    other: Party
    by: str


@dataclass(frozen=True, slots=True)
class Alone:
    """An account that `missing` has no counterpart of; candidates as for people."""

    party: Party
    missing: str
    candidates: Sequence[Party] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Accounts:
    """The report on the accounts of one sync."""

    sync: str
    pairs: Sequence[Pair]
    alone: Sequence[Alone]


def report(
    sync: str, sides: Mapping[str, Sequence[Party]], links: Sequence[Mapping[str, str]]
) -> Accounts:
    """Which account is which: links first, then a domain that exactly one has on either side."""
    pairs: list[Pair] = []
    alone: list[Alone] = []
    names = list(sides)
    for number, one in enumerate(names):
        for other in names[number + 1 :]:
            found = _linked(one, other, sides, links)
            found += _by_domain(sides[one], sides[other], found)
            pairs += found
            mine, theirs = {p.one.id for p in found}, {p.other.id for p in found}
            left = [party for party in sides[one] if party.id not in mine]
            rest = [party for party in sides[other] if party.id not in theirs]
            alone += [_alone(party, other, rest) for party in left]
            alone += [_alone(party, one, left) for party in rest]
    return Accounts(sync, pairs, alone)


def _linked(
    one: str,
    other: str,
    sides: Mapping[str, Sequence[Party]],
    links: Sequence[Mapping[str, str]],
) -> list[Pair]:
    here = {party.id: party for party in sides[one]}
    there = {party.id: party for party in sides[other]}
    tied = ((link.get(one, ""), link.get(other, "")) for link in links)
    return [Pair(here[a], there[b], "link") for a, b in tied if a in here and b in there]


def _by_domain(
    mine: Sequence[Party], theirs: Sequence[Party], linked: Sequence[Pair]
) -> list[Pair]:
    """Accounts whose domain one account of either side has, and neither is linked."""
    here, there = _domains(mine), _domains(theirs)
    done = {pair.one for pair in linked} | {pair.other for pair in linked}
    return [
        Pair(here[at][0], there[at][0], "domain")
        for at in here
        if len(here[at]) == 1 and len(there.get(at, ())) == 1
        if here[at][0] not in done and there[at][0] not in done
    ]


def _domains(parties: Sequence[Party]) -> dict[str, list[Party]]:
    found: dict[str, list[Party]] = {}
    for party in parties:
        if at := domain(party.at):
            found.setdefault(at, []).append(party)
    return found


def _alone(party: Party, missing: str, others: Sequence[Party]) -> Alone:
    near, reason = nearest.nearest(party, others, nearest.accounts)
    return Alone(party, missing, near, reason.words if reason else "")
