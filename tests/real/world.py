"""The world these tests act in: an operator with a configuration, and people with their own tools.

Everything Syncline does goes through its command line, as an operator would use it, and through a
fault proxy in front of each tool. Everything people do goes to the tools directly, with their own
tokens. Two sides, `desk` (Request Tracker) and `tracker` (Redmine), are kept in step by one sync.
"""

from __future__ import annotations

import asyncio
import base64
import io
import json
import os
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import yaml

from deployments.real import people
from deployments.real.fault_proxy import FaultProxy
from deployments.real.faults import parse
from deployments.real.server import Server
from syncline.cli.main import main

SYNC = "tickets"
SIDES = {"desk": "request_tracker", "tracker": "redmine"}
REQUESTER = "cora@customer.test"
SEVERITY = {"request_tracker": "CustomFields.Severity", "redmine": "custom_fields.Severity"}


class Proxy:
    """A fault proxy in a thread of its own."""

    def __init__(self, upstream: str, seed: int = 0) -> None:
        address = urlsplit(upstream)
        self._proxy = FaultProxy((str(address.hostname), int(address.port or 0)), seed=seed)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def start(self) -> Proxy:
        self._thread.start()
        self._on_loop(self._proxy.__aenter__())
        return self

    def stop(self) -> None:
        self._on_loop(self._proxy.__aexit__(None, None, None))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _on_loop(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=30)

    @property
    def base_url(self) -> str:
        return self._proxy.base_url

    def fault(self, action: str, **where: Any) -> None:
        """Ask for a fault, as POST /_proxy/faults would."""
        self._proxy.faults.append(parse({"action": action, **where}))

    def heal(self) -> None:
        self._proxy.faults.clear()

    def clear(self) -> None:
        """Forget faults and requests."""
        self.heal()
        self._proxy.requests.clear()

    @property
    def requests(self) -> list[Any]:
        """What came by since the last `clear`, oldest first."""
        return list(self._proxy.requests)

    @property
    def writes(self) -> int:
        return sum(1 for seen in self.requests if seen.mutating)

    def struck(self) -> int:
        """How many requests met a fault."""
        return sum(1 for seen in self.requests if seen.fault)


class Desk(people.Desk):
    """Request Tracker, as one person."""

    def content(self, ticket: str) -> str:
        """The first message, as RT shows it."""
        path = f"/ticket/{ticket}/attachments?fields=ContentType,Content,Filename&per_page=1"
        return str(self.api.call("GET", path)["items"][0]["Content"])

    def file(self, ticket: str, name: str) -> bytes:
        path = f"/ticket/{ticket}/attachments?fields=Filename&per_page=100"
        items = self.api.call("GET", path)["items"]
        (id_,) = [one["id"] for one in items if one.get("Filename") == name]
        return base64.b64decode(self.api.call("GET", f"/attachment/{id_}")["Content"])

    def named(self, subject: str) -> str:
        """The one ticket with this subject."""
        (ticket,) = [t for t in self.all() if t["Subject"] == subject]
        return str(ticket["id"])


class Tracker(people.Tracker):
    """Redmine, as one person, or as the administrator."""

    def file(self, issue: str, name: str) -> bytes:
        (url,) = [
            a["content_url"] for a in self.show(issue)["attachments"] if a["filename"] == name
        ]
        with urlopen(Request(url, headers=self.api.headers), timeout=30) as answer:
            content: bytes = answer.read()
        return content

    def named(self, subject: str) -> str:
        """The one issue with this subject."""
        (issue,) = [i for i in self.all() if i["subject"] == subject]
        return str(issue["id"])


@dataclass(frozen=True)
class Ran:
    """What a command came to."""

    code: int
    result: Any
    said: str


