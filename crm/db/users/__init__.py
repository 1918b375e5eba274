"""Accounts and sessions in the store (adapter)."""
