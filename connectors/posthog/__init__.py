"""PostHog: early-access features, annotations, usage and what surveys were answered."""

from connectors.posthog.connector import PostHogConnector

connector = PostHogConnector

__all__ = ["PostHogConnector", "connector"]
