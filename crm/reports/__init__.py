"""What reports say (rules). RPT."""