@dataclass
class World:
    """One configuration between the two tools, and the people who use them."""

    folder: Path
    servers: Mapping[str, Server]
    proxies: Mapping[str, Proxy]
    settings: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.known = {side: self.servers[tool].connection() for side, tool in SIDES.items()}
        desk, tracker = self.known["desk"], self.known["tracker"]
        self.ann = Desk(desk, "ann")
        self.bob = Tracker(tracker, "bob")
        self.ann_in_tracker = Tracker(tracker, "ann")
        self.bob_at_desk = Desk(desk, "bob")
        self.administrator = Tracker(tracker)
        self.config = self.folder / "syncline.yaml"
        self.settings = self._settings()
        self.configure()

    def _settings(self) -> dict[str, Any]:
        # A second is what both servers here need; the defaults are for busy ones far away.
        common = {"private_network": True, "key_field": "ExternalKey", "search_lag": "1s"}
        return {
            "workspace": "real",
            "connections": {
                side: {
                    "connector": tool,
                    "base_url": self.proxies[tool].base_url,
                    "auth": {
                        name: f"${{env:{side.upper()}_SECRET}}" for name in self.known[side]["auth"]
                    },
                    "scope": self.known[side]["scope"],
                    **common,
                }
                for side, tool in SIDES.items()
            },
            "syncs": {
                SYNC: {
                    "entity": "ticket",
                    "sides": {
                        "desk": {"record": "ticket", "create": "when_missing"},
                        "tracker": {
                            "record": "issue",
                            "create": "when_missing",
                            "defaults": {"type": "bug"},
                        },
                    },
                    "comments": {"visibility": ["public", "internal"], "as": "internal"},
                    "deletes": {"propagate": "unlink"},
                }
            },
        }

    @property
    def secrets(self) -> dict[str, str]:
        """The environment variables that the configuration names."""
        return {
            f"{side.upper()}_SECRET": value
            for side in SIDES
            for value in self.known[side]["auth"].values()
        }

    @property
    def sync_settings(self) -> dict[str, Any]:
        found: dict[str, Any] = self.settings["syncs"][SYNC]
        return found

    def configure(self, change: Callable[[dict[str, Any]], object] | None = None) -> None:
        """Write the operator's configuration; `change` changes the settings first."""
        if change is not None:
            change(self.settings)
        # By way of JSON, which knows no aliases: neither do configurations.
        plain = json.loads(json.dumps(self.settings))
        self.config.write_text(yaml.safe_dump(plain, sort_keys=False), "utf-8")

    def extend(self, side: str, fields: Mapping[str, Any]) -> None:
        """Write an operator's mapping of a side: the shipped one and these fields."""
        tool = SIDES[side]
        body = {
            "extends": "builtin",
            "entity": "ticket",
            "record": self.sync_settings["sides"][side]["record"],
            "fields": dict(fields),
        }
        path = self.folder / "mappings" / tool / "ticket.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(body, sort_keys=False), "utf-8")

    def with_severity(self) -> None:
        """Extend both mappings by the custom field `Severity`."""
        for side, tool in SIDES.items():
            levels = ["low", "medium", "high", "urgent"]
            self.extend(
                side, {"severity": {"kind": "enum", "path": SEVERITY[tool], "enum": levels}}
            )

    # What the operator does.

    def run(self, *arguments: str) -> Ran:
        """A command, in this process: each opens its own hub, and keeps nothing."""
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            code = main([*arguments, "--config", str(self.config), "--json"])
        lines = out.getvalue().strip().splitlines()
        return Ran(code, json.loads(lines[-1]) if lines else None, out.getvalue() + err.getvalue())

    def syncline(self, *arguments: str, code: int = 0) -> Any:
        """A command's result; it must end with this exit code."""
        ran = self.run(*arguments)
        assert ran.code == code, f"{' '.join(arguments)}: exit code {ran.code}\n{ran.said}"
        return ran.result

    def sync(self, *more: str, code: int = 0) -> Any:
        """One pass, with requests at the proxies counted from nothing."""
        for proxy in self.proxies.values():
            proxy._proxy.requests.clear()
        return self.syncline("sync", SYNC, *more, code=code)

    def parked(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.syncline("quarantine")["quarantine"]
        return found

    def conflicts(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.syncline("conflicts")["conflicts"]
        return found

    def proxy(self, side: str) -> Proxy:
        return self.proxies[SIDES[side]]

    # What there is to see.

    def mail(self) -> str:
        """All mail the desk has sent so far."""
        return Path(self.known["desk"]["mail"]).read_text("utf-8", "replace")

    def mailed(self, to: str = REQUESTER) -> int:
        """Mails to one person so far."""
        return self.mail().count(f"To: {to}")

    def settled(self) -> None:
        """Passes until one writes nothing; then one more that asks each side once and is done."""
        for _ in range(5):
            self.sync()
            if not any(proxy.writes for proxy in self.proxies.values()):
                break
        time.sleep(QUIET)
        self.sync()
        self.sync()
        for side in SIDES:
            requests = [f"{r.method} {r.path}" for r in self.proxy(side).requests]
            assert len(requests) == 1, f"{side}: {requests}"
            assert self.proxy(side).writes == 0


QUIET = 3.2
"""Seconds after which nothing in a tool counts as having just happened: the lag and two more."""


def environment(secrets: Mapping[str, str]) -> dict[str, str]:
    """The environment of a real process that may read these secrets."""
    return {**os.environ, **secrets}
