"""Cards in the store (adapter)."""
