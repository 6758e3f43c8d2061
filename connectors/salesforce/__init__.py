"""Salesforce: cases, accounts, contacts and opportunities of one org, over its REST API."""

from connectors.salesforce.connector import SalesforceConnector

connector = SalesforceConnector

__all__ = ["SalesforceConnector", "connector"]
