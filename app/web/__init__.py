"""The web: operations, permissions, the live feeds (adapter)."""
