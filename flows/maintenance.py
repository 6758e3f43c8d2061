"""The flow `maintenance`: what a workspace needs once a day, whatever its syncs do.

It asks every tool to describe itself and compares that with the snapshot that the mappings fitted:
a renamed option, a new required field, a lost right is told here before a record fails for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from prefect import flow, get_run_logger, task
from prefect.artifacts import acreate_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Completed, Failed
from pydantic import BaseModel, ConfigDict, Field

from flows.artifacts import optional
from flows.blocks import RESOLVERS
from flows.steps import message_of, protect_run_logs
from flows.summary import plain
from syncline.hub import open_hub
from syncline.rot.guard import Rot
from syncline.sdk.redaction import redact

KEY = "tools"


class MaintenanceRequest(BaseModel):
    """Which workspace is looked after."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    configuration: str = Field(
        default="syncline.yaml",
        description="The configuration's file or folder, on the machine that runs this.",
    )


def _run_name() -> str:
    return f"maintenance {flow_run.scheduled_start_time:%Y-%m-%d %H:%M}"


@flow(name="maintenance", flow_run_name=_run_name, retries=0, persist_result=False)
async def maintenance(request: MaintenanceRequest) -> State:
    """Look for changes in the tools that the mappings have to follow."""
    protect_run_logs()
    found = await look(request)
    # A state of its own: what a task's state says is summed up to "1/1 states failed".
    return State(type=found.type, name=found.name, message=found.message)


@task(name="compare", task_run_name="compare", cache_policy=NO_CACHE, persist_result=False)
async def look(request: MaintenanceRequest) -> State:
    """Compare every tool with what it was when the mappings fitted it."""
    try:
        async with open_hub(Path(request.configuration), resolvers=RESOLVERS) as hub:
            rot = await hub.rot(fresh=True)
    except Exception as error:
        return Failed(message=message_of(error))
    for one in rot.findings:
        get_run_logger().warning("%s", redact(one.what))
    with optional():
        await acreate_markdown_artifact(page(rot), KEY, headline(rot))
    if rot.unread:
        return Failed(message=headline(rot))
    return Completed(name="Attention" if rot.findings else "Completed", message=headline(rot))


def headline(rot: Rot) -> str:
    """What was found, in one line without secrets."""
    parts = [f"{name} cannot be asked: {why}" for name, why in rot.unread.items()]
    if rot.findings:
        first, rest = rot.findings[0].what, len(rot.findings) - 1
        parts.append(first + (f"; and {rest} more" if rest else ""))
    elif not parts:
        parts.append("Nothing changed in the tools that a mapping uses")
    return redact("; ".join(parts))


def page(rot: Rot) -> str:
    """What was found on one page of Markdown, without secrets."""
    return redact("\n".join(_lines(rot))) + "\n"


def _lines(rot: Rot) -> Iterator[str]:
    yield f"**{plain(headline(rot))}**"
    for one, about in zip(rot.findings, rot.affected, strict=True):
        yield f"\n## {plain(one.what)}\n"
        where = f", in {one.where}" if one.where else ""
        yield f"- used by {plain(', '.join(one.syncs) + where)}"
        yield f"- till then {plain(one.until)}"
        if about.count:
            more = " …" if about.count > len(about.records) else ""
            yield f"- {about.count:,} linked there: {plain(', '.join(about.records))}{more}"
        yield f"- to do: {plain(one.do)}"
    if rot.patches:
        yield "\n## Patch\n\nIn the configuration's folder, `patch -p1` takes this:\n"
        for diff in rot.patches.values():
            # Indented, so that nothing in it is markup, not even a fence.
            yield from (f"    {line}" for line in diff.splitlines())
    if rot.findings:
        yield "\nMend the mapping, or take the tools as they are with `syncline check --accept`."
