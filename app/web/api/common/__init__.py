"""What several slices of the API show: calls, tickets, due calls, cards (adapter)."""
