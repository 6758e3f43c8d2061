"""What a connection has to know of Zendesk before it can show a ticket: fields, statuses, groups.

Each list is read at its first use and kept. When a ticket speaks of an id that is not in it, it is
read once more, since an administrator may have added that.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from connectors.zendesk.client import Client, Row
from connectors.zendesk.config import ZendeskConfig
from connectors.zendesk.kinds import KINDS, Kind
from syncline.sdk.errors import AuthRequired, Misconfigured, NotFound, Rejected

FIELDS, STATUSES, GROUPS = "fields", "statuses", "groups"
_LISTS = {
    FIELDS: ("/ticket_fields", "ticket_fields"),
    STATUSES: ("/custom_statuses", "custom_statuses"),
    GROUPS: ("/groups", "groups"),
    **{kind.custom: (f"/{kind.custom}", kind.custom) for kind in KINDS},
}
# Fields that every ticket has; all others are custom.
SYSTEM_TYPES = frozenset(
    (
        "subject", "description", "status", "tickettype", "priority", "basic_priority", "group",
        "assignee", "custom_status",
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Names:
    """Names by id, and ids by name, as far as they are needed now; `types` are the fields'."""

    fields: Mapping[int, str]
    statuses: Mapping[int, str]
    groups: Mapping[int, str]
    types: Mapping[int, str]

    def id_of(self, kind: str, name: object) -> int:
        """The id behind a name; raises Rejected naming what there is."""
        known = {FIELDS: self.fields, STATUSES: self.statuses, GROUPS: self.groups}[kind]
        for id, one in known.items():
            if one == name:
                return id
        what = {FIELDS: "custom field", STATUSES: "ticket status", GROUPS: "group"}[kind]
        there = ", ".join(sorted(known.values())) or "none"
        raise Rejected(f"Zendesk has no {what} {name!r}; there are: {there}.")


