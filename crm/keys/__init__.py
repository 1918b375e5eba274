"""API keys of other systems (rules)."""
