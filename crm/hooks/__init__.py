"""Web hooks: who wants which news (rules)."""
