"""A fake of Zendesk Support for sandbox and tests, which behaves like it where it hurts.

`app` has the routes, credentials and the page; `*_calls`, `exports` and `searching` the calls of
the API; `desk` what happens to a ticket, with `drafting`, `fields` and `statuses`; `jobs`, `bin`
and `webhooks` what follows from it. `ZendeskFake.settings` has the account's switches.
"""

from connectors.zendesk.fake.app import ZendeskFake

fake = ZendeskFake

__all__ = ["ZendeskFake", "fake"]
