"""Suggestions over the API (adapter). SUG-1."""
