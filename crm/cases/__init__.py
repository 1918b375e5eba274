"""A case: its steps, rights, guards and clocks (rules)."""
