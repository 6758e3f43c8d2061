"""The simulator: the real engine and store between tools in memory, under every fault there is."""
