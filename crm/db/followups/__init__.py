"""Due calls in the store (adapter). FUP-6."""
