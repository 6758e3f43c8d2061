"""The mappings that ship with Syncline, data only: one folder a tool, one YAML file an entity."""
