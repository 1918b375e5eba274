"""What stands in reports (rules): sections, whoever prints them."""
