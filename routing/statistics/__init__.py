"""What calls come to, and what agents did with their time (rules). RPT-1."""
