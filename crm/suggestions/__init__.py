"""Suggestions, until the proposer knows what became of them (rules). SUG-1."""
