"""The contacts and companies of an Intercom as people use them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from connectors.intercom.fake.seeding import LINKS
from syncline.sandbox import ToolClock
from syncline.sdk.connector import Visibility, Wire
from syncline.sdk.testing import Trouble
from tests.connectors.intercom.world import NOTES, IntercomWorld, Watched


class DirectoryWorld(IntercomWorld):
    """What people do with either."""

    record = ""
    path = ""

    def __init__(self, fake: Watched, tool: ToolClock, base_url: str) -> None:
        super().__init__(fake, tool, base_url)
        for model in ("contact", "company"):
            self.workspace.new_data_attribute(model, NOTES)

    async def comment(self, id: str, body: str, visibility: Visibility) -> None:
        raise NotImplementedError("Intercom has no comments here")

    async def settle(self) -> None:
        self.tool.advance(310)

    async def trouble(self, kind: Trouble) -> None:
        if kind is Trouble.LOST_ANSWER:
            await self.fault("POST", self.path, "drop_after_apply")
        elif kind is Trouble.RATE_LIMIT:
            await self.fault("POST", self.path, "rate_limit:30")
        else:
            await self.fault("GET", "/", "status:503", times=1000)

    def body(self, fields: Wire) -> dict[str, Any]:
        """A patch in the connector's words as Intercom takes it."""
        given = dict(fields)
        if "attributes" in given:
            given["custom_attributes"] = given.pop("attributes")
        return given


class ContactWorld(DirectoryWorld):
    """People deal with contacts."""

    record, path = "contact", "/contacts"

    def contact(self, id: str) -> dict[str, Any]:
        """A contact as it is in Intercom."""
        return self.fake.contacts.row(id)

    async def create(self, fields: Wire, type: str = "user") -> str:
        made = self.fake.contacts.create({"role": type, **self.body(fields)})
        return str(made["id"])

    async def edit(self, id: str, patch: Wire) -> None:
        self.fake.contacts.update(self.contact(id), self.body(patch))

    async def delete(self, id: str) -> None:
        self.fake.contacts.delete(self.contact(id))

    async def leave_scope(self, id: str) -> None:
        self.fake.contacts.update(self.contact(id), {"role": "lead"})

    async def links_shown(self, id: str) -> Sequence[str]:
        return (self.contact(id)["custom"].get(LINKS) or "").split()


class CompanyWorld(DirectoryWorld):
    """People deal with companies, which each have a contact: Carol."""

    record, path = "company", "/companies"

    def company(self, id: str) -> dict[str, Any]:
        """A company as it is in Intercom."""
        return self.fake.companies.row(id)

    async def create(self, fields: Wire, type: str = "") -> str:
        number = self.workspace.state.next("made by people")
        made = self.fake.companies.put({"company_id": f"own-{number}", **self.body(fields)})
        self.join(made["id"])
        return str(made["id"])

    def join(self, id: str) -> None:
        """Carol becomes one of the company's contacts."""
        carol = self.workspace.contacts.get(self.carol["id"])
        assert carol is not None
        self.fake.companies.attach(carol, id)

    async def edit(self, id: str, patch: Wire) -> None:
        self.fake.companies.update(self.company(id), self.body(patch))

    async def delete(self, id: str) -> None:
        self.fake.companies.delete(self.company(id))

    async def leave_scope(self, id: str) -> None:
        raise NotImplementedError("Intercom has no scope to leave here")

    async def links_shown(self, id: str) -> Sequence[str]:
        return (self.company(id)["custom"].get(LINKS) or "").split()

    async def settle(self) -> None:
        """Time passes, in which Carol is seen at every company."""
        for id in list(self.workspace.companies):
            self.join(id)
        await super().settle()
