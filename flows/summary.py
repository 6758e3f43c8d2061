"""What a pass came to, in words for the admin who opens its run: one page, and a table of changes.

Pure but for reading the store. Whatever came from a tool is shown as plain text: a ticket's title
must not be able to put a link, an image or markup on this page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from syncline.engine.passes import Pass
from syncline.engine.report import Action, Report
from syncline.plans import beside
from syncline.sdk.redaction import redact
from syncline.store import links
from syncline.store.findings import conflicts, parked
from syncline.store.rows import Conflict, Link, Parked

ACTIONS = 100
"""Changes in the table; the rest are counted."""

WAITING = 20
"""Conflicts, and parked actions, on the page; the rest are counted."""

LENGTH = 120
"""Characters of a value that are shown."""

DONE = ("created", "updated", "commented")
"""What was done, in the order in which it is said."""

_MARKUP = re.compile(r"([\\`*_{}\[\]()#+!|~$^:@-])")
_MEANS_SOMETHING = re.compile(r"[^\w #:./-]")
_ADDRESS = re.compile(r"https?://[^\s()<>\"'|\\\[\]]+")


@dataclass(frozen=True, slots=True)
class Summary:
    """A report, with what the store knows to wait for a person."""

    report: Report
    conflicts: Sequence[Conflict] = ()
    parked: Sequence[Parked] = ()
    links: Mapping[str, Link] = field(default_factory=dict)

    @classmethod
    async def of(cls, one: Pass, report: Report) -> Summary:
        """The summary of a pass that is finished."""
        read, sync = one.context.read, one.sync.name
        asking, held = await read(conflicts.list, sync), await read(parked.list, sync)
        shown = {c.link_id for c in asking[:WAITING]} | {p.link_id for p in held[:WAITING]}
        return cls(report, asking, held, await read(links.load, [id_ for id_ in shown if id_]))

    def headline(self) -> str:
        """The pass in one line, without secrets."""
        return redact(headline(self.report))

    def page(self) -> str:
        """The pass on one page of Markdown, without secrets."""
        parts = (
            self._overview(),
            self._stopped(),
            self._refused(),
            self._conflicts(),
            self._parked(),
            self._requests(),
            self._notes(),
        )
        return redact("\n".join(line for part in parts for line in part)) + "\n"

    def rows(self) -> list[dict[str, str]]:
        """The changes, a field each; behind the hundredth the rest are counted."""
        rows = [_row(action) for action in self.report.actions[:ACTIONS]]
        rest = len(self.report.actions) - ACTIONS
        if rest > 0:
            rows.append(dict.fromkeys(rows[0], "") | {"record": f"and {rest:,} more"})
        return rows

    def _overview(self) -> Iterator[str]:
        report = self.report
        yield f"# {plain(report.sync)}, {report.finished_at:%Y-%m-%d %H:%M:%S} UTC"
        yield f"\n**{plain(headline(report))}**"
        yield f"\n{_agreement(report)}. It took {_duration(report)}."
        others = {k: n for k, n in report.counts.items() if n and k not in (*DONE, *_ASKING)}
        also = ", ".join(f"{count:,} {plain(name)}" for name, count in others.items())
        if also:
            yield f"Also: {also}."
        if report.actions:
            changed = _count(len(report.actions), "field")
            yield f"{changed} written; the table of changes shows each before and after."
        yield f"\nRun `{report.run[:8]}`; a value's whole story: `syncline why SIDE:ID.FIELD`."

    def _stopped(self) -> Iterator[str]:
        if self.report.stopped:
            yield "\n## Tools that could not be used\n"
            for side, reason in self.report.stopped.items():
                yield f"- {plain(_told_by(side, reason))}"
            yield "\nThe other tools went on, and nothing was guessed. The next run tries again."

    def _refused(self) -> Iterator[str]:
        if self.report.refused:
            yield "\n## Refused by a guard\n"
            for refusal in self.report.refused:
                name, _, reason = refusal.partition(": ")
                yield f"- **{plain(name)}**: {plain(reason)}"
            yield (
                "\nIf it is what you want, start a custom run with the guard under `force`, or run "
                f"`syncline sync {self.report.sync} --force GUARD`."
            )

    def _conflicts(self) -> Iterator[str]:
        if self.conflicts:
            yield f"\n## {_count(len(self.conflicts), 'conflict')} to answer"
            yield "\nNeither value is overwritten until somebody chooses.\n"
            for one in self.conflicts[:WAITING]:
                yield f"- **{plain(one.field or one.kind)}** of {self._record(one.link_id)}"
                yield from (f"    - {value}" for value in _values(one))
                yield f"    - {_answer(one)}"
            yield from _rest(len(self.conflicts), "syncline conflicts")

    def _parked(self) -> Iterator[str]:
        if self.parked:
            yield f"\n## {len(self.parked):,} parked"
            yield "\nThese wait until the cause is mended; everything else goes on.\n"
            for one in self.parked[:WAITING]:
                what = f"**{plain(one.field or one.action)}** of {self._record(one.link_id)}"
                yield f"- {what}, in {plain(one.side)}: {plain(one.reason)}"
                link, _, rest = one.id.partition("/")
                yield f"    - try again with `syncline quarantine retry {link[:8]}/{rest}`"
            yield from _rest(len(self.parked), "syncline quarantine")

    def _record(self, link_id: str | None) -> str:
        link = self.links.get(link_id or "")
        sides = link.sides.values() if link else ()
        return " = ".join(_linked(f"{at.side}:{at.key or at.record_id}", at.url) for at in sides)

    def _requests(self) -> Iterator[str]:
        yield "\n## Requests to the tools\n\n| tool | reading | writing |\n| --- | ---: | ---: |"
        for side, counts in self.report.requests.items():
            yield f"| {plain(side)} | {counts.get('read', 0):,} | {counts.get('write', 0):,} |"

    def _notes(self) -> Iterator[str]:
        if self.report.notes:
            yield "\n## Notes\n"
            yield from (f"- {plain(note)}" for note in self.report.notes)


_ASKING = ("conflicts", "parked", "unseen")


def headline(report: Report) -> str:
    """What an admin must know of a pass, in one line."""
    if report.stopped:
        return "; ".join(_told_by(side, reason) for side, reason in report.stopped.items())
    if report.refused:
        return f"Nothing written. {'; '.join(report.refused)}"
    count = report.counts.get
    asking = count("conflicts", 0)
    waits = "waits" if asking == 1 else "wait"
    said = {
        "conflicts": f"{_count(asking, 'conflict')} {waits} for an answer",
        "parked": f"{count('parked', 0):,} parked",
        "unseen": f"{count('unseen', 0):,} not listed though they exist",
        **{name: f"{count(name, 0):,} {name}" for name in DONE},
    }
    return ", ".join(text for name, text in said.items() if count(name)) or "Nothing to do"


def brief(report: Report) -> str:
    """The same in a few words, for a name; empty where there was nothing to do."""
    if report.stopped:
        return f"{', '.join(report.stopped)} failed"
    if report.refused:
        return f"refused: {', '.join(refusal.partition(':')[0] for refusal in report.refused)}"
    count = report.counts
    said = [_count(count["conflicts"], "conflict")] if count.get("conflicts") else []
    said += [f"{count[name]:,} {name}" for name in (*_ASKING[1:], *DONE) if count.get(name)]
    return ", ".join(said)


def shortened(*values: Any) -> tuple[str, ...]:
    """Shared values that stand beside each other, each as one short line of text that shows how
    they differ, without secrets."""
    return beside([_line(value) for value in values], LENGTH)


def _line(value: Any) -> str:
    if isinstance(value, Mapping) and "source" in value:
        value = value["source"]
    if isinstance(value, list | tuple):
        value = ", ".join(str(one) for one in value)
    return "" if value is None else " ".join(redact(str(value)).split())


def plain(text: str) -> str:
    """Text that means nothing in Markdown or HTML."""
    text = " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _MARKUP.sub(r"\\\1", text)


def _linked(name: str, url: str | None) -> str:
    if url is None or not _ADDRESS.fullmatch(url):
        return plain(name)
    # Prefect's page shows the escapes in a link's words, so nothing there may need one.
    return f"[{_MEANS_SOMETHING.sub(' ', ' '.join(name.split()))}]({url})"


def _values(one: Conflict) -> Iterator[str]:
    shown = shortened(*(candidate.get("value") for candidate in one.candidates))
    for candidate, text in zip(one.candidates, shown, strict=True):
        side = plain(candidate.get("side") or "current")
        value = plain(text) or "(empty)"
        person = candidate.get("person")
        yield f"{side}: {value}" + (f" (by {plain(str(person))})" if person else "")


def _answer(one: Conflict) -> str:
    if one.kind != "field":
        return (
            f"settle with `syncline adopt` or `unlink`, then `syncline conflicts dismiss {one.id}`"
        )
    if one.state == "answered":
        return "answered; the next run delivers it"
    command = f"syncline conflicts answer {one.id} --digest {one.digest} --use SIDE"
    return f"answer with `{command}`"


def _row(action: Action) -> dict[str, str]:
    before, after = shortened(action.before, action.after)
    others = (f"{side}:{id_}" for side, id_ in action.source.items() if side != action.side)
    return {
        "tool": action.side,
        "record": action.record or "(new)",
        "field": action.field or "",
        "before": before,
        "after": after,
        "why": action.why,
        "linked with": ", ".join(others),
    }


def _told_by(side: str, reason: str) -> str:
    return reason if reason.startswith(f"{side}:") else f"{side}: {reason}"


def _agreement(report: Report) -> str:
    if not report.links:
        return "Nothing is linked yet"
    share = 100 * report.agreed / report.links
    # Rounded down: 100 % is said only when it is true.
    return f"{report.agreed:,} of {report.links:,} links agree ({int(share * 10) / 10:g} %)"


def _duration(report: Report) -> str:
    seconds = (report.finished_at - report.started_at).total_seconds()
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{int(seconds // 60)} min {int(seconds % 60)} s"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _rest(number: int, command: str) -> Iterator[str]:
    if number > WAITING:
        yield f"\nand {number - WAITING:,} more: `{command}` lists them all."
