"""Cut `schema.json` out of Atlassian's own description of the platform REST API v3 (Apache 2.0).

    python -m tests.connectors.jira_fake.make_schema swagger-v3.v3.json

What is kept: for each operation the fake has, the schemas of its JSON answers, without texts. Where
the description contradicts its own examples, the examples are followed; `CORRECTIONS` says where.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

from connectors.jira.fake import fake
from syncline.sandbox import Hooks, State, ToolClock

HERE = Path(__file__).parent
KEPT = {"type", "properties", "items", "required", "additionalProperties", "allOf", "enum", "$ref"}
# The answers of these hold what no fake needs to know; anything may stand there.
LEFT_OUT = {
    "SimpleListWrapperGroupName",
    "SimpleListWrapperApplicationRole",
    "HistoryMetadata",
    "ProjectPermissions",
    "ProjectInsight",
    "ProjectLandingPageInfo",
    "Hierarchy",
    "ProjectCategory",
    "Version",
    "ProjectComponent",
    "Operations",
    "IncludedFields",
    "HealthCheckResult",
    "ExpandPrioritySchemePage",
    "WarningCollection",
    "ProjectDetails",
}
CORRECTIONS: dict[str, dict[str, Any]] = {
    # The example of getChangeLogs has `"from": null`.
    "ChangeDetails": {
        n: {"type": ["string", "null"]} for n in ("from", "fromString", "to", "toString")
    },
    # The example of getBulkChangelogs has `"created": 1492070429`, that of getChangeLogs a text.
    "Changelog": {"created": {"type": ["string", "integer"]}},
    # The example of getBulkOperationProgress has numbers.
    "BulkOperationProgress": {n: {"type": "integer"} for n in ("created", "started", "updated")},
}


# The example of getRemoteIssueLinks is a list; with a globalId the answer is the one link.
LISTS = {"GET /rest/api/3/issue/{}/remotelink"}


def trimmed(part: Any) -> Any:
    """A schema without texts, as JSON Schema."""
    if isinstance(part, list):
        return [trimmed(p) for p in part]
    if not isinstance(part, dict):
        return part
    kept: dict[str, Any] = {}
    for name, value in part.items():
        if name == "properties":
            kept[name] = {key: trimmed(v) for key, v in value.items()}
        elif name == "$ref":
            kept[name] = value.replace("#/components/schemas/", "#/$defs/")
        elif name in KEPT:
            kept[name] = trimmed(value)
    return kept


def references(part: Any) -> set[str]:
    """The names of the definitions a schema needs."""
    return set(re.findall(r'"#/\$defs/([^"]+)"', json.dumps(part)))


def operations() -> list[tuple[str, str]]:
    """(method, path) of the fake's part of the described API."""
    endpoints = fake(State(), ToolClock(), Hooks()).endpoints()
    return [(e.method, e.path) for e in endpoints if e.path.startswith("/rest/api/3/")]


def nameless(path: str) -> str:
    """A path whose parameters have no names."""
    return re.sub(r"{[^}]*}", "{}", path)


def extract(description: dict[str, Any]) -> dict[str, Any]:
    """Answers by operation and status, and the definitions they need."""
    described = {nameless(p): item for p, item in description["paths"].items()}
    answers: dict[str, Any] = {}
    for method, path in operations():
        operation = described[nameless(path)][method.lower()]
        for status, response in operation["responses"].items():
            schema = response.get("content", {}).get("application/json", {}).get("schema")
            name, shape = f"{method} {nameless(path)}", trimmed(schema or {})
            if name in LISTS:
                shape = {"anyOf": [shape, {"type": "array", "items": shape}]}
            answers.setdefault(name, {})[status] = shape
    schemas = description["components"]["schemas"]
    definitions: dict[str, Any] = {}
    waiting = references(answers) | {"Fields", "ErrorCollection"}
    while waiting:
        name = waiting.pop()
        schema = {} if name in LEFT_OUT else trimmed(schemas[name])
        schema.get("properties", {}).update(CORRECTIONS.get(name, {}))
        definitions[name] = schema
        waiting |= references(schema) - set(definitions)
    return {"answers": answers, "$defs": dict(sorted(definitions.items()))}


if __name__ == "__main__":
    found = extract(json.loads(Path(sys.argv[1]).read_text("utf-8")))
    (HERE / "schema.json").write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", "utf-8")
