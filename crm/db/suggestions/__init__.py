"""Suggestions in the store (adapter)."""
