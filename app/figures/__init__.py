"""Figures of the running system, of a stretch of time, and of a journal alone. RPT-1."""
