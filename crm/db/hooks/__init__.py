"""Web hooks in the store (adapter)."""
