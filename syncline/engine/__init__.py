"""The engine: decides (pure) and carries out (through ports) what keeps records the same."""
