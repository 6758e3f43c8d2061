"""Why a value is what it is, and why it is not the same everywhere: what `syncline why` tells."""

from __future__ import annotations
