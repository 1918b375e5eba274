"""Bookings and appointments over the API (adapter). BKG-1 to BKG-5."""
