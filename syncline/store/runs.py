"""Runs: one row a pass, from its start to its report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select

from syncline.store.codec import dumps, maybe, moment, moment_or_none, stamp, stamp_or_none
from syncline.store.errors import NotOne
from syncline.store.rows import Run
from syncline.store.sql import Query, Row, Tx, insert, starts_with, update, word
from syncline.store.tables import run

LOOKING = ("plan", "verify")
"""Kinds of runs that move nothing."""

_COLUMNS = [column for column in run.columns if column.name != "workspace"]
_SHOWN = 5
_PASSES = 200
"""Passes looked through for one that was of all links."""

_start = insert(run)
_finish = update(run, ("state", "finished_at", "counts", "requests", "report"), ("id",))

_NEWEST = (
    select(*_COLUMNS).order_by(run.c.started_at.desc(), run.c.id.desc()).limit(bindparam("limit"))
)
_load = Query(select(*_COLUMNS), among="id")
_newest = Query(_NEWEST)
_newest_of_sync = Query(_NEWEST, ("sync",))
_THROUGH = run.c.state.in_((word("done"), word("attention")))
_MOVING = run.c.kind.not_in([word(kind) for kind in LOOKING])
_passes = Query(_NEWEST.where(_THROUGH, _MOVING), ("sync",))
_UNDER_LEASE = run.c.kind != word("verify")
_latest = Query(_NEWEST.where(_UNDER_LEASE), ("sync",))
_verifications = Query(_NEWEST.where(_THROUGH, run.c.kind == word("verify")), ("sync",))
_named = Query(select(*_COLUMNS).where(starts_with(run.c.id)).order_by(run.c.id).limit(_SHOWN))


def start(tx: Tx, one: Run) -> None:
    """Note a run: a pass that begins, or a verification with all it came to."""
    _start.run(tx, [(one.id, one.sync, one.kind, one.state, stamp(one.started_at), *_end(one)[1:])])


def finish(tx: Tx, one: Run) -> None:
    """Note how a pass ended: its state, moment, counts, requests and report."""
    _finish.run(tx, [(*_end(one), one.id)])


def crashed(tx: Tx, sync: str, at: datetime | None) -> None:
    """Note of the newest pass of a sync that it died, should it still say that it runs. Only who
    holds the sync's lease may say so. `at`: its last sign, soon after which it sent nothing more.
    """
    newest = _latest.first(tx, sync=sync, limit=1)
    if newest is not None and (dead := _run(newest)).state == "running":
        finish(tx, replace(dead, state="crashed", finished_at=at))


def list(tx: Tx, sync: str | None = None, limit: int = 50) -> Sequence[Run]:
    """The newest runs first, of one sync or of all."""
    if sync is None:
        return [_run(row) for row in _newest.rows(tx, limit=limit)]
    return [_run(row) for row in _newest_of_sync.rows(tx, sync=sync, limit=limit)]


def last(tx: Tx, sync: str) -> Run | None:
    """The newest run of a sync."""
    newest = list(tx, sync, 1)
    return newest[0] if newest else None


def last_pass(tx: Tx, sync: str) -> Run | None:
    """The newest pass of all links that went through: what was edited before it has been seen."""
    rows = _passes.rows(tx, sync=sync, limit=_PASSES)
    whole = (one for one in map(_run, rows) if not (one.report or {}).get("partial"))
    return next(whole, None)


def last_verify(tx: Tx, sync: str) -> Run | None:
    """The newest verification that could read every side."""
    row = _verifications.first(tx, sync=sync, limit=1)
    return _run(row) if row is not None else None


def get(tx: Tx, prefix: str) -> Run | None:
    """The run whose id begins so. Raises NotOne where several do."""
    found = _named.rows(tx, prefix=prefix)
    if len(found) > 1 and found[0].id != prefix:
        raise NotOne(prefix, [row.id for row in found])
    return _run(found[0]) if found else None


def load(tx: Tx, ids: Iterable[str]) -> dict[str, Run]:
    """Runs by id; an unknown id is left out."""
    return {row.id: _run(row) for row in _load.among(tx, ids)}


def _end(one: Run) -> tuple[Any, ...]:
    return (
        one.state,
        stamp_or_none(one.finished_at),
        _json(one.counts),
        _json(one.requests),
        _json(one.report),
    )


def _json(value: Mapping[str, Any] | None) -> str | None:
    return None if value is None else dumps(value)


def _run(row: Row) -> Run:
    id_, sync, kind, state, started_at, finished_at, counts, requests, report = row
    return Run(
        id_,
        sync,
        kind,
        state,
        moment(started_at),
        moment_or_none(finished_at),
        maybe(counts),
        maybe(requests),
        maybe(report),
    )
