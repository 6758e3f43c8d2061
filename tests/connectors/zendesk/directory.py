"""The organizations and users of a Zendesk as people use them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import Any

from connectors.zendesk.fake.entry_fields import new_entry_field
from connectors.zendesk.fake.organizations import (
    change_organization,
    delete_organization,
    new_organization,
    start_merge,
)
from connectors.zendesk.fake.users import change_user, delete_user, merge_users, new_user
from syncline.sandbox import Table, ToolClock
from syncline.sdk.connector import Visibility, Wire
from syncline.sdk.testing import Shape, Trouble
from tests.connectors.zendesk.world import API, LINK_FIELD, Watched, ZendeskWorld

FILED, LINKS = "filed_under", "linked_records"

_numbers = count(1)


class Unique(Shape):
    """A shape whose samples have each a name of their own."""

    def sample(self, title: str, more: Wire | None = None) -> dict[str, Any]:
        return {"name": f"Firm {next(_numbers)}", **super().sample(title, more)}


class DirectoryWorld(ZendeskWorld):
    """What people do with any kind."""

    record = ""
    path = ""

    def __init__(self, fake: Watched, tool: ToolClock, base_url: str) -> None:
        super().__init__(fake, tool, base_url)
        new_entry_field(self.account, self.fields, "text", FILED, "Filed under")
        new_entry_field(self.account, self.fields, "textarea", LINKS, LINK_FIELD)
        new_entry_field(self.account, self.fields, "dropdown", "tier", "Tier", ("Gold", "Tin"))
        new_entry_field(self.account, self.fields, "multiselect", "areas", "Areas", ("EU", "US"))

    @property
    def fields(self) -> Table:
        """The custom fields of the kind."""
        raise NotImplementedError

    def shown(self, id: str) -> dict[str, Any]:
        """A record as it is in Zendesk."""
        raise NotImplementedError

    def plain(self, patch: Wire) -> dict[str, Any]:
        """A patch in the connector's words as Zendesk takes it."""
        wanted = dict(patch)
        if domain := wanted.pop("domain", None):
            wanted["domain_names"] = [domain]
        return wanted

    async def hide(self, id: str) -> None:
        raise NotImplementedError("Zendesk hides no record here")

    async def leave_scope(self, id: str) -> None:
        raise NotImplementedError("Zendesk has no scope to leave here")

    async def comment(self, id: str, body: str, visibility: Visibility) -> None:
        raise NotImplementedError("Zendesk has no comments here")

    async def trouble(self, kind: Trouble) -> None:
        if kind is Trouble.LOST_ANSWER:
            await self.fault("POST", f"{API}{self.path}", "drop_after_apply")
        elif kind is Trouble.RATE_LIMIT:
            await self.fault("POST", f"{API}{self.path}", "rate_limit:30")
        else:
            await super().trouble(kind)


class OrganizationWorld(DirectoryWorld):
    """People deal with organizations."""

    record, path = "organization", "organizations"

    @property
    def fields(self) -> Table:
        return self.account.organization_fields

    def shown(self, id: str) -> dict[str, Any]:
        found = self.account.organizations.get(id)
        assert found is not None, f"no organization {id}"
        return found

    def organizations(self) -> list[dict[str, Any]]:
        """Every organization that is not deleted."""
        return list(self.account.organizations.values())

    def names(self) -> list[str]:
        """Their names, in the order of the alphabet."""
        return sorted(one["name"] for one in self.organizations())

    async def create(self, fields: Wire, by: object = None) -> str:
        return str(new_organization(self.account, self.plain(fields))["id"])

    async def edit(self, id: str, patch: Wire) -> None:
        change_organization(self.account, self.shown(id), self.plain(patch))

    async def delete(self, id: str) -> None:
        delete_organization(self.account, id)

    async def merge(self, loser: str, winner: str) -> None:
        """Merge one into another; Zendesk does so later."""
        start_merge(self.account, loser, winner)

    async def links_shown(self, id: str) -> Sequence[str]:
        return (self.shown(id)["organization_fields"].get(LINKS) or "").split()


class UserWorld(DirectoryWorld):
    """People deal with users who are no agents, among them Carol."""

    record, path = "user", "users"

    def __init__(self, fake: Watched, tool: ToolClock, base_url: str) -> None:
        super().__init__(fake, tool, base_url)
        tool.advance(120)  # Carol has been there for a while

    @property
    def fields(self) -> Table:
        return self.account.user_fields

    def shown(self, id: str) -> dict[str, Any]:
        found = self.account.users.get(id)
        assert found is not None, f"no user {id}"
        return found

    def customers(self) -> list[str]:
        """The names of all users who are no agents, in the order of the alphabet."""
        return sorted(
            user["name"]
            for user in self.account.users.values()
            if user["active"] and user["role"] == "end-user"
        )

    def mails(self) -> list[str]:
        """The addresses that Zendesk has written to."""
        return [mail["to"] for mail in self.account.mails.values()]

    async def create(self, fields: Wire, by: object = None) -> str:
        return str(new_user(self.account, fields)["id"])

    async def edit(self, id: str, patch: Wire) -> None:
        change_user(self.account, self.shown(id), patch)

    async def delete(self, id: str) -> None:
        delete_user(self.account, self.shown(id))

    async def merge(self, loser: str, winner: str) -> None:
        """Merge one into another, at once."""
        merge_users(self.account, self.shown(loser), self.shown(winner))

    async def leave_scope(self, id: str) -> None:
        await self.edit(id, {"role": "agent"})

    async def links_shown(self, id: str) -> Sequence[str]:
        return (self.shown(id)["user_fields"].get(LINKS) or "").split()
