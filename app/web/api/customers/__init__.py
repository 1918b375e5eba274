"""Customers over the API: cards, files, pairs, removals (adapter). CUS-1, CUS-4."""
