"""Template: tickets of one project, over its REST interface."""

from connectors._template.connector import TemplateConnector

connector = TemplateConnector

__all__ = ["TemplateConnector", "connector"]
