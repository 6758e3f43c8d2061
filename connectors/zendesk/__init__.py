"""Zendesk Support: tickets of one account, over its REST interface."""

from connectors.zendesk.connector import ZendeskConnector

connector = ZendeskConnector

__all__ = ["ZendeskConnector", "connector"]
