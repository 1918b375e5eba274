"""What the server puts on the audit trail (ACC-5)."""
