"""Other channels over the API: letters, the public form, attached files (adapter). TKT-1."""
