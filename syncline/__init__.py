"""Syncline keeps records the same in many tools, in both directions, and can prove it."""

from __future__ import annotations

__version__ = "0.1.0"
