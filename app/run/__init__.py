"""One running hotline: put together, run in the foreground, its work by the clock (flow)."""
