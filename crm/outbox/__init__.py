"""Written messages on their way out (rules)."""
