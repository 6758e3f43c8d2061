"""What a run is asked to do. Prefect shows these models as a form and checks them before it starts.

No secret is ever a parameter: Prefect stores parameters as plain text and shows them to everybody.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal, TypeAlias

from prefect.runtime import flow_run
from pydantic import BaseModel, ConfigDict, Field

from syncline.engine.passes import Options

Guard: TypeAlias = Literal["changed", "deletes", "shrink", "mapping", "account"]


class PassRequest(BaseModel):
    """One pass of one sync."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sync: str = Field(description="Which sync to run, by its name in the configuration.")
    configuration: str = Field(
        default="syncline.yaml",
        description="The configuration's file or folder, on the machine that runs this.",
    )
    force: tuple[Guard, ...] = Field(
        default=(), description="Guards to overrule, this once. Read what they refused first."
    )

    def options(self) -> Options:
        """As the engine wants it: a pass that takes the census."""
        return Options(full=True, force=self.force, kind="reconcile")

    def special(self) -> str:
        """What sets this run apart from a scheduled one, in a few words; usually nothing."""
        return f"forced {'+'.join(self.force)}" if self.force else ""


class SyncRequest(PassRequest):
    """One pass of one sync, whole or of a few records."""

    full: bool = Field(
        default=False, description="Also ask every tool which of the linked records still exist."
    )
    limit: int | None = Field(
        default=None, ge=1, description="Work on at most so many links; empty means all."
    )
    only: tuple[str, ...] = Field(
        default=(), description="Work on these records only, each as SIDE:ID, like jira:APP-123."
    )

    def options(self) -> Options:
        """As the engine wants it."""
        return Options(full=self.full, limit=self.limit, only=self.only, force=self.force)

    def special(self) -> str:
        """What sets this run apart from a scheduled one, in a few words; usually nothing."""
        words = (
            "full" if self.full else "",
            f"limit {self.limit}" if self.limit else "",
            f"only {', '.join(self.only[:3])}{' …' if self.only[3:] else ''}" if self.only else "",
            super().special(),
        )
        return " ".join(word for word in words if word)


def run_name() -> str:
    """What the admin sees in the list: `sync escalations 14:36`, in UTC."""
    request = flow_run.parameters["request"]
    due: datetime = flow_run.scheduled_start_time
    words = (flow_run.flow_name, request.sync, f"{due:%H:%M}", request.special())
    return " ".join(word for word in words if word)
