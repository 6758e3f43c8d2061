"""Cut `schema.json` out of Intercom's own OpenAPI description of its API 2.15 (MIT).

    python -m tests.connectors.intercom_fake.make_schema intercom-2.15.openapi.yaml

What is kept: for each operation of the fake, the schemas of its JSON answers, without texts, closed
where Intercom names all properties. Where a schema contradicts the description's own examples, the
examples are followed; `CORRECTIONS` says where.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import yaml

from connectors.intercom.fake import fake
from syncline.sandbox import Hooks, State, ToolClock

HERE = Path(__file__).parent
KEPT = {"type", "items", "required", "anyOf", "oneOf", "enum"}
NOTICE = (
    "Extract of Intercom's OpenAPI description, API version 2.15 (github.com/intercom/"
    "Intercom-OpenAPI), under the MIT License; see SCHEMA-LICENSE.txt"
)
TEXT = {"type": ["string", "null"]}
CORRECTIONS: dict[str, dict[str, Any]] = {
    # Examples of `GET /ticket_types` and of tickets: the rows are under `data`.
    "ticket_type_attribute_list": {
        "data": {"type": "array", "items": {"$ref": "#/$defs/ticket_type_attribute"}}
    },
    # Examples of tickets have `"input_options": null`, and contacts without a name.
    "ticket_type_attribute": {"input_options": {"type": ["object", "null"]}},
    # The example of a note that was written names the app that wrote it.
    "ticket_reply": {"app_package_code": {"type": "string"}},
    # Examples of contacts have no name and no id of ours, and `create_contact_request` asks for no
    # address.
    "contact": {"name": TEXT, "external_id": TEXT, "email": TEXT},
    # Beside it stands what is added in `contact_archived`, `contact_unarchived`, `contact_deleted`.
    "contact_reference": {"archived": {"type": "boolean"}, "deleted": {"type": "boolean"}},
    # Every list of an example says that it is one.
    "contact_companies": {"type": {"type": "string"}},
}


def trimmed(part: Any) -> Any:
    """A schema without texts, as JSON Schema."""
    if isinstance(part, list):
        return [trimmed(one) for one in part]
    if not isinstance(part, dict):
        return part
    if "$ref" in part:
        return {"$ref": part["$ref"].replace("#/components/schemas/", "#/$defs/")}
    if "allOf" in part:
        return {"allOf": trimmed(part["allOf"])}
    kept = {name: trimmed(value) for name, value in part.items() if name in KEPT}
    if "properties" in part:
        kept["properties"] = {name: trimmed(one) for name, one in part["properties"].items()}
        kept["additionalProperties"] = False
    elif "additionalProperties" in part:
        kept["additionalProperties"] = trimmed(part["additionalProperties"])
    if part.get("nullable") and isinstance(kept.get("type"), str):
        kept["type"] = [kept["type"], "null"]
    return kept


def references(part: Any) -> set[str]:
    """The names of the definitions a schema needs."""
    return set(re.findall(r'"#/\$defs/([^"]+)"', json.dumps(part)))


def nameless(path: str) -> str:
    """A path whose parameters have no names."""
    return re.sub(r"{[^}]*}", "{}", path)


def operations() -> list[tuple[str, str]]:
    """(method, path) of the fake."""
    return [(e.method, e.path) for e in fake(State(), ToolClock(), Hooks()).endpoints()]


def extract(description: dict[str, Any]) -> dict[str, Any]:
    """Answers by operation and status, and the definitions they need."""
    described = {nameless(path): item for path, item in description["paths"].items()}
    answers: dict[str, Any] = {}
    for method, path in operations():
        operation = described[nameless(path)][method.lower()]
        schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
        answers[f"{method} {nameless(path)}"] = trimmed(schema)
    schemas, definitions = description["components"]["schemas"], {}
    waiting = references(answers) | {"error"}
    while waiting:
        name = waiting.pop()
        schema = trimmed(schemas[name])
        schema.get("properties", {}).update(CORRECTIONS.get(name, {}))
        definitions[name] = schema
        waiting |= references(schema) - set(definitions)
    return {"notice": NOTICE, "answers": answers, "$defs": dict(sorted(definitions.items()))}


if __name__ == "__main__":
    found = extract(yaml.safe_load(Path(sys.argv[1]).read_text("utf-8")))
    (HERE / "schema.json").write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", "utf-8")
