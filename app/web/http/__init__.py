"""What every operation has: who asks, what is allowed, how errors are answered, idempotency (adapter)."""
