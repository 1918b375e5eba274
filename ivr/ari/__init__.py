"""Asterisk's ARI, and nothing else (adapter)."""
