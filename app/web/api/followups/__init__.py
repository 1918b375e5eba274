"""Due calls over the API (adapter). FUP-6."""
