"""The configuration's JSON Schema, for editors: `syncline config schema`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from syncline.config.durations import PATTERN, written
from syncline.config.models import Config
from syncline.sdk.connector import ConnectionConfig

REFERENCE = r"\$\{(env|file|prefect):[^{}]+\}|^sandbox-"


class _Schema(GenerateJsonSchema):
    """Secrets are references; lengths of time are written as people write them."""

    def is_instance_schema(self, schema: core_schema.IsInstanceSchema) -> JsonSchemaValue:
        return {"type": "string", "pattern": REFERENCE}

    def timedelta_schema(self, schema: core_schema.TimedeltaSchema) -> JsonSchemaValue:
        return {"type": "string", "pattern": PATTERN}

    def encode_default(self, dft: Any) -> Any:
        return written(dft) if isinstance(dft, timedelta) else super().encode_default(dft)


def json_schema(connectors: Mapping[str, type[ConnectionConfig]]) -> dict[str, Any]:
    """The schema of `syncline.yaml`, with the keys of every known connector's connections."""
    schema = _of(Config)
    definitions = schema.setdefault("$defs", {})
    definitions.pop("ConnectionSettings", None)
    names = []
    for name, model in sorted(connectors.items()):
        own = _of(model)
        below = own.pop("$defs", {})
        definitions.update({f"{name}.{key}": _prefixed(v, name) for key, v in below.items()})
        own = _prefixed(own, name)
        own["properties"]["connector"] = {"const": name}
        definitions[f"connection.{name}"] = own
        names.append({"$ref": f"#/$defs/connection.{name}"})
    schema["properties"]["connections"]["additionalProperties"] = {"anyOf": names} if names else {}
    schema["properties"]["connections"].pop("patternProperties", None)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _of(model: type[BaseModel]) -> dict[str, Any]:
    return model.model_json_schema(by_alias=True, schema_generator=_Schema)


def _prefixed(schema: Any, name: str) -> Any:
    """References within a connector's schema, after its definitions got the connector's name."""
    if isinstance(schema, dict):
        return {
            key: value.replace("#/$defs/", f"#/$defs/{name}.")
            if key == "$ref" and isinstance(value, str)
            else _prefixed(value, name)
            for key, value in schema.items()
        }
    return [_prefixed(one, name) for one in schema] if isinstance(schema, list) else schema
