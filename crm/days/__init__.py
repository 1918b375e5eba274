"""Entered days of a site's calendar (rules). CPL-3."""
