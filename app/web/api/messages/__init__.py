"""Messages between colleagues over the API (adapter). TEL-7."""
