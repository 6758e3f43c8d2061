"""A fake of Zendesk Support for sandbox and tests, which behaves like it where it hurts."""

from connectors.zendesk.fake.app import ZendeskFake

fake = ZendeskFake

__all__ = ["ZendeskFake", "fake"]
