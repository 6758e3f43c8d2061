"""Rich text on the wire: an Atlassian document as its canonical JSON text, None for none."""

from __future__ import annotations

from typing import Any

from syncline.schema.text import adf_object, adf_source
from syncline.sdk.errors import Rejected


def text(document: Any) -> str | None:
    """The text that stands for a document of the API; the same document always has the same."""
    return adf_source(document)


def document(source: object) -> dict[str, Any] | None:
    """The document that a text stands for; raises Rejected where it is none."""
    try:
        return adf_object(None if source is None else str(source))
    except ValueError as error:
        raise Rejected(
            f"The text is {error}. Nothing was written; the mapping of this field has to say "
            "`text: adf`."
        ) from error


def paragraphs(plain: str | None) -> str | None:
    """The text of a document with these lines: all that a changelog tells of one."""
    lines = [line for line in (plain or "").splitlines() if line.strip()]
    content = [{"type": "paragraph", "content": [{"type": "text", "text": line}]} for line in lines]
    return text({"type": "doc", "version": 1, "content": content})
