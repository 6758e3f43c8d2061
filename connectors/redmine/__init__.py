"""Redmine: issues of one or more projects, over its REST interface."""

from connectors.redmine.connector import RedmineConnector

connector = RedmineConnector

__all__ = ["RedmineConnector", "connector"]
