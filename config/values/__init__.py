"""The kinds of value that models of a site are made of (rules)."""
