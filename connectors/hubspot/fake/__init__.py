"""A fake of HubSpot's CRM for sandbox and tests, which behaves like it where it hurts.

`app` has the routes and the token; `objects`, `batches`, `searching`, `setup` and `journal` the
calls of the API; `portal` what happens to a record, by the properties in `properties`; `office`
what people see.
"""

from connectors.hubspot.fake.app import HubSpotFake

fake = HubSpotFake

__all__ = ["HubSpotFake", "fake"]
