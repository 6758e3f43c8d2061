"""An operator's folder with a sync between Zendesk and Jira, and people at work in both tools."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from connectors.zendesk.fake.signing_in import API_TOKEN, HUB
from syncline.sandbox import Company
from tests.sandbox.two_tools import SEED, SYNC, TwoTools
from tests.support.commands import main

LEILA, JONAS = "Leila Haddad", "Jonas Weber"


def settings(label: str) -> dict[str, Any]:
    """A sync of all that has this label."""
    mine = {"where": {"labels": {"any": [label]}}, "create": "when_missing"}
    return {
        "entity": "ticket",
        "sides": {
            "support": {"record": "ticket", **mine},
            "tracker": {"record": "issue", **mine, "defaults": {"type": "bug"}},
        },
        "fields": {
            "title": {},
            "body": {"sides": {"support": "source"}},
            "type": {"authority": "tracker"},
            "status": {"authority": "support"},
            "labels": {},
            "assignee": {},
        },
        "links": "off",
    }


def email(name: str) -> str:
    """The address of somebody of the company."""
    return next(p.email for p in Company.made(SEED, 0).people if p.name == name)


class Pair(NamedTuple):
    """A ticket and its issue."""

    ticket: str
    issue: str


class Office:
    """An operator's folder, and people at work in both tools."""

    def __init__(
        self, tools: TwoTools, folder: Path, label: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.tools, self.folder, self.label, self._capsys = tools, folder, label, capsys
        self.told = yaml.safe_load((tools.folder / "syncline.yaml").read_text("utf-8"))
        self.told["syncs"] = {SYNC: settings(label)}
        self.write()

    def write(self) -> None:
        (self.folder / "syncline.yaml").write_text(json.dumps(self.told), "utf-8")

    def fields(self, **paths: tuple[str, str]) -> None:
        """Map text fields that the shipped mappings do not have, by their names in both tools."""
        for place, (tool, record) in enumerate((("jira", "issue"), ("zendesk", "ticket"))):
            file = self.folder / "mappings" / tool / "ticket.yaml"
            file.parent.mkdir(parents=True)
            more = {
                field: {"kind": "text", "path": f"custom_fields.{names[place]}"}
                for field, names in paths.items()
            }
            body = {"extends": "builtin", "entity": "ticket", "record": record, "fields": more}
            file.write_text(yaml.safe_dump(body), "utf-8")
        self.told["syncs"][SYNC]["fields"] |= {field: {} for field in paths}
        self.write()

    def known_as(self, name: str, **handles: str) -> None:
        """The operator's table says who somebody of the company is in a tool."""
        self.told["people"] = [{"name": name, "email": email(name), "handles": handles}]
        self.write()

    # The operator.

    def run(self, *arguments: str, code: int = 0) -> Any:
        got = main([*arguments, "--json"])
        said = self._capsys.readouterr()
        assert got == code, said.out + said.err
        return json.loads(said.out.splitlines()[-1])

    def sync(self, code: int = 0) -> Any:
        self.tools.later()
        return self.run("sync", SYNC, code=code)

    def parked(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.run("quarantine")["quarantine"]
        keys = {"id", "sync", "sides", "side", "field", "action", "reason", "created_at"}
        assert all(set(one) == keys for one in found)
        return found

    def in_step(self) -> None:
        """The next pass delivers all that waited, and the one after it writes nothing."""
        self.sync()
        done = self.sync()
        assert done["agreed"] == done["links"]
        assert [asked["write"] for asked in done["requests"].values()] == [0, 0]
        assert self.parked() == []

    @staticmethod
    def says(text: str, *words: str) -> None:
        for one in words:
            assert one in text, text

    # People.

    def title(self, name: str) -> str:
        """Titles say whose test they are from."""
        return f"{self.label} {name}"

    def write_ticket(self, name: str, person: str = LEILA) -> str:
        """A ticket that an issue is linked with from the next pass on."""
        typed = {"person": person, "field:subject": self.title(name), "field:tags": self.label}
        self.tools.ask("support", "POST", "/new/ticket", data=typed)
        (one,) = [t for t in self.tickets() if t["subject"] == self.title(name)]
        return str(one["id"])

    def bug(self) -> str:
        """An issue that is nobody else's."""
        before = {one["id"] for one in self.tools.issues()}
        typed = {"person": JONAS, "field:summary": "on its way", "field:issuetype": "Bug"}
        self.tools.ask("tracker", "POST", "/new/issue", data=typed)
        (id,) = {str(one["id"]) for one in self.tools.issues()} - before
        return id

    def edit_ticket(self, id: str, **fields: str) -> None:
        self._edit("support", f"/records/ticket/{id}", LEILA, fields)

    def edit_issue(self, id: str, **fields: str) -> None:
        self._edit("tracker", f"/records/issue/{id}", JONAS, fields)

    def _edit(self, side: str, path: str, person: str, fields: dict[str, str]) -> None:
        titled = ("subject", "summary")
        typed = {f"field:{n}": self.title(v) if n in titled else v for n, v in fields.items()}
        # What the form showed before: a field that was empty and still is counts as left alone.
        typed |= {f"was:{name}": "something" for name in fields}
        self.tools.ask(side, "POST", path, data={"do": "edit", "person": person, **typed})

    def tickets(self) -> list[dict[str, Any]]:
        found = self.tools.ask("support", "GET", "/_sandbox/records/ticket")
        return [t for t in found if self.label in t["tags"]]

    def ticket(self, id: str) -> dict[str, Any]:
        return next(t for t in self.tickets() if str(t["id"]) == id)

    def issue(self, id: str) -> dict[str, Any]:
        return next(i for i in self.tools.issues() if i["id"] == id)

    def custom(self, title: str) -> str:
        """What the desk's page calls a custom field."""
        login = (f"{HUB}/token", API_TOKEN)
        told = self.tools.ask("support", "GET", "/api/v2/ticket_fields", auth=login)
        return next(f"custom_{f['id']}" for f in told["ticket_fields"] if f["title"] == title)

    def pairs(self, *names: str) -> list[Pair]:
        """Linked pairs with these titles."""
        tickets = [self.write_ticket(name) for name in names]
        self.sync()
        issues = {i["fields"]["summary"]: str(i["id"]) for i in self.tools.issues()}
        return [Pair(t, issues[self.title(n)]) for t, n in zip(tickets, names, strict=True)]

    def titles(self, *names: str) -> list[int]:
        """In how many tools each record has its second title."""
        tickets = [t["subject"] for t in self.tickets()]
        issues = [i["fields"]["summary"] for i in self.tools.issues()]
        return [[*tickets, *issues].count(self.title(f"{name} 2")) for name in names]
