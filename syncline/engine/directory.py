"""Who is who on a connection, as far as e-mail and the operator's table tell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from syncline.mapping.lens import People
from syncline.store.rows import PersonRow

PERSONAL = ("person", "people", "group")
"""Kinds whose values name people."""


def directory(
    known: People | None, rows: Iterable[PersonRow], table: Mapping[str, PersonRow]
) -> People:
    """Who is who on one connection: rows by e-mail, and the operator's table before them.

    `table` maps handles of this connection to persons the operator named. Whom it names is reached
    there, also where another account shows their address.
    """
    by_handle = dict(known.by_handle) if known else {}
    handles = dict(known.handles) if known else {}
    names = dict(known.names) if known else {}
    for row in rows:
        person = table[row.handle].email if row.handle in table else row.email
        if person is None:
            continue
        by_handle[row.handle] = person
        names[person] = row.name
        named = row.handle in table
        if row.active and (person not in handles or (named and handles[person] not in table)):
            handles[person] = row.handle
    return People(by_handle, handles, names)
