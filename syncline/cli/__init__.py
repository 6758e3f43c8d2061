"""The command line. `main.py` has the entry point; each other module has a few commands.

Commands are thin: they open the hub, ask it, and show the answer, as tables for people or as one
JSON object on the last line of standard output (`--json`, whose keys are a contract). Heavy modules
are imported by the commands that need them, so that the others start at once.
"""
