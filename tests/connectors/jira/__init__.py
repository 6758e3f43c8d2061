"""The Jira connector: the shared suite, its own traps, and whole syncs with it."""
