"""`sanxiang notice` (adapter). CPL-3."""
