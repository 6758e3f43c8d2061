"""The benchmark: `python -m tests.bench` runs it and writes docs/benchmarks.md.

Two tools in a process of their own (so that their work is not counted), a floor that does the least
any two-way sync must do, and the engine, on the same data in the same run. Absolute times say
little on another machine; the ratios to the floor and to the bound of requests do.
"""
