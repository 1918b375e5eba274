"""Knowledge cards in the store (adapter)."""
