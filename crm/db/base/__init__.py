"""What every query stands on: engine, worker thread, paging, bulk statements (adapter)."""
