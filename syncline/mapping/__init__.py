"""Mappings: typed lenses between each tool's wire records and the shared schema."""
