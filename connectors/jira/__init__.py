"""Jira Cloud: issues of one or more projects, over the platform REST API v3."""
