"""Intercom: tickets, contacts and companies of one workspace, over its REST interface."""

from connectors.intercom.connector import IntercomConnector

connector = IntercomConnector

__all__ = ["IntercomConnector", "connector"]
