"""Visits, guides, appointments (rules). BKG."""
