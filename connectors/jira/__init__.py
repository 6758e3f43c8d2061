"""Jira Cloud: issues of one or more projects, over the platform REST API v3."""

from connectors.jira.connector import JiraConnector

connector = JiraConnector

__all__ = ["JiraConnector", "connector"]
