"""The floor over the API: agents, talks, supervision (adapter)."""
