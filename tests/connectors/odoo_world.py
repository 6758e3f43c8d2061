"""Odoo as people use it, live or recorded: the connector has an account of its own, without the
rights of an administrator; people are the administrator, and Ann where somebody must not be one.

The emptied server is given what the suite needs besides: the projects App, Elsewhere and Closed,
of which the last belongs to a company that the connector's account does not work for, and two
stages of tasks.
"""

from __future__ import annotations

import asyncio
import json
import re
from base64 import b64encode
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx

from connectors.odoo import OdooConnector
from connectors.odoo.config import OdooConfig
from deployments.real.http1 import Head
from deployments.real.odoo import LIVE, Odoo
from syncline.sdk.connector import Visibility, Wire
from syncline.sdk.secrets import Secret
from syncline.sdk.testing import Requests, Trouble
from syncline.simulation.clock import ManualClock
from tests.support.recorded import Stage

MODELS = {
    "task": "project.task",
    "opportunity": "crm.lead",
    "project": "project.project",
    "company": "res.partner",
    "person": "res.partner",
}
NEW: dict[str, dict[str, Any]] = {
    "task": {},
    "opportunity": {"type": "opportunity"},
    "project": {},
    "company": {"is_company": True},
    "person": {"is_company": False},
}
COMPANY, OTHER_COMPANY = 1, 2

# What stands for a key in a recording; live the real ones are sent.
RECORDED_KEYS = {"hub": "k" * 40, "ann": "a" * 40, "people": "p" * 40, "stranger": "x" * 40}

_READS = re.compile(
    r"/(search_read|web_search_read|read|fields_get|context_get|default_get|has_group|has_access)$"
)
# Odoo's refusals hold a trace, with the places of its files.
_DEBUG = re.compile(r'"debug": "(?:[^"\\]|\\.)*"')


def keys_of(server: Odoo) -> dict[str, str]:
    """The keys of a live server, in the roles they have here."""
    told = server.connection()
    return {
        **RECORDED_KEYS,
        "hub": told["auth"]["api_key"],
        "ann": told["people"]["ann"]["auth"]["api_key"],
        "people": told["admin"]["api_key"],
    }


def stage(keys: dict[str, str], **more: Any) -> Stage:
    """A stage that knows people by their keys."""
    names = {f"bearer {key}": name for name, key in keys.items()}
    scrub = {key: RECORDED_KEYS[name] for name, key in keys.items()}

    def who(head: Head) -> str:
        return names.get(head.get("authorization"), "nobody")

    def is_read(method: str, target: str) -> bool:
        return _READS.search(target) is not None

    def clean(answer: str) -> str:
        return _DEBUG.sub('"debug": "…"', answer)

    return Stage(who, scrub=scrub, is_read=is_read, clean=clean, **more)


class OdooWorld:
    """People at Odoo and one of its record types; live, time really has to pass."""

    def __init__(
        self, stage: Stage, keys: dict[str, str], record: str, *, live: bool = False
    ) -> None:
        self.stage = stage
        self.keys = keys
        self.record = record
        self.model = MODELS[record]
        self.clock = ManualClock()
        self.secrets: Sequence[str] = (keys["hub"], keys["stranger"])
        self.projects: dict[str, int] = {}
        self._live = live
        self._http = httpx.AsyncClient(timeout=60, trust_env=False)

    async def enter(self) -> None:
        """Learn the ids of this server."""
        for row in await self.call("project.project", "search_read", domain=[], fields=["name"]):
            self.projects[row["name"]] = row["id"]

    async def call(self, model: str, method: str, who: str = "people", **arguments: Any) -> Any:
        """What Odoo answers to a person; a refusal is an error of the test."""
        url = f"{self.stage.base_url}/json/2/{model}/{method}"
        headers = {"Authorization": f"bearer {self.keys[who]}", "X-Odoo-Database": LIVE}
        answer = await self._http.post(url, json=arguments, headers=headers)
        assert answer.status_code == 200, answer.text[:300]
        return answer.json()

    async def aclose(self) -> None:
        await self._http.aclose()

    def requests(self) -> Requests:
        told = [
            sum(self.stage.count(who, mutating=m) for who in ("hub", "stranger", "nobody"))
            for m in (False, True)
        ]
        return Requests(*told)

    async def create(self, fields: Wire) -> str:
        values = {**NEW[self.record], **fields}
        if self.record == "task":
            values["project_id"] = self.projects["App"]
        (id,) = await self.call(self.model, "create", vals_list=[values])
        return str(id)

    async def edit(self, id: str, patch: Wire) -> None:
        await self.call(self.model, "write", ids=[int(id)], vals=patch)

    async def delete(self, id: str) -> None:
        await self.call(self.model, "unlink", ids=[int(id)])

    async def hide(self, id: str) -> None:
        if self.record == "task":
            await self.edit(id, {"project_id": self.projects["Closed"]})
        else:
            await self.edit(id, {"company_id": OTHER_COMPANY})

    async def leave_scope(self, id: str) -> None:
        out: dict[str, dict[str, Any]] = {
            "task": {"project_id": self.projects.get("Elsewhere")},
            "opportunity": {"type": "lead"},
            "company": {"is_company": False},
            "person": {"is_company": True},
        }
        if self.record not in out:
            raise NotImplementedError("every project is in scope")
        await self.edit(id, out[self.record])

    async def comment(self, id: str, body: str, visibility: Visibility) -> None:
        kind = "mail.mt_note" if visibility is Visibility.INTERNAL else "mail.mt_comment"
        await self.call(
            self.model,
            "message_post",
            ids=[int(id)],
            body=body,
            body_is_html=True,
            message_type="comment",
            subtype_xmlid=kind,
        )

    async def attach(self, id: str, name: str, subtype: str) -> None:
        """Write on the record with a file, as the web page does."""
        content = b64encode(name.encode()).decode()
        place = {"res_model": self.model, "res_id": int(id)}
        files = await self.call(
            "ir.attachment", "create", vals_list=[{"name": name, "datas": content, **place}]
        )
        await self.call(
            self.model,
            "message_post",
            ids=[int(id)],
            body="See the file.",
            message_type="comment",
            subtype_xmlid=subtype,
            attachment_ids=files,
        )

    async def rights(self, may: str = "perm_read") -> list[int]:
        """The access rights that let people do this with records of the type."""
        domain = [["model_id.model", "=", self.model], [may, "=", True]]
        rows = await self.call("ir.model.access", "search_read", domain=domain, fields=["name"])
        return [row["id"] for row in rows]

    async def grant(self, rights: Sequence[int], **changed: bool) -> None:
        """Change access rights, twice: after the first time Odoo still remembers of who changed
        them what they might do just before."""
        for _ in range(2):
            await self.call("ir.model.access", "write", ids=list(rights), vals=changed)

    async def show(self, id: str, *fields: str) -> dict[str, Any]:
        """Fields of the record as Odoo shows them to a person."""
        (row,) = await self.call(self.model, "read", ids=[int(id)], fields=list(fields))
        return dict(row)

    async def links_shown(self, id: str) -> Sequence[str]:
        raise NotImplementedError("the connector shows no links")

    async def somebody(self) -> tuple[str, str]:
        rows = await self.call(
            "res.partner", "search_read", domain=[["name", "=", "Bob"]], fields=["email"]
        )
        return str(rows[0]["id"]), rows[0]["email"]

    async def settle(self) -> None:
        self.clock.advance(3600)
        if self._live:
            # Behind the lookback of one second and the one that reading goes on after it.
            await asyncio.sleep(3)

    async def trouble(self, kind: Trouble) -> None:
        self.stage.lose_answer = kind is Trouble.LOST_ANSWER
        self.stage.refuse_once = kind is Trouble.RATE_LIMIT
        self.stage.down = kind is Trouble.DOWN

    async def recover(self) -> None:
        self.stage.lose_answer = self.stage.refuse_once = self.stage.down = False
        self.clock.advance(3600)


