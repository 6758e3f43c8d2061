"""What people do in the two real tools, as themselves: with their own tokens, over the tools' APIs.

Standard library only, and nothing of Syncline: what `make real` shows must not be seen through the
eyes of the thing it shows.
"""

from __future__ import annotations

import base64
import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from typing import Any


class Api:
    """JSON over HTTP on loopback."""

    def __init__(self, base_url: str, headers: Mapping[str, str]) -> None:
        self.base_url = base_url
        self.headers = dict(headers)

    def call(self, method: str, path: str, body: Any = None, *, raw: bytes | None = None) -> Any:
        """The decoded answer, None where there is none; an HTTP error is raised with its text."""
        data = raw if raw is not None else json.dumps(body).encode() if body is not None else None
        kind = "application/octet-stream" if raw is not None else "application/json"
        request = urllib.request.Request(  # noqa: S310 - loopback addresses that we made
            self.base_url + path,
            data=data,
            method=method,
            headers={"Content-Type": kind, **self.headers},
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
                text = answer.read()
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"{method} {path}: {error.code} {error.read()[:300]!r}") from error
        return json.loads(text) if text.strip() else None


class Desk:
    """Request Tracker, as one person."""

    def __init__(self, connection: Mapping[str, Any], person: str) -> None:
        token = connection["people"][person]["auth"]["token"]
        base = connection["base_url"]
        self.api = Api(base + "/REST/2.0", {"Authorization": f"token {token}"})
        self.web = base

    def create(self, subject: str, text: str, requestor: str, **fields: Any) -> str:
        body = {
            "Queue": "Support",
            "Subject": subject,
            "Requestor": requestor,
            "Content": text,
            "ContentType": "text/html",
            **fields,
        }
        return str(self.api.call("POST", "/ticket", body)["id"])

    def edit(self, ticket: str, **fields: Any) -> list[str]:
        messages: list[str] = self.api.call("PUT", f"/ticket/{ticket}", fields)
        return messages

    def show(self, ticket: str) -> dict[str, Any]:
        found: dict[str, Any] = self.api.call("GET", f"/ticket/{ticket}")
        fields = {f["name"]: f["values"] for f in found.get("CustomFields", [])}
        return {**found, "CustomFields": fields}

    def say(
        self, ticket: str, text: str, *, public: bool, files: Mapping[str, bytes] | None = None
    ) -> None:
        attached = [
            {
                "FileName": name,
                "FileType": "application/octet-stream",
                "FileContent": base64.b64encode(content).decode(),
            }
            for name, content in (files or {}).items()
        ]
        body = {"Content": text, "ContentType": "text/html", "Attachments": attached}
        self.api.call("POST", f"/ticket/{ticket}/{'correspond' if public else 'comment'}", body)

    def texts(self, ticket: str) -> list[tuple[str, str, str]]:
        """(kind, author, text) of every message but the first."""
        path = f"/ticket/{ticket}/history?fields=Type,Creator&per_page=100"
        found = []
        for item in self.api.call("GET", path)["items"]:
            if item["Type"] in ("Comment", "Correspond"):
                parts = self.api.call(
                    "GET",
                    f"/transaction/{item['id']}/attachments?fields=ContentType,Content,Filename",
                )
                text = next(
                    (
                        p["Content"]
                        for p in parts["items"]
                        if str(p.get("ContentType", "")).startswith("text/") and not p["Filename"]
                    ),
                    "",
                )
                found.append((item["Type"], item["Creator"]["id"], text))
        return found

    def files(self, ticket: str) -> list[str]:
        path = f"/ticket/{ticket}/attachments?fields=Filename&per_page=100"
        items = self.api.call("GET", path)["items"]
        return sorted(i["Filename"] for i in items if i.get("Filename"))

    def all(self) -> list[dict[str, Any]]:
        query = urllib.parse.quote("Queue = 'Support'")
        path = f"/tickets?query={query}&fields=Subject,Status&per_page=100"
        items: list[dict[str, Any]] = self.api.call("GET", path)["items"]
        return items

    def delete(self, ticket: str) -> None:
        self.api.call("DELETE", f"/ticket/{ticket}")

    def page(self, ticket: str) -> str:
        return f"{self.web}/Ticket/Display.html?id={ticket}"


class Tracker:
    """Redmine, as one person, or as the administrator."""

    def __init__(self, connection: Mapping[str, Any], person: str | None = None) -> None:
        owner = connection["people"][person] if person else connection
        key = owner["auth"]["api_key"]
        self.web = connection["base_url"]
        self.api = Api(self.web, {"X-Redmine-API-Key": key})

    def create(self, subject: str, text: str, **fields: Any) -> str:
        issue = {"project_id": "app", "tracker_id": 1, "subject": subject, "description": text}
        made = self.api.call("POST", "/issues.json", {"issue": {**issue, **fields}})
        return str(made["issue"]["id"])

    def edit(self, issue: str, **fields: Any) -> None:
        self.api.call("PUT", f"/issues/{issue}.json", {"issue": fields})

    def status(self, issue: str, name: str) -> None:
        statuses = self.api.call("GET", "/issue_statuses.json")["issue_statuses"]
        found = next(s["id"] for s in statuses if s["name"] == name)
        self.edit(issue, status_id=found)

    def show(self, issue: str) -> dict[str, Any]:
        path = f"/issues/{issue}.json?include=journals,attachments"
        found: dict[str, Any] = self.api.call("GET", path)["issue"]
        fields = {f["name"]: f.get("value") for f in found.get("custom_fields", [])}
        return {**found, "custom_fields": fields}

    def note(self, issue: str, text: str, *, private: bool) -> None:
        self.edit(issue, notes=text, private_notes=private)

    def notes(self, issue: str) -> list[tuple[str, bool, str]]:
        """(author, private, text) of every note."""
        return [
            (j["user"]["name"], bool(j.get("private_notes")), j["notes"])
            for j in self.show(issue)["journals"]
            if j.get("notes")
        ]

    def attach(self, issue: str, name: str, content: bytes) -> None:
        path = f"/uploads.json?filename={urllib.parse.quote(name)}"
        token = self.api.call("POST", path, raw=content)["upload"]["token"]
        self.edit(issue, uploads=[{"token": token, "filename": name}])

    def files(self, issue: str) -> list[str]:
        return sorted(one["filename"] for one in self.show(issue)["attachments"])

    def all(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.api.call("GET", "/issues.json?status_id=*&limit=100")[
            "issues"
        ]
        return found

    def delete(self, issue: str) -> None:
        self.api.call("DELETE", f"/issues/{issue}.json")

    def page(self, issue: str) -> str:
        return f"{self.web}/issues/{issue}"


def wait(seconds: float) -> None:
    """Let the tools' clocks, which count whole seconds, move on."""
    time.sleep(seconds)
