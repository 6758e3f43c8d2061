"""What Syncline remembers: links, observations, intents, the journal, and who may write them.

Open a `Store` (`store.py`), take a `Lease` (`lease.py`) and run the functions of the query modules
(`links.py`, `observations.py`, `intents.py`, …) in its transactions. No other package imports
SQLAlchemy.
"""
