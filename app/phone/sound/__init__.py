"""What a synthetic telephone plays and hears, as samples (rules)."""
