"""What became of a call, from its events (rules)."""
