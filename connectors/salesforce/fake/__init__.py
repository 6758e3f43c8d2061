"""A fake of a Salesforce org for sandbox and tests, which behaves like it where it hurts.

`app` has the routes, credentials and the page; `calls` and `writes` the calls of the REST API;
`soql` queries; `org` and `rules` what is in the org and what happens to a record; `schema` the
objects. `SalesforceFake.settings` has the org's switches.
"""

from connectors.salesforce.fake.app import SalesforceFake

fake = SalesforceFake

__all__ = ["SalesforceFake", "fake"]
