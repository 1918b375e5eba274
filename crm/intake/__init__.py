"""What reaches us by other ways than the telephone (rules). TKT-1."""
