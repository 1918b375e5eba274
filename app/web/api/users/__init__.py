"""Logging in and out over the API (adapter)."""
