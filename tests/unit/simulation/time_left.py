"""The gate plays stories as long as its time lasts: what did not fit is skipped, and counted."""

from __future__ import annotations

import os
import time

import pytest

UNTIL = os.environ.get("SYNCLINE_UNTIL")
"""When the gate is to have ended, in seconds since 1970; where it is not set, there is time."""


def while_time_is_left(what: str) -> None:
    """Skip the test, which plays `what`, when the gate's time is over."""
    if UNTIL and time.time() > float(UNTIL):
        pytest.skip(f"the gate's time was over before {what} more; `make stories` plays all")
