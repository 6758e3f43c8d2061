"""The shared schema: entities, field kinds and rich text. Imports nothing else of Syncline."""
