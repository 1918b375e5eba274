"""Asterisk in a private prefix: found, fetched, checked, unpacked (adapter). ADR 1."""
