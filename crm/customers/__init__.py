"""Cards, duplicates, imports, erasure (rules). CUS."""
