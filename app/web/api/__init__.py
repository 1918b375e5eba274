"""The operations of the API (adapter): a folder for each slice, handlers beside their shapes."""
