"""Profiles: updates wait for a while before they are seen, and bend what does not fit.

An update that was taken in is applied in order, and seen by nobody until then. A set makes the
profile where there is none. Texts are cut at 255 bytes, times are kept to the second, a null is a
value. (docs.mixpanel.com, "User Profiles" and "Supported Properties Data Type"; the wait:
mixpanel/mixpanel-android#665.)
"""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from typing import Any

from connectors.mixpanel.fake.office import GROUP_KEY, TOKEN, Office, Row

LAG = timedelta(seconds=5)
LONGEST = 255
BIGGEST = 1024 * 1024
SET, ADDING = ("$set", "$set_once", "$union", "$remove"), ("$add", "$append")
OPERATIONS = (*SET, *ADDING, "$unset", "$delete")

_MOMENT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?(?:Z|\+00:00)?")


class Profiles:
    """User profiles (`$distinct_id`) and the group profiles of one group key (`$group_id`)."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._waiting = office.state.table("waiting")
        self.aliases = office.state.table("alias")
        self.tables = {kind: office.state.table(kind) for kind in ("user", "group")}

    def take(self, kind: str, update: Row, *, located: bool, lag: timedelta | None) -> str:
        """Take an update in; another project's, or of an unknown group key, goes nowhere."""
        id = id_of(kind, update)
        if update["$token"] != TOKEN or update.get("$group_key", GROUP_KEY) != GROUP_KEY:
            return id
        due = self._office.clock.now() + (LAG if lag is None else lag)
        mine = [one for one in self._waiting.values() if (one["kind"], one["id"]) == (kind, id)]
        due = max([due, *(datetime.fromisoformat(one["due"]) for one in mine)])
        number = self._office.state.next("update")
        row = {"kind": kind, "id": id, "due": due.isoformat(), "update": update}
        self._waiting.put(str(number), {**row, "located": located})
        return id

    def table(self, kind: str) -> dict[str, Row]:
        """The profiles as they are seen now, by id."""
        now = self._office.clock.now()
        for number, one in list(self._waiting.items()):
            if datetime.fromisoformat(one["due"]) <= now:
                self._waiting.delete(number)
                self._apply(one)
        return dict(self.tables[kind].items())

    def edit(self, kind: str, id: str, values: Row) -> None:
        """A person changes properties, which does not move "Updated at"."""
        has = self.table(kind).get(id, {})
        has = {**has, **{name: bent(value) for name, value in values.items()}}
        self.tables[kind].put(id, {n: v for n, v in has.items() if v is not None})

    def remove(self, kind: str, id: str) -> None:
        """A person deletes a profile."""
        self.table(kind)
        self.tables[kind].delete(id)

    def _apply(self, one: Row) -> None:
        table, id, update = self.tables[one["kind"]], one["id"], one["update"]
        alias = self.aliases.get(id) if one["kind"] == "user" else None
        if alias and not update.get("$ignore_alias"):
            id = alias["of"]
        if "$delete" in update:
            table.delete(id)
            return
        there = table.get(id)
        if there is None and not set(update) & {"$set", "$set_once", "$union", "$add", "$append"}:
            return
        has = changed(there or {}, update)
        if one["located"]:
            has["$city"] = "Ashburn"
        if not update.get("$ignore_time"):
            has["$last_seen"] = datetime.fromisoformat(one["due"]).strftime("%Y-%m-%dT%H:%M:%S")
        table.put(id, has)


def changed(has: Row, update: Row) -> Row:
    """The properties after one update."""
    has = dict(has)
    for name, value in update.get("$set", {}).items():
        has[name] = bent(value)
    for name, value in update.get("$set_once", {}).items():
        has.setdefault(name, bent(value))
    for name, number in update.get("$add", {}).items():
        has[name] = has.get(name, 0) + number
    for name, value in update.get("$append", {}).items():
        has[name] = [*_list(has.get(name)), bent(value)]
    for name, values in update.get("$union", {}).items():
        new = [bent(one) for one in _list(values)]
        has[name] = [*_list(has.get(name)), *(v for v in new if v not in _list(has.get(name)))]
    for name, value in update.get("$remove", {}).items():
        has[name] = [one for one in _list(has.get(name)) if one != value]
    for name in update.get("$unset", ()):
        has.pop(name, None)
    return has


def problem(kind: str, update: Any) -> tuple[str, str] | None:
    """The field that is wrong and why, where an update does not fit."""
    if not isinstance(update, dict):
        return "", "must be an object"
    wanted = ("$token", "$group_key", "$group_id") if kind == "group" else ("$token",)
    for name in wanted:
        if not isinstance(update.get(name), str) or not update[name]:
            return name, "must not be missing or empty"
    if not id_of(kind, update):
        return "$distinct_id", "must not be missing or empty"
    named = [name for name in OPERATIONS if name in update]
    if not named or (kind == "group" and set(named) & set(ADDING)):
        return "", "has no operation that is known here"
    for name in (*SET, *ADDING):
        if name in update and not isinstance(update[name], dict):
            return name, "must be an object"
    if len(json.dumps(update)) > BIGGEST:
        return "", "must not be larger than 1 MB"
    if not isinstance(update.get("$unset", []), list):
        return "$unset", "must be a list"
    return None


def id_of(kind: str, update: Row) -> str:
    """Whose profile an update is about."""
    return str(update.get("$group_id" if kind == "group" else "$distinct_id") or "")


def bent(value: Any) -> Any:
    """A value as it is kept."""
    if isinstance(value, str):
        found = _MOMENT.fullmatch(value)
        return found[1] if found else value.encode()[:LONGEST].decode(errors="ignore")
    if isinstance(value, list):
        return [bent(one) for one in value]
    return value


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
