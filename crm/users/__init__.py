"""Accounts, passwords, sessions (rules)."""
