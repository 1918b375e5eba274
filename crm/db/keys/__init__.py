"""API keys in the store (adapter)."""