class Metadata:
    """The lists of one connection."""

    def __init__(self, client: Client, config: ZendeskConfig) -> None:
        self._client = client
        self._config = config
        self._lists: dict[str, dict[int, Row]] = {}
        self._asked_again: set[tuple[str, object]] = set()
        self._me: Row | None = None
        # Whoever asks for what is being read already waits for it.
        self._reading: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    def forget(self) -> None:
        """Read everything anew at its next use."""
        self._lists.clear()
        self._asked_again.clear()
        self._me = None

    async def me(self) -> Row:
        """The agent behind the credentials; raises AuthRequired where there is none.

        Zendesk answers this one call to credentials that it does not accept as well, with nobody.
        """
        async with self._reading["me"]:
            if self._me is None:
                user: Row = (await self._client.get("/users/me", forbidden="auth"))["user"]
                if user.get("id") is None:
                    raise AuthRequired(
                        "Zendesk takes the credentials for nobody's. Nothing was read; renew them,"
                        " then run `syncline check`."
                    )
                if user.get("suspended") or user.get("role") == "end-user":
                    raise AuthRequired(
                        f"The Zendesk user {user['id']} is suspended or no agent. Nothing was read;"
                        " use an agent who is an administrator."
                    )
                self._me = user
            return self._me

    async def my_id(self) -> int:
        """The agent's user id."""
        return int((await self.me())["id"])

    async def rows(self, kind: str) -> Mapping[int, Row]:
        """A list by id. What not every plan has is empty where the account has it not: statuses of
        its own, and custom fields of organizations and users."""
        async with self._reading[kind]:
            if kind not in self._lists:
                path, member = _LISTS[kind]
                found: dict[int, Row] = {}
                try:
                    async for rows in self._client.pages(path, member):
                        found |= {int(row["id"]): row for row in rows}
                except NotFound:
                    if kind in (FIELDS, GROUPS):
                        raise
                self._lists[kind] = found
            return self._lists[kind]

    async def names(self, tickets: Iterable[Row]) -> Names:
        """The names that these tickets need; a list that none of them speaks of is not read."""
        tickets = list(tickets)
        fields = {int(one["id"]) for t in tickets for one in t.get("custom_fields") or ()}
        statuses = {int(t["custom_status_id"]) for t in tickets if t.get("custom_status_id")}
        groups = {int(t["group_id"]) for t in tickets if t.get("group_id")}
        return await self._names({FIELDS: fields, STATUSES: statuses, GROUPS: groups})

    async def names_for(self, fields: Iterable[str]) -> Names:
        """The names that a patch of these top-level fields needs."""
        wanted = {"custom_fields": FIELDS, "reference": FIELDS, "custom_status": STATUSES,
                  "group": GROUPS}  # fmt: skip
        needed = {wanted[field] for field in fields if field in wanted}
        for kind in needed:
            await self.rows(kind)
        return await self._names({})

    async def scope(self) -> frozenset[int] | None:
        """The ids of the scope's groups, None for the whole account; raises Misconfigured."""
        names = self._config.scope.group
        if not names:
            return None
        by_name = {str(row["name"]): id for id, row in (await self.rows(GROUPS)).items()}
        for name in names:
            if name not in by_name:
                there = ", ".join(sorted(by_name)) or "none"
                raise Misconfigured(
                    f"scope: Zendesk has no group {name!r}; there are: {there}. Nothing was read."
                )
        return frozenset(by_name[name] for name in names)

    async def custom_fields(self, kind: Kind) -> dict[str, Row]:
        """The custom fields of organizations or users by their keys, in use or not."""
        return {str(row["key"]): row for row in (await self.rows(kind.custom)).values()}

    async def check_keys(self, kind: Kind, keys: Iterable[str]) -> None:
        """Raises Rejected for a custom field that is not there, naming those that are."""
        wanted = set(keys)
        await self._look_again(kind.custom, wanted - (await self.custom_fields(kind)).keys())
        known = await self.custom_fields(kind)
        if unknown := wanted - known.keys():
            there = ", ".join(sorted(known)) or "none"
            raise Rejected(
                f"Zendesk has no {kind.name} field {', '.join(sorted(unknown))}; there are: "
                f"{there}. Nothing was written; correct the mapping, or add the field in Zendesk."
            )

    async def link_key(self, kind: Kind) -> str | None:
        """The key of the custom field that has the link field's title; None without one."""
        title = self._config.link_field
        if title is None:
            return None
        fields = await self.custom_fields(kind)
        return next((key for key, row in fields.items() if row["title"] == title), None)

    async def _names(self, needed: Mapping[str, set[int]]) -> Names:
        for kind, ids in needed.items():
            if ids:
                await self._ensure(kind, ids)
        fields = self._lists.get(FIELDS, {})
        return Names(
            fields=titles(fields),
            statuses={i: str(r["agent_label"]) for i, r in self._lists.get(STATUSES, {}).items()},
            groups={i: str(r["name"]) for i, r in self._lists.get(GROUPS, {}).items()},
            types={i: str(row["type"]) for i, row in fields.items()},
        )

    async def _ensure(self, kind: str, ids: set[int]) -> None:
        await self._look_again(kind, ids - (await self.rows(kind)).keys())

    async def _look_again(self, kind: str, unknown: Iterable[object]) -> None:
        news = {(kind, id) for id in unknown} - self._asked_again
        if news:
            self._asked_again |= news
            self._lists.pop(kind, None)
            await self.rows(kind)


def titles(fields: Mapping[int, Row]) -> dict[int, str]:
    """Custom fields by their titles; where two have the same, the id tells them apart."""
    custom = {i: str(row["title"]) for i, row in fields.items() if row["type"] not in SYSTEM_TYPES}
    shared = {title for title, count in Counter(custom.values()).items() if count > 1}
    return {i: f"{title} {i}" if title in shared else title for i, title in custom.items()}
