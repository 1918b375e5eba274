"""Bookings and appointments in the store (adapter)."""
