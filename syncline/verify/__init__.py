"""Reads every side of a sync afresh and says how far the tools agree, apart from the engine.

What belongs together comes from the links; what records show, from the tools; what it means, from
the mapping's lenses and the schema's kinds. Nothing is taken from what the engine remembers of
fields (`value`, `delivered`, `seen`): if that is wrong, this must find it.
"""
