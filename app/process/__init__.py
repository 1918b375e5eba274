"""What the process itself has: clock, log, timers, event bus, memory (adapter). It knows no call."""
