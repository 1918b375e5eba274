"""What a site may change (rules): models, and the faults of what was written."""
