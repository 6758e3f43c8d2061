"""Tools to sync between: one in memory, two behind HTTP, all steered by the tests."""
