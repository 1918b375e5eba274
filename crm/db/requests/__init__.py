"""Idempotent requests in the store (adapter)."""
