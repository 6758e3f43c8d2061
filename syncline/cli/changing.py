"""How what changed in the tools is told: a few lines a finding, then the patches."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from syncline.cli.output import Output, count

if TYPE_CHECKING:
    from syncline.rot.found import Affected, Finding
    from syncline.rot.guard import Rot


def show(rot: Rot, accepted: bool, out: Output) -> None:
    """Everything that was found, for people."""
    for one, about in zip(rot.findings, rot.affected, strict=True):
        _show(one, about, out)
    if rot.findings and accepted:
        out.say("Accepted: from now on the tools are compared with what they are today.")
    elif rot.findings:
        since = ", ".join(f"{side} {at[:10]}" for side, at in rot.since.items())
        out.say(
            f"{count(len(rot.findings), 'change')} in the tools since the mappings fitted them "
            f"({since}). Mend the mapping, or `syncline check --accept`."
        )
    if rot.patches and not out.as_json:
        out.say("In the configuration's folder, `patch -p1` or `git apply` takes this:", "")
        for diff in rot.patches.values():
            # As it is: tabs count in a diff. What comes from a tool is quoted in it.
            typer.echo(diff, nl=False)


def _show(one: Finding, about: Affected, out: Output) -> None:
    out.say(f"changed  {one.what}")
    users = f"{', '.join(one.syncs)}, in {one.where}" if one.where else ", ".join(one.syncs)
    out.say(f"         used by  {users}")
    out.say(f"         till then  {one.until}")
    if about.count:
        more = ", …" if about.count > len(about.records) else ""
        records = ", ".join(about.records)
        out.say(f"         {count(about.count, 'linked record')} there: {records}{more}")
    out.say(f"         to do  {one.do}")
