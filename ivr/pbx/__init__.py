"""The Asterisk process: configuration, start, supervision (adapter)."""
