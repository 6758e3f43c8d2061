"""Mapping files to mappings: the shipped ones by tool and entity, the operator's by path.

    entity: ticket
    record: issue
    text: markdown                 # this tool's rich text and comments
    fields:
      title:  {path: subject, max_length: 255}
      status: {path: status, enum: {todo: [New, Reopened], done: Closed}, write: transition}
    reference: [links]             # where the record holds addresses of linked records

With `extends: builtin` an operator's file says only what differs, option by option; `field: null`
takes a field out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import Any

from syncline.mapping.lens import Codec, FieldLens
from syncline.mapping.options import TEXT_FORMATS, Given, field_lens
from syncline.mapping.source import MAX_BYTES, MappingError, Source, read, suggestion
from syncline.schema.entities import ENTITIES, fields

KEYS = ("entity", "record", "text", "fields", "reference", "extends")

_NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True)
class ToolMapping:
    """How one tool's records show one entity.

    `groups` holds the fields that said one; `said` is the file's content after `extends`, which is
    all that matters to values (`units.fingerprint`).
    """

    entity: str
    record: str
    text: str
    fields: Mapping[str, FieldLens]
    groups: Mapping[str, str]
    reference: tuple[str, ...]
    origin: str
    said: Mapping[str, Any]

    def only_read(self) -> ToolMapping:
        """The mapping for a tool that is never written to."""
        fields = {name: lens.only_read() for name, lens in self.fields.items()}
        return replace(self, fields=fields)


def load_mapping(
    source: Path | str,
    *,
    tool: str | None = None,
    python: Mapping[str, Codec] | None = None,
) -> ToolMapping:
    """The mapping in a file (a `Path`) or in a YAML text (a `str`).

    `tool` says whose shipped mapping `extends: builtin` means; without it, the name of the file's
    folder does. `python` holds the named Python lenses. MappingError if anything is wrong.
    """
    if isinstance(source, Path):
        tool = tool or source.absolute().parent.name
        return _compile(_resolved(_read_file(source), tool), python or {})
    return _compile(_resolved(read(source, "mapping"), tool), python or {})


def builtin(tool: str, entity: str, python: Mapping[str, Codec] | None = None) -> ToolMapping:
    """The mapping that ships with Syncline. MappingError if there is none."""
    return _compile(_builtin_source(tool, entity), python or {})


def _builtin_source(tool: str, entity: str) -> Source:
    origin = f"mappings/{tool}/{entity}.yaml"
    if not _NAME.fullmatch(tool) or not _NAME.fullmatch(entity):
        raise MappingError("names of tools and entities are lower-case words", origin)
    file = resources.files("mappings").joinpath(tool, f"{entity}.yaml")
    if not file.is_file():
        raise MappingError("no such mapping ships with Syncline; write one of your own", origin)
    return read(file.read_text("utf-8"), origin)


def _read_file(path: Path) -> Source:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
        return read(raw.decode("utf-8"), str(path))
    except OSError as error:
        raise MappingError(f"cannot be read: {error.strerror}", str(path)) from None
    except UnicodeDecodeError:
        raise MappingError("is not UTF-8 text", str(path)) from None


def _resolved(source: Source, tool: str | None) -> Source:
    """The source with what it extends filled in; lines are those of the operator's own file."""
    data = source.data
    if not isinstance(data, dict) or "extends" not in data:
        return source
    if data["extends"] != "builtin":
        raise source.error(f"`extends` can only be builtin, not {data['extends']!r}", "extends")
    if tool is None or not isinstance(data.get("entity"), str):
        raise source.error("`extends: builtin` needs `entity`, and a tool's folder", "extends")
    base = _builtin_source(tool, data["entity"]).data
    own = data.get("fields", {})
    merged = {**base, **{key: value for key, value in data.items() if key != "extends"}}
    merged["fields"] = dict(base["fields"])
    if not isinstance(own, dict):
        raise source.error("`fields` must name each field with its options", "fields")
    for name, said in own.items():
        if said is None:
            merged["fields"].pop(name, None)
        elif isinstance(said, dict) and name in merged["fields"]:
            merged["fields"][name] = {**merged["fields"][name], **said}
        else:
            merged["fields"][name] = said
    return Source(merged, source.origin, source.lines)


def _compile(source: Source, python: Mapping[str, Codec]) -> ToolMapping:
    data = source.data
    if not isinstance(data, dict):
        raise source.error("is not a mapping: it must have `entity`, `record` and `fields`")
    for key in data:
        if key not in KEYS:
            raise source.error(f"unknown key `{key}`{suggestion(key, KEYS)}", str(key))
    entity = data.get("entity")
    if not isinstance(entity, str) or entity not in ENTITIES:
        hint = suggestion(entity, tuple(ENTITIES))
        raise source.error(f"`entity` cannot be {entity!r}{hint}", "entity")
    record = data.get("record")
    if not isinstance(record, str):
        raise source.error("`record` must name the tool's record type", "record")
    text = data.get("text", "plain")
    if text not in TEXT_FORMATS:
        raise source.error(f"`text` cannot be {text!r}{suggestion(text, TEXT_FORMATS)}", "text")
    lenses, groups = _fields(source, entity, text, python)
    reference = data.get("reference", [])
    if not isinstance(reference, list) or not all(isinstance(p, str) for p in reference):
        raise source.error("`reference` must be a list of paths", "reference")
    said = {key: value for key, value in data.items() if key != "extends"}
    return ToolMapping(entity, record, text, lenses, groups, tuple(reference), source.origin, said)


def _fields(
    source: Source, entity: str, text: str, python: Mapping[str, Codec]
) -> tuple[dict[str, FieldLens], dict[str, str]]:
    said = source.data.get("fields")
    if not isinstance(said, dict) or not said:
        raise source.error("`fields` must name each field with its options", "fields")
    specs = fields(entity)
    lenses: dict[str, FieldLens] = {}
    groups: dict[str, str] = {}
    for name, options in said.items():
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise source.error(f"{name!r} is no field name", "fields", str(name))
        if not isinstance(options, dict):
            raise source.error(f"{name}: must be options such as {{path: …}}", "fields", name)
        given = Given(source, name, options)
        if name not in specs and "kind" not in options:
            raise given.error(
                f"{entity} has no such field{suggestion(name, tuple(specs))} "
                "(a field of your own needs `kind`)"
            )
        lenses[name] = field_lens(given, specs.get(name), text, python)
        group = options.get("group")
        if group is not None:
            if not isinstance(group, str) or group in specs or not _NAME.fullmatch(group):
                raise given.error("`group` must be a name of its own, in lower case", "group")
            groups[name] = group
    return lenses, groups
