"""The same faults for Syncline and for released programs beside it: `make anchors`.

Two shelves of records (`shelf.py`), people who edit them (`story.py`), a program that keeps them in
step (`program_*.py`), a fault, and a judge who looks only at what stands on the shelves. What the
other programs run stays in the standard library: they have an environment of their own.
"""
