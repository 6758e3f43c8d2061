"""The mapping files behind a sync's sides: their text, the line of each key, and their diffs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from syncline.checking import own_mapping, shipped_mapping
from syncline.config import Config
from syncline.mapping.load import ToolMapping, load_mapping
from syncline.mapping.source import MappingError, Source, read
from syncline.rot import patching
from syncline.rot.found import Edit, Swap


@dataclass(frozen=True)
class MappingFile:
    """A mapping as one connection uses it.

    `name` is the file in effect, from the configuration's folder; `mended` where a patch writes:
    the file itself, or for a mapping that ships with Syncline a file of the connection's own.
    """

    name: str
    mended: str
    tool: str
    text: str | None
    own: Source | None
    shipped: Source | None

    @classmethod
    def of(cls, config: Config, side: str, mapping: ToolMapping) -> MappingFile:
        """The file of a mapping that was read already."""
        tool, entity = config.connections[side].connector, mapping.entity
        path, shipped = own_mapping(config, side, entity), shipped_mapping(tool, entity)
        origin = f"mappings/{tool}/{entity}.yaml"
        base = read(shipped.read_text("utf-8"), origin) if shipped.is_file() else None
        if path is None:
            return cls(origin, f"mappings/{side}/{entity}.yaml", tool, None, None, base)
        name, text = path.relative_to(config.folder).as_posix(), path.read_text("utf-8")
        return cls(name, name, tool, text, read(text, name), base)

    @property
    def extends(self) -> bool:
        """Whether the file says only what differs from the shipped one."""
        data = self.own.data if self.own is not None else None
        return data is None or "extends" in data

    def line(self, *path: str) -> str:
        """The place of a key, or of the nearest around it: the operator's own file goes first."""
        for end in range(len(path), 0, -1):
            for source in (self.own, self.shipped if self.extends else None):
                if source is not None and path[:end] in source.lines:
                    return f"{source.origin}:{source.lines[path[:end]]}"
        return self.name

    def diff(self, mapping: ToolMapping, edits: Sequence[Edit | Swap]) -> str:
        """The edits as a unified diff; empty where what they make is no mapping."""
        plain = patching.plain(edits, mapping.said["fields"])
        if self.text is None:
            after = patching.override(mapping.entity, plain)
        else:
            after = patching.edited(self.text, plain, extends=self.extends)
        try:
            load_mapping(after, tool=self.tool)
        except MappingError:
            return ""
        return patching.diff(self.mended, self.text, after)
