"""What a pass found and could not, or must not, settle by itself."""

from __future__ import annotations

from syncline.store.findings import conflicts, deviations, parked, tombstones

__all__ = ["conflicts", "deviations", "parked", "tombstones"]
