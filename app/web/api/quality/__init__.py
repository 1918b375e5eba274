"""Quality control over the API (adapter). QUA-2 to QUA-6."""
