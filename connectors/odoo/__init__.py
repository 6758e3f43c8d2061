"""Odoo: tasks, opportunities, projects, companies and persons, over its JSON-2 interface."""

from connectors.odoo.connector import OdooConnector

connector = OdooConnector

__all__ = ["OdooConnector", "connector"]
