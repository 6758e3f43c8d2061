"""The format `tree`: the document itself as JSON, for a value no tool's own format can hold."""

from __future__ import annotations

import json

from syncline.schema.text.codecs.base import Codec
from syncline.schema.text.codecs.parts import Losses, Segment, Written
from syncline.schema.text.normal import normal
from syncline.schema.text.tree import Blocks, Document, from_json, to_json


class _Tree(Codec):
    name = "tree"

    def check(self, source: str) -> None:
        self.read(source)

    def segments(self, source: str) -> list[Segment]:
        """ValueError if the source is no document tree: only Syncline writes this format."""
        if not source.strip():
            return []
        try:
            document = from_json(json.loads(source))
        except RecursionError as error:
            raise ValueError("a document tree nested too deep to be one of Syncline's") from error
        return [Segment(0, len(source), normal(document).blocks)]

    def render(self, blocks: Blocks, losses: Losses) -> str:
        if not blocks:
            return ""
        return json.dumps(to_json(Document(blocks)), ensure_ascii=False, separators=(",", ":"))

    def inert(self, source: str) -> bool:
        return True

    def rewrite(self, original: str, document: Document) -> Written:
        same = self.read(original) == normal(document)
        return Written(original) if same else self.write(document)


TREE = _Tree()
