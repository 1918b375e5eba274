"""Who takes the call (rules): agents, queues, matching; acd.py is the one owner of the live state."""
