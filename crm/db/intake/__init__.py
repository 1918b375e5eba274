"""What other channels brought, in the store (adapter)."""
