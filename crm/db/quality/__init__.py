"""Quality control in the store (adapter)."""
