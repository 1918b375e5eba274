"""Figures over the API (adapter). RPT-1."""
