"""The desk's websocket and the wallboard's stream (adapter)."""
