"""The telephone system as the flows see it, and what is admitted to it (rules)."""
