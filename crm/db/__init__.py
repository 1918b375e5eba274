"""The store (adapter): the only place that knows SQL, a folder for each slice."""
