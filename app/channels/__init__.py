"""Ways in and out of the house besides the telephone: mail, messages, web hooks, attached files (adapter)."""
