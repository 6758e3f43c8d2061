"""One folder a tool. Connectors import `syncline.sdk` and `syncline.schema`, never each other."""
