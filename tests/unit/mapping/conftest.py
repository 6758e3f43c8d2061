"""The `long` profile tries a thousand examples a law and kind: pytest --hypothesis-profile=long."""

from __future__ import annotations

from hypothesis import settings
from hypothesis.errors import InvalidArgument

try:
    settings.get_profile("long")
except InvalidArgument:
    settings.register_profile("long", max_examples=1000, deadline=None)
