"""What calls are about (rules): slices of rules below, the store in db, use cases above it."""
