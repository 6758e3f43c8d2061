"""Every connector against the suite that all of them pass."""
