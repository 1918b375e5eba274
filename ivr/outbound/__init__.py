"""Calls that we make: due calls, one shape, a file for each kind (flow)."""
