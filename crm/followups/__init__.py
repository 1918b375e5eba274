"""Due calls: what is owed to whom, and when it may be dialled (rules). FUP-6."""
