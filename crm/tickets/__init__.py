"""Tickets, and the calls and words on them (rules). TKT."""
