"""A site read from its files and checked, with every fault's place (rules)."""
