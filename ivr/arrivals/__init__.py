"""Calls that come, new or from a controller that died (flow)."""
