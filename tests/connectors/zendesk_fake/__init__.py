"""The fake of Zendesk, driven by the client package that its users have."""
