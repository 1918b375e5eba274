"""The audit trail in the store (adapter). CUS-4."""
