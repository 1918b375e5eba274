"""Reports over the API (adapter). RPT-2 to RPT-4."""
