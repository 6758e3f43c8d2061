"""Runs: one row a pass, from its start to its report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Row

from syncline.store.codec import dumps, maybe, moment, moment_or_none, stamp, stamp_or_none
from syncline.store.errors import NotOne
from syncline.store.rows import Run
from syncline.store.sql import Tx, insert, starts_with, update
from syncline.store.tables import run

LOOKING = ("plan", "verify")
"""Kinds of runs that move nothing."""

_COLUMNS = [column for column in run.columns if column.name != "workspace"]
_SHOWN = 5
_PASSES = 200
"""Passes looked through for one that was of all links."""

_start = insert(run)
_finish = update(run, ("state", "finished_at", "counts", "requests", "report"), ("id",))


def start(tx: Tx, one: Run) -> None:
    """Note that a pass begins."""
    _start.run(tx, [(one.id, one.sync, one.kind, one.state, stamp(one.started_at), *_end(one)[1:])])


def finish(tx: Tx, one: Run) -> None:
    """Note how a pass ended: its state, moment, counts, requests and report."""
    _finish.run(tx, [(*_end(one), one.id)])


def list(
    tx: Tx, sync: str | None = None, limit: int = 50, states: Sequence[str] | None = None
) -> Sequence[Run]:
    """The newest runs first, of one sync or of all, in some states or in any."""
    query = tx.select(*_COLUMNS)
    if sync is not None:
        query = query.where(run.c.sync == sync)
    if states is not None:
        query = query.where(run.c.state.in_(states))
    query = query.order_by(run.c.started_at.desc(), run.c.id.desc()).limit(limit)
    return [_run(row) for row in tx.rows(query)]


def last(tx: Tx, sync: str) -> Run | None:
    """The newest run of a sync."""
    newest = list(tx, sync, 1)
    return newest[0] if newest else None


def last_pass(tx: Tx, sync: str) -> Run | None:
    """The newest pass of all links that went through: what was edited before it has been seen."""
    query = tx.select(*_COLUMNS).where(
        run.c.sync == sync, run.c.kind.not_in(LOOKING), run.c.state.in_(("done", "attention"))
    )
    query = query.order_by(run.c.started_at.desc(), run.c.id.desc()).limit(_PASSES)
    whole = (one for one in map(_run, tx.rows(query)) if not (one.report or {}).get("partial"))
    return next(whole, None)


def last_verify(tx: Tx, sync: str) -> Run | None:
    """The newest verification that could read every side."""
    query = tx.select(*_COLUMNS).where(
        run.c.sync == sync, run.c.kind == "verify", run.c.state.in_(("done", "attention"))
    )
    row = tx.first(query.order_by(run.c.started_at.desc(), run.c.id.desc()).limit(1))
    return _run(row) if row is not None else None


def get(tx: Tx, prefix: str) -> Run | None:
    """The run whose id begins so. Raises NotOne where several do."""
    query = tx.select(*_COLUMNS).where(starts_with(run.c.id, prefix)).order_by(run.c.id)
    found = tx.rows(query.limit(_SHOWN))
    if len(found) > 1 and found[0].id != prefix:
        raise NotOne(prefix, [row.id for row in found])
    return _run(found[0]) if found else None


def load(tx: Tx, ids: Iterable[str]) -> dict[str, Run]:
    """Runs by id; an unknown id is left out."""
    return {row.id: _run(row) for row in tx.among(tx.select(*_COLUMNS), run.c.id, ids)}


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


def _run(row: Row[Any]) -> Run:
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
