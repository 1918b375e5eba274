"""Tickets and their sound over the API, and search (adapter). TKT-3, TKT-7."""
