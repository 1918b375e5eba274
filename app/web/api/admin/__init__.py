"""What administrators do: calendar, audit trail, web hooks (adapter)."""
