"""The mapping-rot guard: what changed in a tool since the mappings fitted it, told before it hurts.

A *snapshot* is what a connection said of itself when nothing its mappings use had gone bad. The
tool as it is now is compared with it, and every difference that a mapping uses is a finding: what
changed, which sync and which line use it, what becomes of records until it is mended, and, where
there is one answer, the change of the mapping that mends it. Comparing is pure (`snapshot`,
`renaming`, `compare`, `options`, `demands`, `patching`); `guard` asks the tools and keeps the
snapshots.
"""
