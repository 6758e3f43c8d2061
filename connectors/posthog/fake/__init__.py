"""A PostHog in a process of its own: one organisation with two projects."""

from connectors.posthog.fake.app import PostHogFake

fake = PostHogFake

__all__ = ["PostHogFake", "fake"]
