"""Connectors of the tests' HTTP tools, as an operator's configuration names plugins."""
