"""Messages between colleagues (rules). TEL-7."""
