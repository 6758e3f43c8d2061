"""HubSpot: companies, contacts, deals and tickets of its CRM, over the dated REST API."""

from connectors.hubspot.connector import HubSpotConnector

connector = HubSpotConnector

__all__ = ["HubSpotConnector", "connector"]
