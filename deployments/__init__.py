"""Putting Syncline to work on Prefect: `deploy` on a server that is there, `up` on one machine."""