def config(world: OdooWorld, who: str = "hub", **more: Any) -> OdooConfig:
    """A connection to this world with somebody's key."""
    return OdooConfig(
        **{
            "connector": "odoo",
            "base_url": world.stage.base_url,
            "database": LIVE,
            "private_network": True,
            "auth": {"api_key": Secret(world.keys[who])},
            "scope": {"project": "App"},
            "key_field": "x_syncline_key",
            "search_lag": 1,
            # Which of several answers comes first would not be told by a recording.
            "limits": {"concurrent": 1},
            **more,
        }
    )


@asynccontextmanager
async def opened(world: OdooWorld, who: str = "hub", **more: Any) -> AsyncIterator[OdooConnector]:
    """A connector in this world, closed at the end."""
    connector = OdooConnector.open("odoo", config(world, who, **more), world.clock)
    try:
        yield connector
    finally:
        await connector.aclose()


async def prepare(server: Odoo) -> None:
    """Bring a running server to the state in which every test begins; nothing is recorded."""
    told = server.connection()
    headers = {
        "Authorization": f"bearer {told['admin']['api_key']}",
        "X-Odoo-Database": told["database"],
    }
    async with httpx.AsyncClient(
        base_url=told["base_url"], headers=headers, trust_env=False, timeout=60
    ) as http:

        async def call(model: str, method: str, **arguments: Any) -> Any:
            answer = await http.post(f"/json/2/{model}/{method}", content=json.dumps(arguments))
            assert answer.status_code == 200, answer.text[:300]
            return answer.json()

        http.headers["Content-Type"] = "application/json"
        kept = [
            row["partner_id"][0]
            for model in ("res.users", "res.company")
            for row in await call(
                model,
                "search_read",
                domain=[],
                fields=["partner_id"],
                context={"active_test": False},
            )
        ]
        for model, domain in (
            ("crm.lead", []),
            ("project.task", []),
            ("project.project", []),
            ("project.tags", []),
            ("crm.tag", []),
            ("res.partner.category", []),
            ("project.task.type", [["user_id", "=", False]]),
            ("res.partner", [["id", "not in", kept]]),
        ):
            found = await call(
                model,
                "search_read",
                domain=domain,
                fields=["id"],
                context={"active_test": False},
            )
            if found:
                await call(model, "unlink", ids=[row["id"] for row in found])
        stages = await call(
            "project.task.type",
            "create",
            vals_list=[
                {"name": name, "sequence": place, "user_id": False}
                for place, name in enumerate(("To Do", "In Progress"))
            ],
        )
        shared = {"type_ids": [[6, 0, stages]]}
        await call(
            "project.project",
            "create",
            vals_list=[
                {"name": "App", **shared},
                {"name": "Elsewhere", **shared},
                {"name": "Closed", "company_id": OTHER_COMPANY, **shared},
            ],
        )
