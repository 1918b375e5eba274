"""People's accounts (flow): made, given passwords, locked, retired; logging in; sessions. ACC-1, ACC-2."""
