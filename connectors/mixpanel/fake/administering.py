"""What an administrator changes in the project.

revoke  {}  the service account is taken out of the project
"""

from __future__ import annotations

from connectors.mixpanel.fake.office import Office
from syncline.sandbox import Refusal


def administer(office: Office, verb: str) -> None:
    """One change; Refusal where there is no such verb."""
    if verb != "revoke":
        raise Refusal(f"No administrator can {verb!r} here; there is revoke.")
    office.state.table("left").put("project", {})
