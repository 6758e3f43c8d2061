"""After a reconcile: all sides are read apart from what the engine remembers, and compared.

What was found goes on a page of its own. It changes nothing of what the pass did.
"""

from __future__ import annotations

from pathlib import Path

from prefect import task
from prefect.artifacts import acreate_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.states import Completed

from flows.artifacts import key_of, optional
from flows.blocks import RESOLVERS
from flows.request import PassRequest
from flows.steps import message_of
from flows.summary import plain
from syncline.hub import open_hub
from syncline.sdk.redaction import redact
from syncline.verify.found import Verified
from syncline.verify.telling import headline, to_json

SHOWN = 20
"""Findings of a kind on the page; the rest are counted."""


async def verified(request: PassRequest, after: State) -> State:
    """The state of a pass with what verify found; Attention where less agrees than was asked for,
    or where a side could not be read."""
    if not after.is_completed():
        return after
    found = await verify(request)
    name = after.name if found.name == "Completed" else found.name
    return Completed(name=name, message=f"{after.message}. {found.message}")


@task(name="verify", task_run_name="verify", cache_policy=NO_CACHE, persist_result=False)
async def verify(request: PassRequest) -> State:
    """Compare all sides afresh."""
    try:
        async with open_hub(Path(request.configuration), resolvers=RESOLVERS) as hub:
            found = await hub.verify(request.sync)
            asked = hub.config.syncs[request.sync].verify.agreement
    except Exception as error:
        return Completed(name="Attention", message=f"Not verified: {message_of(error)}")
    with optional():
        key = f"{key_of(request.sync)}-agreement"
        await acreate_markdown_artifact(page(found), key, redact(headline(found)))
    good = found.meets(asked) and not found.stopped
    name = "Completed" if good else "Attention"
    return Completed(name=name, message=redact(headline(found)))


def page(found: Verified) -> str:
    """What was found on one page of Markdown, without secrets."""
    lines = [f"**{plain(headline(found))}**"]
    lines += [f"\n{plain(f'{side}: {why}')}" for side, why in found.stopped.items()]
    lines += ["\n| field | agree | differ | known |", "| --- | ---: | ---: | ---: |"]
    lines += [
        f"| {plain(name)} | {tally.agreeing:,} | {tally.differing:,} | {tally.known.total():,} |"
        for name, tally in found.fields.items()
    ]
    body = to_json(found)
    for kind in ("disagreements", "one_sided", "orphans", "duplicates"):
        if body[kind]:
            lines.append(f"\n## {plain(kind.replace('_', '-'))}: {found.counts()[kind]:,}\n")
            lines += [f"- {plain(_where(one))}. {plain(one['do'])}" for one in body[kind][:SHOWN]]
    lines.append(f"\nAll of them: `syncline verify {found.sync} --all`")
    return redact("\n".join(lines)) + "\n"


def _where(one: dict[str, object]) -> str:
    """Which records a finding is about, and which field."""
    records = one.get("records")
    if isinstance(records, dict):
        named = ", ".join(f"{side}:{id_}" for side, id_ in records.items())
    elif isinstance(records, list):
        named = ", ".join(f"{one['side']}:{id_}" for id_ in records)
    else:
        named = f"{one['side']}:{one['record']}"
    return f"{one['field']} of {named}" if "field" in one else f"{named}: {one['why']}"
