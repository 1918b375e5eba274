"""What is live in this process: calls, parties, talks, who waits (flow)."""
