"""A fake of Intercom for sandbox and tests, which behaves like it where it hurts.

`app` has the routes, credentials and the page; `workspace` what is in a workspace; `desk` what
happens to a ticket, `contacts` and `companies` what happens to those, by the routes of `directory`;
`searching` the query language and the indexes behind it; `showing` what the API answers; `limits`
and `notifying` what goes with every call and change.
"""

from connectors.intercom.fake.app import IntercomFake

fake = IntercomFake

__all__ = ["IntercomFake", "fake"]
