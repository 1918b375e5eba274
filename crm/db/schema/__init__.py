"""Tables that more than one slice reads (adapter); a table of one slice alone is beside its queries."""
