"""Real tools on loopback, for tests that no fake can replace.

`servers` runs a private Request Tracker, Redmine and, where it is named, Odoo from Debian's
packages; `fault_proxy` stands in front of any and breaks the wire on request. Nothing here is
imported by the engine.
"""
