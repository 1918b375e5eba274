"""Entered days in the store (adapter)."""
