"""Prefect flows: thin wrappers that run the engine's steps where an admin can watch them.

Prefect schedules, shows and limits; it is never the lock and never the memory. Everything a pass
must remember is in the store, so a flow run may be killed at any moment: the next one heals it.
Nothing is imported here, so that `flows.sync.sync` names the flow and not its module.
"""
