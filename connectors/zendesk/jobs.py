"""Zendesk's background jobs: a bulk write is taken as one, and its results are asked for.

A job that was taken may have done anything up to everything, so whatever keeps its results from us
leaves the items without one open. (developer.zendesk.com, "Job Statuses": results are kept for a
day, and at most thirty jobs wait or run at a time.)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectors.zendesk.client import Client, Row
from syncline.sdk.clock import Clock
from syncline.sdk.errors import Ambiguous, ConnectorError, NotFound

_FIRST_WAIT, _LONGEST_WAIT, _PATIENCE = 0.5, 8.0, 120.0
_ENDED = ("completed", "failed", "killed")


@dataclass(frozen=True, slots=True)
class Done:
    """What a job told: its results, and why items without one are open."""

    results: tuple[Row, ...]
    why: str


class Jobs:
    """Starts jobs and waits for them."""

    def __init__(self, client: Client, clock: Clock) -> None:
        self._client = client
        self._clock = clock

    async def run(self, method: str, path: str, body: object, items: int) -> Done:
        """Start a job and wait for its end; raises only where it was certainly not started,
        or where nobody knows (`Ambiguous`)."""
        told = (await self._client.write(method, path, body, items=items)).json()
        if not isinstance(told, dict) or "job_status" not in told:
            raise Ambiguous(f"{path}: Zendesk answered with something else than a job.")
        job = told["job_status"]
        wait, waited = _FIRST_WAIT, 0.0
        while job["status"] not in _ENDED:
            if waited >= _PATIENCE:
                return _done(job, f"job {job['id']} is still {job['status']}")
            await self._clock.sleep(wait)
            waited, wait = waited + wait, min(2 * wait, _LONGEST_WAIT)
            try:
                job = (await self._client.get(f"/job_statuses/{job['id']}"))["job_status"]
            except ConnectorError as error:
                return _done(job, f"the results of job {job['id']} cannot be read: {error}")
        return _done(job, f"job {job['id']} is {job['status']} and does not tell of this item")

    async def creating(self) -> bool:
        """Whether a job that makes records waits or is at work, whoever started it."""
        try:
            jobs = (await self._client.get("/job_statuses"))["job_statuses"]
        except NotFound:
            return False
        return any(
            job["status"] not in _ENDED and "create" in str(job.get("job_type", "create")).lower()
            for job in jobs
        )


def _done(job: Mapping[str, Any], why: str) -> Done:
    results = job.get("results") or ()
    return Done(tuple(results) if isinstance(results, list) else (), why)


def verdict(result: Row) -> bool | None:
    """Whether a result says that its item was done, or that it was not; None: neither."""
    if result.get("success") is False or any(result.get(name) for name in ("error", "errors")):
        return False
    return True if result.get("id") is not None else None
