"""Background jobs: what is asked for many records is done later, record by record.

developer.zendesk.com, "Job Statuses". A job is queued, then works, then is completed; each look at
it takes it one step on, and so does each second of the account's clock. Its items fail one by one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from connectors.zendesk.fake.account import Account, Actor, Row, stamp
from connectors.zendesk.fake.errors import Refused
from syncline.sandbox import Call

KEPT = 24 * 3600
_STEPS = 2  # from queued over half of the items to all of them
Asked = Mapping[str, Any]
Done = tuple[Row, str | None]  # the item's result, and the ticket that it changed
Item = Callable[[Actor, int, Asked], Done]


class Jobs:
    """The jobs of an account. `kinds` says for each what is done to one of its items."""

    def __init__(self, account: Account, changed: Callable[[Call, tuple[str, ...]], None]) -> None:
        self._account = account
        self._changed = changed
        self._table = account.state.table("jobs")
        self._calls: dict[str, Call] = {}
        self.kinds: dict[str, Item] = {}

    def start(self, call: Call, actor: Actor, kind: str, items: list[Any]) -> Row:
        """A new job, queued; raises Refused when too many wait."""
        waiting = [job for job in self._table.values() if job["done"] < len(job["items"])]
        if len(waiting) >= self._account.settings.jobs:
            words = f"Only {self._account.settings.jobs} jobs may be queued or running at once."
            raise Refused(429, "TooManyJobs", words, headers={"Retry-After": "60"})
        number = self._account.state.next("job")
        id = hashlib.sha256(f"job {number}".encode()).hexdigest()[:32]
        job: Row = {
            "id": id,
            "kind": kind,
            "items": items,
            "may": call.let_through(len(items)),
            "user": actor.id,
            "at": self._account.seconds(),
            "looks": 0,
            "done": 0,
            "results": [],
            "ended": None,
        }
        self._table.put(id, job)
        self._calls[id] = call
        return self._shown(job)

    def look(self, id: str) -> Row | None:
        """A job as it is after one more step; None when there is none, or no longer."""
        job = self._table.get(id)
        if job is None:
            return None
        job = job | {"looks": job["looks"] + 1}
        self._table.put(id, job)
        return self._shown(self._advance(job))

    def all(self) -> list[Row]:
        """The jobs of the last day, newest first."""
        return [self._shown(job) for job in reversed(list(self._table.values()))]

    def work(self) -> None:
        """Do what is due by the clock, and forget what is old."""
        now = self._account.seconds()
        for job in list(self._table.values()):
            if job["done"] < len(job["items"]):
                self._advance(job)
            elif job["at"] < now - KEPT:
                self._table.delete(job["id"])
                self._calls.pop(job["id"], None)

    def _advance(self, job: Row) -> Row:
        step = max(job["looks"], self._account.seconds() - job["at"])
        total = len(job["items"])
        target = total if step >= _STEPS else total * step // _STEPS
        if target <= job["done"]:
            return job
        results = [*job["results"]]
        for index in range(job["done"], target):
            results.append(self._do(job, index))
        ended = self._account.stamp() if target == total else None
        job = job | {"done": target, "results": results, "ended": ended}
        self._table.put(job["id"], job)
        return job

    def _do(self, job: Row, index: int) -> Row:
        user = self._account.user(job["user"]) or {}
        try:
            if index >= job["may"]:
                raise Refused(409, "DatabaseConflict", "Database collision")
            item = job["items"][index]
            result, changed = self.kinds[job["kind"]](Actor(user), index, item)
        except Refused as error:
            return self._failed(job, index, error)
        if changed is not None and job["id"] in self._calls:
            self._calls[job["id"]].applied(changed)
            self._changed(self._calls[job["id"]], (changed,))
        return result

    def _failed(self, job: Row, index: int, error: Refused) -> Row:
        item = job["items"][index]
        id = str(item.get("source") or item.get("id") or "")
        told: Row = {
            "index": index,
            "success": False,
            "status": "Failed",
            "error": error.error,
            "details": error.words,
            "errors": error.words,
        }
        return told | ({"id": int(id)} if id.isdecimal() else {})

    def _shown(self, job: Row) -> Row:
        total, done, at = len(job["items"]), job["done"], job["ended"]
        step = max(job["looks"], self._account.seconds() - job["at"])
        status = "completed" if at else ("working" if step else "queued")
        message = f"Completed at {at.replace('T', ' ').replace('Z', ' +0000')}" if at else None
        return {
            "id": job["id"],
            "url": self._account.url(f"job_statuses/{job['id']}"),
            "job_type": job["kind"],
            "total": total,
            "progress": done,
            "status": status,
            "message": message,
            "results": job["results"] if at else None,
            "created_at": stamp(job["at"]),
        }
