"""Two real tools on loopback, for tests that no fake can replace.

`servers` runs a private Request Tracker and a private Redmine from Debian's packages;
`fault_proxy` stands in front of either and breaks the wire on request. Nothing here is
imported by the engine.
"""
