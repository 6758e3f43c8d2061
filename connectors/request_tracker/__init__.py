"""Request Tracker 5 and 6 over REST 2.0: tickets of one or more queues."""

from connectors.request_tracker.connector import RequestTrackerConnector

connector = RequestTrackerConnector

__all__ = ["RequestTrackerConnector", "connector"]
