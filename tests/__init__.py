"""Everything that proves what Syncline promises."""
