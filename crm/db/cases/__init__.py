"""Cases in the store (adapter)."""
