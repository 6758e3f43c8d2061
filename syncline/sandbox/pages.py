"""The page for people."""

from __future__ import annotations

from starlette.routing import Route

from syncline.sandbox.fake import Fake


def routes(fake: Fake) -> list[Route]:
    """The pages of one fake."""
    return []
