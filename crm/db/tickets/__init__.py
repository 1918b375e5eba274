"""Tickets, their history, search over them (adapter)."""
