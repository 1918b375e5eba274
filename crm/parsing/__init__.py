"""Strangers' bytes: parsers, and the process of its own in which alone they run (rules). OPS-7, ADR 36.

`apart.parse` is the way in; nothing else of this package is imported by what serves callers.
"""
