"""What SQLite's planner is told about our tables, because it cannot know.

Without statistics SQLite takes the first column of an index to single out ten rows. Ours is the
workspace, which singles out none: given 500 record ids, SQLite would read the whole table instead
of looking each up. Measuring (ANALYZE) is no way out, as a store is empty when it is made, and
what was measured then stays. So each index is described here as it is in a large installation,
the only one where it matters. PostgreSQL measures by itself.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

_ROWS = 1_000_000
_ROWS_OF_A_PART = 10_000
_DISTINCT = {"workspace": 1, "sync": 4, "side": 2, "kind": 2, "state": 2, "connection": 4}
"""How many different values a column has; one that is not named has one for every row."""


def describe(connection: Connection) -> None:
    """Write the statistics of every index, in the running transaction of a SQLite database."""
    connection.execute(text("ANALYZE"))
    connection.execute(text("DELETE FROM sqlite_stat1"))
    indexes = connection.execute(
        text(
            "SELECT t.name AS tbl, i.name AS idx, i.partial AS part, c.name AS col "
            "FROM sqlite_master t, pragma_index_list(t.name) i, pragma_index_info(i.name) c "
            "WHERE t.type = 'table' ORDER BY t.name, i.name, c.seqno"
        )
    ).all()
    columns: dict[tuple[str, str, int], list[str]] = {}
    for table, index, part, column in indexes:
        columns.setdefault((table, index, part), []).append(column)
    connection.execute(
        text("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (:table, :index, :stat)"),
        [
            {"table": table, "index": index, "stat": _statistics(names, bool(part))}
            for (table, index, part), names in columns.items()
        ],
    )
    connection.execute(text("ANALYZE sqlite_master"))


def _statistics(columns: list[str], part: bool) -> str:
    """The number of rows, then for each column how many share its value and those before it."""
    left = _ROWS_OF_A_PART if part else _ROWS
    numbers = [left]
    for column in columns:
        left = max(1, left // _DISTINCT.get(column, left))
        numbers.append(left)
    return " ".join(map(str, numbers))
