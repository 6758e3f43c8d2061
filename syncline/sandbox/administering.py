"""What an administrator can change in a fake, by verb."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from syncline.sandbox.fake import Refusal

Verbs = Mapping[str, Callable[[Mapping[str, Any]], None]]


def carry_out(verbs: Verbs, verb: str, given: Mapping[str, Any]) -> None:
    """One change; Refusal where there is no such verb, or something is not given."""
    if verb not in verbs:
        raise Refusal(f"No administrator can {verb!r} here; there are {', '.join(verbs)}.")
    try:
        verbs[verb](given)
    except KeyError as missing:
        raise Refusal(f"{verb} needs {missing}.") from None
