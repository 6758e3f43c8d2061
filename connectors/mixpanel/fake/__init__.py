"""A Mixpanel in a process of its own: one project, with its three interfaces at one address."""

from connectors.mixpanel.fake.app import MixpanelFake

fake = MixpanelFake

__all__ = ["MixpanelFake", "fake"]
