"""Who is who: the people and the accounts that nothing matches, with proposals to paste."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from syncline.cli.options import DONE, ConfigPath, Json, MaybeSync, hub, known_sync, run
from syncline.cli.output import Output, Wrong, count

if TYPE_CHECKING:
    from syncline.hub import Hub
    from syncline.identities.accounts import Accounts, Alone
    from syncline.identities.nearest import Party
    from syncline.identities.people import Unmatched

ACCOUNT = "account"


def asked(one: Hub, connection: str | None) -> list[str]:
    """The connection that was named, or all of them. Wrong where there is none of that name."""
    names = list(one.config.connections)
    if connection is None:
        return names
    if connection not in names:
        from syncline.config import did_you_mean

        hint = did_you_mean(connection, names)
        raise Wrong(f"no connection is called `{connection}`; {hint}")
    return [connection]


async def people(path: Path | None, connection: str | None, out: Output) -> int:
    """The report on people."""
    from syncline.identities import people as who
    from syncline.identities.reading import people_report

    async with hub(path) as one:
        names = asked(one, connection)
        with out.progress("people") as progress:
            progress("asking every tool", 0)
            found = await people_report(one)
        at = one.config.places.of(("people",))
    left = [p for p in found.unmatched if p.party.connection in names]
    entries = who.entries(left)
    out.result(
        {
            "matched": [
                {"person": m.person, "name": m.name, "handles": dict(m.handles), "by": m.by}
                for m in found.matched
            ],
            "unmatched": [_unmatched(p) for p in left],
            "entries": entries,
        }
    )
    out.say(f"{count(len(found.matched), 'person', 'people')} matched, {len(left)} not.")
    if left:
        columns = ("in", "handle", "name", "address", "unknown in", "nearest there", "because")
        out.table(columns, [_row(p.party, p.missing, p.candidates, p.reason) for p in left])
        out.say(
            "Nobody there: make an account with their address in that tool; till then fields that "
            "name them are parked. Somebody there: name them under `people`."
        )
    if entries and not out.as_json:
        out.say(f"If these are the same, put them into the configuration ({at}):", "")
        _paste(entries)
    return DONE


def _unmatched(one: Unmatched) -> dict[str, Any]:
    return {
        **_party(one.party, "handle", "email"),
        "missing": one.missing,
        "candidates": [_party(other, "handle", "email") for other in one.candidates],
        "reason": one.reason,
        "proposal": dict(one.entry) if one.entry else None,
    }


def _party(one: Party, id_: str, at: str) -> dict[str, Any]:
    return {"connection": one.connection, id_: one.id, "name": one.name, at: one.at or None}


def _row(one: Party, missing: str, near: Iterable[Party], reason: str) -> list[str]:
    shown = " or ".join(f"{other.name or other.at} ({other.id})" for other in near)
    return [one.connection, one.id, one.name, one.at, missing, shown or "nobody", reason]


def _paste(entries: Iterable[Mapping[str, Any]]) -> None:
    from syncline.rot.patching import flow

    # What comes from a tool is quoted where YAML or a terminal would take it for something else.
    typer.echo("people:")
    for entry in entries:
        for number, (key, value) in enumerate(entry.items()):
            typer.echo(f"  {'- ' if not number else '  '}{key}: {flow(value)}")


def accounts(sync: MaybeSync = None, config: ConfigPath = None, as_json: Json = False) -> None:
    """Match the accounts of a sync by link and by domain, and propose for those that are left."""
    run(_accounts(config, sync, Output(as_json)))


async def _accounts(path: Path | None, name: str | None, out: Output) -> int:
    from syncline.identities.reading import accounts_report

    async with hub(path) as one:
        names = [known_sync(one, name)] if name else list(one.config.syncs)
        names = [n for n in names if one.config.syncs[n].entity == ACCOUNT]
        if not names:
            which = f"{name} syncs {one.config.syncs[name].entity}s" if name else "no sync has it"
            raise Wrong(f"accounts are matched in syncs with `entity: account`, and {which}")
        found = []
        for each in names:
            with out.progress(f"accounts of {each}") as progress:
                progress("reading every account", 0)
                found.append(await accounts_report(one, each))
    out.result({"syncs": {report.sync: _report(report) for report in found}})
    for report in found:
        _show(report, out)
    return DONE


def _report(one: Accounts) -> dict[str, Any]:
    return {
        "matched": [
            {
                "by": pair.by,
                "accounts": [_party(side, "record", "domain") for side in (pair.one, pair.other)],
                "adopt": _tied(one.sync, pair.one, pair.other) if pair.by == "domain" else None,
            }
            for pair in one.pairs
        ],
        "unmatched": [
            {
                **_party(left.party, "record", "domain"),
                "missing": left.missing,
                "candidates": [_party(c, "record", "domain") for c in left.candidates],
                "reason": left.reason,
                "adopt": _adopt(one.sync, left),
            }
            for left in one.alone
        ],
    }


def _adopt(sync: str, one: Alone) -> str | None:
    """The command that ties an account to its one candidate."""
    return _tied(sync, one.party, one.candidates[0]) if len(one.candidates) == 1 else None


def _tied(sync: str, *ends: Party) -> str:
    records = sorted(f"{party.connection}:{party.id}" for party in ends)
    return f"syncline adopt {sync} {' '.join(records)}"


def _show(one: Accounts, out: Output) -> None:
    by = [pair.by for pair in one.pairs]
    out.say(
        f"{one.sync}: {by.count('link')} linked, {by.count('domain')} with the same domain, "
        f"{len(one.alone)} without a counterpart."
    )
    if one.alone:
        columns = ("in", "record", "name", "domain", "missing in", "nearest there", "because")
        rows = [_row(a.party, a.missing, a.candidates, a.reason) for a in one.alone]
        out.table(columns, rows)
    commands = dict.fromkeys(c for a in one.alone if (c := _adopt(one.sync, a)))
    if commands:
        out.say("If these are the same:", *commands)
    same = [pair for pair in one.pairs if pair.by == "domain"]
    if same:
        out.say("Those with the same domain are linked by `match: [{fields: [domain]}]`.")
    # A pass compares what is written, and knows nothing of `www`.
    other = [p for p in same if p.one.at.casefold() != p.other.at.casefold()]
    if other:
        out.say(
            "But not where it is written otherwise:",
            *(_tied(one.sync, pair.one, pair.other) for pair in other),
        )
