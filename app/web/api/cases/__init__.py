"""Cases over the API: steps, clocks, lists of work (adapter)."""
