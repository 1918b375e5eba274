"""Messages and notices to colleagues in the store (adapter)."""
