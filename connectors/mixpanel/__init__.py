"""Mixpanel: annotations, and the profiles of companies and of their users."""

from connectors.mixpanel.connector import MixpanelConnector

connector = MixpanelConnector

__all__ = ["MixpanelConnector", "connector"]
