"""ARI's websockets: connections, commands and events as they go over the wire (adapter)."""
