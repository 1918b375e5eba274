"""What the system does by itself, at its time or for a call (flow): watching, registering, knowing callers and days."""
