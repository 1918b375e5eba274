"""Reports: made of what the store tells, filed, printed and sent."""
