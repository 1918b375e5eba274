"""The outbox in the store (adapter)."""
