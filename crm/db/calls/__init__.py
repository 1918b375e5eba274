"""Calls, recordings and states of agents in the store (adapter)."""
