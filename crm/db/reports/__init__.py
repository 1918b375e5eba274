"""What reports ask of the store (adapter)."""
