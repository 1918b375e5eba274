"""What a waiting caller may expect: open or not, how long, where to move on (rules)."""
