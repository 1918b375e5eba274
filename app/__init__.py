"""The outer ring: command line, pages, clockwork, and the place where everything is put together."""
