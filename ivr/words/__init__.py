"""What is said to callers, as prompts: numbers, times, greetings, announcements (rules)."""
